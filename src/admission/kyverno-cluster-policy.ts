import { err, ok } from '../model/result.ts';
import type { AdmittedImage, PolicyFormat, PolicySigner } from './admitted-image.ts';
import { patternOf } from './literals.ts';
import { NAMESPACE_LABEL, policyName } from './policy-name.ts';
import { policyYaml } from './policy-yaml.ts';
import { jmespathCondition } from './statement-rules.ts';

/** Kyverno ClusterPolicy (deprecated in 1.17): a name rule and one for signature and statements. */
export const kyvernoClusterPolicy: PolicyFormat = (image) => {
  const { signers, rules, forms } = image;
  const isBundle = signers.every(({ kind }) => kind === 'identity') && forms.signatureBundle;
  if (!isBundle && !forms.signatureTag)
    return err(
      'it reads signatures by a key under the tag sha256-HEX.sig alone, and this image has none there (kyverno#14233); sign with --signature-format both',
    );
  if (rules.length > 0 && !(isBundle ? forms.statementBundles : forms.statementTag))
    return err(
      'it reads statements signed by a key under the tag sha256-HEX.att alone, and this image lacks them there (kyverno#14233)',
    );
  const odd = textsOf(image).find(isVariable);
  if (odd !== undefined)
    return err(`it would read a part of ${JSON.stringify(odd)} as a variable or a quote`);
  const name = policyName(image);
  const attestors = [{ count: 1, entries: signers.map(entry) }];
  const match = {
    any: [
      {
        resources: {
          kinds: ['Pod'],
          namespaceSelector: { matchLabels: { [NAMESPACE_LABEL]: name } },
        },
      },
    ],
  };
  const image_ = imagePatterns(image).join(' | ');
  const document = {
    apiVersion: 'kyverno.io/v1',
    kind: 'ClusterPolicy',
    metadata: { name },
    spec: {
      validationFailureAction: 'Enforce',
      failurePolicy: 'Fail',
      background: false,
      webhookTimeoutSeconds: 30,
      rules: [
        {
          name: 'this-repository',
          match,
          validate: {
            message: `only ${image.repository} may run here`,
            pattern: {
              spec: {
                containers: [{ image: image_ }],
                '=(initContainers)': [{ image: image_ }],
                '=(ephemeralContainers)': [{ image: image_ }],
              },
            },
          },
        },
        {
          name: 'signed',
          match,
          verifyImages: [
            {
              type: isBundle ? 'SigstoreBundle' : 'Cosign',
              imageReferences: imagePatterns(image),
              mutateDigest: true,
              verifyDigest: true,
              required: true,
              attestors,
              ...(rules.length > 0
                ? {
                    attestations: rules.map(({ name: rule, predicateType, checks }) => ({
                      name: rule,
                      type: predicateType,
                      attestors,
                      ...(checks.length > 0
                        ? { conditions: [{ all: checks.map(jmespathCondition) }] }
                        : {}),
                    })),
                  }
                : {}),
            },
          ],
        },
      ],
    },
  };
  return ok([
    {
      name: 'kyverno-cluster-policy.yaml',
      text: policyYaml(comment(image, name, isBundle), [document]),
    },
  ]);
};

function comment(
  { repository }: AdmittedImage,
  name: string,
  isBundle: boolean,
): readonly string[] {
  return [
    `Admits ${repository} where it is signed, and no other image, in namespaces with the label ${NAMESPACE_LABEL}=${name}. For Kyverno before 1.18; newer ones have ImageValidatingPolicy (--for kyverno).`,
    ...(repository.startsWith('docker.io/')
      ? [
          'Pods have to write the name in full, with docker.io/: the first rule compares it as written.',
        ]
      : []),
    isBundle
      ? 'type: SigstoreBundle needs Kyverno 1.13, and a registry with the referrers API.'
      : 'type: Cosign reads sha256-HEX.sig and sha256-HEX.att: keys fail with SigstoreBundle before kyverno#14233 is fixed.',
    'Not run in a cluster. Checked against the fields of the CRD and with an evaluator of the same rules.',
  ];
}

/** The star matches slashes too, but what follows a repository's `:` or `@` cannot contain one. */
function imagePatterns({ repository, digest, isPinned }: AdmittedImage): readonly string[] {
  return isPinned
    ? [`${repository}@${digest}`, `${repository}:*@${digest}`]
    : [`${repository}:*`, `${repository}@*`];
}

function entry(signer: PolicySigner): unknown {
  const withoutLog = {
    rekor: { ignoreTlog: true, url: 'https://rekor.sigstore.dev' },
    ctlog: { ignoreSCT: true },
  };
  switch (signer.kind) {
    case 'key':
      return { keys: { publicKeys: signer.pem, signatureAlgorithm: 'sha256', ...withoutLog } };
    case 'kms':
      return { keys: { kms: signer.uri, signatureAlgorithm: 'sha256', ...withoutLog } };
    case 'identity':
      // Texts without RegExp are taken for wildcards.
      return {
        keyless: {
          subjectRegExp: patternOf(signer.identity),
          issuerRegExp: patternOf(signer.issuer),
          rekor: { url: 'https://rekor.sigstore.dev' },
        },
      };
  }
}

function textsOf({ signers, rules }: AdmittedImage): readonly string[] {
  return [
    ...signers.flatMap((signer) => {
      if (signer.kind === 'identity') return [patternOf(signer.identity), patternOf(signer.issuer)];
      return signer.kind === 'kms' ? [signer.uri] : [];
    }),
    ...rules.flatMap(({ predicateType, checks }) => [
      predicateType,
      ...checks.map(({ text }) => quotedForm(text)),
    ]),
  ];
}

/** What a raw string of JMESPath cannot hold shows as a brace. */
function quotedForm(text: string): string {
  return /['\\]|[^\x20-\x7e]/.test(text) ? `{{${text}` : text;
}

/** Kyverno puts values in for `{{ }}` and `$( )` anywhere in a rule. */
function isVariable(text: string): boolean {
  return /\{\{|\}\}|\$\(/.test(text);
}
