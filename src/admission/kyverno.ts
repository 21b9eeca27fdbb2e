import { err, ok } from '../model/result.ts';
import type { AdmittedImage, PolicyFormat, PolicySigner } from './admitted-image.ts';
import { referencePattern, stringLiteral } from './literals.ts';
import { identityFields } from './policy-controller.ts';
import { NAMESPACE_LABEL, policyName } from './policy-name.ts';
import { policyYaml } from './policy-yaml.ts';
import { celChecks } from './statement-rules.ts';

/** Every image of a pod, by the names of Kyverno's extractors. */
const ALL_IMAGES = '[images.containers, images.initContainers, images.ephemeralContainers]';

/**
 * Kyverno's ImageValidatingPolicy. It skips what `matchImageReferences` leaves out, and the lists
 * of its validations hold the rest alone: so it matches every image, and the name is a validation
 * of its own.
 */
export const kyverno: PolicyFormat = (image) => {
  const { signers, rules, forms } = image;
  // As soon as one bundle hangs on the image, it reads bundles alone.
  const readsBundles = forms.signatureBundle || forms.statementBundles;
  if (!forms.signatureBundle && !forms.signatureTag)
    return err('the signers’ signature is neither a bundle nor under the tag sha256-HEX.sig');
  if (rules.length > 0 && !(readsBundles ? forms.statementBundles : forms.statementTag))
    return err('the statements are not in the form that it reads for this image');
  const name = policyName(image);
  const attestors = `[${signers.map((_, at) => `attestors.signer${at}`).join(', ')}]`;
  const document = {
    apiVersion: 'policies.kyverno.io/v1beta1',
    kind: 'ImageValidatingPolicy',
    metadata: { name },
    spec: {
      failurePolicy: 'Fail',
      validationActions: ['Deny'],
      webhookConfiguration: { timeoutSeconds: 30 },
      matchConstraints: {
        namespaceSelector: { matchLabels: { [NAMESPACE_LABEL]: name } },
        resourceRules: [
          {
            apiGroups: [''],
            apiVersions: ['v1'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['pods', 'pods/ephemeralcontainers'],
          },
        ],
      },
      matchImageReferences: [{ glob: '*' }],
      attestors: signers.map((signer, at) => ({ name: `signer${at}`, cosign: attestor(signer) })),
      ...(rules.length > 0
        ? {
            attestations: rules.map((rule) => ({
              name: rule.name,
              intoto: { type: rule.predicateType },
            })),
          }
        : {}),
      validations: [
        {
          expression: each(`i.matches(${stringLiteral(referencePattern(image))})`),
          message: `only ${image.repository} may run here`,
        },
        {
          expression: each(`verifyImageSignatures(i, ${attestors}) > 0`),
          message: 'no signature of a signer that counts',
        },
        ...rules.map((rule) => ({
          expression: each(
            [
              `verifyAttestationSignatures(i, attestations.${rule.name}, ${attestors}) > 0`,
              ...celChecks(rule, `extractPayload(i, attestations.${rule.name})`),
            ].join(' && '),
          ),
          message: `no signed statement says what is asked for: ${rule.name}`,
        })),
      ],
    },
  };
  return ok([{ name: 'kyverno.yaml', text: policyYaml(comment(image, name), [document]) }]);
};

function each(condition: string): string {
  return `${ALL_IMAGES}.all(list, list.all(i, ${condition}))`;
}

function comment(image: AdmittedImage, name: string): readonly string[] {
  const isKey = image.signers.some(({ kind }) => kind !== 'identity');
  return [
    `Admits ${image.repository} where it is signed, and no other image, in namespaces with the label ${NAMESPACE_LABEL}=${name}.`,
    ...(image.repository.startsWith('docker.io/')
      ? [
          'Pods have to write the name in full, with docker.io/: names are compared as they are written.',
        ]
      : []),
    ...(isKey && image.forms.signatureBundle
      ? [
          'Keys work on Kyverno 1.18.1 and fail on 1.19.0 (kyverno#17363). There, use the ClusterPolicy of --for kyverno-cluster-policy, which reads sha256-HEX.sig.',
        ]
      : []),
    ...(image.forms.signatureBundle
      ? [
          'The registry needs the referrers API: the fallback tag of OCI 1.1 is not read (kyverno#17343).',
        ]
      : []),
    'Not run in a cluster. Checked against the fields of the CRD (v1beta1); the expressions were run by a CEL library.',
  ];
}

function attestor(signer: PolicySigner): unknown {
  const withoutLog = { insecureIgnoreTlog: true, insecureIgnoreSCT: true };
  switch (signer.kind) {
    case 'key':
      return { key: { data: signer.pem, hashAlgorithm: 'sha256' }, ctlog: withoutLog };
    case 'kms':
      return { key: { kms: signer.uri, hashAlgorithm: 'sha256' }, ctlog: withoutLog };
    case 'identity':
      return {
        keyless: { identities: [identityFields(signer)] },
        ctlog: { url: 'https://rekor.sigstore.dev' },
      };
  }
}
