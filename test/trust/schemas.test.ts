import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { digestOf } from '../../src/model/reference.ts';
import { POLICY_FORMATS } from '../../src/trust/policies.ts';
import type { AdmittedImage, PolicyFormatName } from '../../src/trust/policy.ts';
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

const SCHEMAS: Partial<Record<PolicyFormatName, object>> = {
  'policy-controller': { oneOf: [clusterImagePolicy, configMap] },
  kyverno: imageValidatingPolicy,
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
    if (!result.ok) throw new Error(result.error);
    for (const document of documentsOf(result.value)) {
      validate(document);
      expect(validate.errors).toBeNull();
    }
  });
});
