import { err, ok } from '../model/result.ts';
import type {
  AdmittedImage,
  NamedText,
  PolicyFormat,
  PolicySigner,
  StatementRule,
} from './admitted-image.ts';
import { policyName } from './policy-name.ts';
import { policyYaml } from './policy-yaml.ts';
import { regoRule } from './statement-rules.ts';

/**
 * sigstore's policy-controller: a ClusterImagePolicy for the signature and one for the statements,
 * since an authority with attestations does not ask for a signature, and since every policy that
 * matches an image has to be met.
 */
export const policyController: PolicyFormat = (image) => {
  const { signers, rules, forms } = image;
  // Its globs have these characters alone (pkg/apis/glob); an address of IPv6 has others.
  if (!/^[\w./:-]+$/.test(image.repository))
    return err('its globs cannot name a registry by an IPv6 address');
  const isBundle = signers.every(({ kind }) => kind === 'identity') && forms.signatureBundle;
  if (!isBundle && !forms.signatureTag)
    return err(
      'it reads signatures by a key under the tag sha256-HEX.sig alone, and this image has none there (policy-controller#1958); sign with --signature-format both',
    );
  if (rules.length > 0 && !(isBundle ? forms.statementBundles : forms.statementTag))
    return err(
      'it reads statements signed by a key under the tag sha256-HEX.att alone, and this image lacks them there (policy-controller#1958)',
    );
  const name = policyName(image);
  const format = isBundle ? 'bundle' : 'legacy';
  const documents = [
    clusterImagePolicy(image, `${name}-signature`, format, []),
    ...(rules.length > 0 ? [clusterImagePolicy(image, `${name}-statements`, format, rules)] : []),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'config-policy-controller', namespace: 'cosign-system' },
      data: { 'no-match-policy': 'deny' },
    },
  ];
  return ok([
    { name: 'policy-controller.yaml', text: policyYaml(comment(image, isBundle), documents) },
  ]);
};

function comment({ repository, rules }: AdmittedImage, isBundle: boolean): readonly string[] {
  return [
    `Admits ${repository} where it is signed, and no other image, in namespaces with the label policy.sigstore.dev/include=true.`,
    'The ConfigMap refuses images that no policy names. It counts for all of those namespaces: add a policy for every other image that runs there.',
    ...(isBundle
      ? [
          'signatureFormat: bundle needs a policy-controller that knows the field (policy-controller#1725); older ones drop it, look for sha256-HEX.sig and refuse.',
        ]
      : [
          'The signature is read under the tag sha256-HEX.sig: keys do not work with signatureFormat: bundle (policy-controller#1958).',
        ]),
    ...(rules.length > 0
      ? [
          'A statement counts as soon as one that is signed says what is asked for, also an older one.',
        ]
      : []),
    'Not run in a cluster. Checked against the fields of the CRD (v1beta1) and with an evaluator of the same rules.',
  ];
}

function clusterImagePolicy(
  image: AdmittedImage,
  name: string,
  signatureFormat: 'bundle' | 'legacy',
  rules: readonly StatementRule[],
): unknown {
  return {
    apiVersion: 'policy.sigstore.dev/v1beta1',
    kind: 'ClusterImagePolicy',
    metadata: { name },
    spec: {
      mode: 'enforce',
      images: globs(image).map((glob) => ({ glob })),
      authorities: image.signers.map((signer, at) => ({
        name: `signer${at}`,
        ...authority(signer),
        signatureFormat,
        ...(rules.length > 0 ? { attestations: rules.map(attestation) } : {}),
      })),
    },
  };
}

/** One star takes no slash, so that no repository below this one matches. */
function globs({ repository, digest, isPinned }: AdmittedImage): readonly string[] {
  const name = repository.replace(/^docker\.io\//, 'index.docker.io/');
  return isPinned ? [`${name}@${digest}`] : [`${name}@sha256:*`, `${name}:*`];
}

function authority(signer: PolicySigner): object {
  switch (signer.kind) {
    case 'key':
      return { key: { data: signer.pem, hashAlgorithm: 'sha256' } };
    case 'kms':
      return { key: { kms: signer.uri, hashAlgorithm: 'sha256' } };
    case 'identity':
      return {
        keyless: { url: 'https://fulcio.sigstore.dev', identities: [identityFields(signer)] },
        ctlog: { url: 'https://rekor.sigstore.dev' },
      };
  }
}

/** Issuer and subject as policy-controller and Kyverno name them; exact texts compare as is. */
export function identityFields({
  identity,
  issuer,
}: {
  readonly identity: NamedText;
  readonly issuer: NamedText;
}): Readonly<Record<string, string>> {
  return {
    ...('exact' in issuer ? { issuer: issuer.exact } : { issuerRegExp: issuer.pattern }),
    ...('exact' in identity ? { subject: identity.exact } : { subjectRegExp: identity.pattern }),
  };
}

function attestation(rule: StatementRule): unknown {
  return {
    name: rule.name,
    predicateType: rule.predicateType,
    policy: { type: 'rego', data: regoRule(rule, ['sigstore', 'isCompliant']) },
  };
}
