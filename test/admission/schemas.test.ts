import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import type { AdmittedImage } from '../../src/admission/admitted-image.ts';
import type { PolicyFormatName } from '../../src/admission/format-names.ts';
import { POLICY_FORMATS } from '../../src/admission/formats.ts';
import { digestOf } from '../../src/model/digest.ts';
import { documentsOf } from './engines.ts';

/**
 * The fields that a policy of ours may have, as the Go types of the engines name them; the API
 * server drops or refuses others.
 */
const text = { type: 'string', minLength: 1 } as const;
const bool = { type: 'boolean' } as const;
const list = (items: unknown) => ({ type: 'array', minItems: 1, items });
const object = (properties: Record<string, unknown>, required = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
});
const map = (values: unknown) => ({ type: 'object', additionalProperties: values });
const dns = { type: 'string', pattern: '^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$' };
const identities = list({
  ...object({ issuer: text, issuerRegExp: text, subject: text, subjectRegExp: text }, []),
  oneOf: [{ required: ['issuer'] }, { required: ['issuerRegExp'] }],
});
const resource = (apiVersion: string, kind: string, rest: Record<string, unknown>) =>
  object({
    apiVersion: { const: apiVersion },
    kind: { const: kind },
    metadata: object({ name: dns, namespace: dns }, ['name']),
    ...rest,
  });

/** sigstore/policy-controller, pkg/apis/policy/v1beta1/clusterimagepolicy_types.go */
const clusterImagePolicy = resource('policy.sigstore.dev/v1beta1', 'ClusterImagePolicy', {
  spec: object({
    mode: { enum: ['enforce', 'warn'] },
    images: list(object({ glob: { type: 'string', pattern: '^[a-zA-Z0-9\\-_:/*.@]+$' } })),
    authorities: list({
      ...object(
        {
          name: text,
          key: object({ data: text, kms: text, hashAlgorithm: text }, []),
          keyless: object({ url: text, identities }),
          ctlog: object({ url: text }),
          signatureFormat: { enum: ['legacy', 'bundle'] },
          attestations: list(
            object({
              name: text,
              predicateType: text,
              policy: object({ type: { enum: ['cue', 'rego'] }, data: text }),
            }),
          ),
        },
        ['name'],
      ),
      oneOf: [{ required: ['key'] }, { required: ['keyless'] }],
    }),
  }),
});
const configMap = resource('v1', 'ConfigMap', { data: map(text) });

/** kyverno/api, policies.kyverno.io/v1beta1/imagevalidating_policy.go */
const imageValidatingPolicy = resource('policies.kyverno.io/v1beta1', 'ImageValidatingPolicy', {
  spec: object(
    {
      failurePolicy: { enum: ['Fail', 'Ignore'] },
      validationActions: list({ enum: ['Deny', 'Warn', 'Audit'] }),
      webhookConfiguration: object({
        timeoutSeconds: { type: 'integer', minimum: 1, maximum: 30 },
      }),
      matchConstraints: object({
        namespaceSelector: object({ matchLabels: map(dns) }),
        resourceRules: list(
          object({
            apiGroups: { type: 'array', items: { type: 'string' } },
            apiVersions: list(text),
            operations: list({ enum: ['CREATE', 'UPDATE'] }),
            resources: list(text),
          }),
        ),
      }),
      matchImageReferences: list(object({ glob: text })),
      attestors: list(
        object({
          name: text,
          cosign: object(
            {
              key: object({ data: text, kms: text, hashAlgorithm: text }, []),
              keyless: object({ identities }),
              ctlog: object({ url: text, insecureIgnoreTlog: bool, insecureIgnoreSCT: bool }, []),
            },
            ['ctlog'],
          ),
        }),
      ),
      attestations: list(object({ name: text, intoto: object({ type: text }) })),
      validations: list(object({ expression: text, message: text })),
    },
    ['failurePolicy', 'matchConstraints', 'attestors', 'validations'],
  ),
});

/** kyverno/kyverno, api/kyverno/v1/image_verification_types.go and spec_types.go */
const attestorSets = list(
  object({
    count: { type: 'integer', minimum: 1 },
    entries: list({
      type: 'object',
      properties: {
        keys: object(
          {
            publicKeys: text,
            kms: text,
            signatureAlgorithm: text,
            rekor: object({ url: text, ignoreTlog: bool }),
            ctlog: object({ ignoreSCT: bool }),
          },
          ['rekor', 'ctlog'],
        ),
        keyless: object({ subjectRegExp: text, issuerRegExp: text, rekor: object({ url: text }) }),
      },
      minProperties: 1,
      maxProperties: 1,
      additionalProperties: false,
    }),
  }),
);
const clusterPolicy = resource('kyverno.io/v1', 'ClusterPolicy', {
  spec: object({
    validationFailureAction: { const: 'Enforce' },
    failurePolicy: { const: 'Fail' },
    background: { const: false },
    webhookTimeoutSeconds: { type: 'integer', minimum: 1, maximum: 30 },
    rules: list(
      object(
        {
          name: dns,
          match: object({ any: list(object({ resources: { type: 'object' } })) }),
          validate: object({ message: text, pattern: { type: 'object' } }),
          verifyImages: list(
            object(
              {
                type: { enum: ['Cosign', 'SigstoreBundle', 'Notary'] },
                imageReferences: list(text),
                mutateDigest: bool,
                verifyDigest: bool,
                required: bool,
                attestors: attestorSets,
                attestations: list(
                  object(
                    {
                      name: text,
                      type: text,
                      attestors: attestorSets,
                      conditions: list(
                        object({
                          all: list(
                            object({ key: text, operator: { const: 'Equals' }, value: bool }),
                          ),
                        }),
                      ),
                    },
                    ['name', 'type', 'attestors'],
                  ),
                ),
              },
              ['type', 'imageReferences', 'attestors'],
            ),
          ),
        },
        ['name', 'match'],
      ),
    ),
  }),
});

/**
 * ratify-project/ratify 1, pkg/verifier/cosign/trustpolicy.go and its resources of
 * config.ratify.deislabs.io
 */
const RATIFY = 'config.ratify.deislabs.io/v1beta1';
const trustPolicy = object(
  {
    name: text,
    version: { const: '1.0.0' },
    scopes: list({ type: 'string', pattern: '^[a-z0-9.\\-:@/]*\\*?$' }),
    keys: list(object({ provider: text })),
    keyless: object(
      {
        certificateIdentity: text,
        certificateIdentityRegExp: text,
        certificateOIDCIssuer: text,
        certificateOIDCIssuerRegExp: text,
      },
      [],
    ),
    tLogVerify: bool,
  },
  ['name', 'scopes'],
);
const ratify = {
  oneOf: [
    resource(RATIFY, 'Store', {
      spec: object({ name: text, version: text, parameters: object({ cosignEnabled: bool }) }),
    }),
    resource(RATIFY, 'KeyManagementProvider', {
      spec: object({
        type: { const: 'inline' },
        parameters: object({ contentType: { const: 'key' }, value: text }),
      }),
    }),
    resource(RATIFY, 'Verifier', {
      spec: object({
        name: { const: 'cosign' },
        artifactTypes: text,
        parameters: object({ trustPolicies: list(trustPolicy) }),
      }),
    }),
  ],
};

const SCHEMAS: Partial<Record<PolicyFormatName, object>> = {
  'policy-controller': { oneOf: [clusterImagePolicy, configMap] },
  kyverno: imageValidatingPolicy,
  'kyverno-cluster-policy': clusterPolicy,
  ratify,
};

const key: AdmittedImage['signers'] = [{ kind: 'key', pem: 'PEM\n' }];
const keyless: AdmittedImage['signers'] = [
  {
    kind: 'identity',
    identity: { pattern: '^a$' },
    issuer: { exact: 'b' },
    root: { json: '{}', variables: { SIGSTORE_ROOT_FILE: 'PEM\n' } },
  },
];
const rules: AdmittedImage['rules'] = [
  { name: 'level0', predicateType: 'https://x', checks: [{ path: ['a'], is: 'equal', text: 'b' }] },
];

describe.each(Object.keys(SCHEMAS) as PolicyFormatName[])('%s', (name) => {
  const validate = new Ajv({ strict: false, allErrors: true }).compile(SCHEMAS[name] ?? {});

  test.each([
    ['a key', key, false, []],
    ['a key and statements', key, false, rules],
    ['an identity, pinned', keyless, true, []],
    ['an identity and statements', keyless, false, rules],
    ['a KMS', [{ kind: 'kms', uri: 'awskms:///alias/x' }] as const, false, rules],
  ])('%s: only fields that the engine has', (_, signers, isPinned, asked) => {
    const result = POLICY_FORMATS[name]({
      repository: 'docker.io/library/app',
      digest: digestOf('x'),
      isPinned,
      signers: signers,
      rules: asked,
      forms: {
        signatureTag: true,
        signatureTagOfPlatforms: true,
        signatureBundle: true,
        statementTag: true,
        statementBundles: true,
      },
      mirrors: [],
    });
    if (!result.ok) {
      expect(name).toBe('ratify');
      return;
    }
    for (const document of documentsOf(result.value)) {
      validate(document);
      expect(validate.errors).toBeNull();
    }
  });
});
