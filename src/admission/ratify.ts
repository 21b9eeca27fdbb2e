import { err, ok } from '../model/result.ts';
import type { AdmittedImage, PolicyFormat, PolicySigner } from './admitted-image.ts';
import { patternOf } from './literals.ts';
import { policyName } from './policy-name.ts';
import { policyYaml } from './policy-yaml.ts';

/** Ratify 1: its cosign verifier reads signatures alone, and refuses what no trust policy names. */
export const ratify: PolicyFormat = (image) => {
  const { repository, rules, forms, signers } = image;
  if (rules.length > 0) return err('its cosign verifier reads signatures, not statements');
  if (!forms.signatureTag)
    return err(
      'it reads signatures under the tag sha256-HEX.sig alone, and this image has none there (ratify#1314); sign with --signature-format both',
    );
  // pkg/verifier/cosign/trustpolicies.go
  if (!/^[a-z0-9.\-:/]+$/.test(repository))
    return err(
      'its scopes cannot have the characters of this name (capitals, _ or an IPv6 address)',
    );
  if (signers.some(({ kind }) => kind === 'kms'))
    return err(
      'it takes keys as files, or from the key vaults that it knows, not by cosign’s URIs',
    );
  const keyless = signers.find((signer) => signer.kind === 'identity');
  if (keyless !== undefined && signers.length > 1)
    return err('one trust policy takes keys or one identity, not several signers');
  const name = policyName(image);
  const keys = signers.flatMap((signer, at) =>
    signer.kind === 'key' ? [{ name: `${name}-${at}`, pem: signer.pem }] : [],
  );
  const documents = [
    {
      apiVersion: 'config.ratify.deislabs.io/v1beta1',
      kind: 'Store',
      metadata: { name: 'store-oras' },
      spec: { name: 'oras', version: '1.0.0', parameters: { cosignEnabled: true } },
    },
    ...keys.map((key) => ({
      apiVersion: 'config.ratify.deislabs.io/v1beta1',
      kind: 'KeyManagementProvider',
      metadata: { name: key.name },
      spec: { type: 'inline', parameters: { contentType: 'key', value: key.pem } },
    })),
    {
      apiVersion: 'config.ratify.deislabs.io/v1beta1',
      kind: 'Verifier',
      metadata: { name: 'verifier-cosign' },
      spec: {
        name: 'cosign',
        artifactTypes: 'application/vnd.dev.cosign.artifact.sig.v1+json',
        parameters: {
          trustPolicies: [
            {
              name,
              version: '1.0.0',
              scopes: scopes(image),
              ...(keyless === undefined
                ? { keys: keys.map((key) => ({ provider: key.name })), tLogVerify: false }
                : { keyless: identity(keyless) }),
            },
          ],
        },
      },
    },
  ];
  return ok([{ name: 'ratify.yaml', text: policyYaml(comment(image), documents) }]);
};

function comment({ repository }: AdmittedImage): readonly string[] {
  return [
    `Ratify 1 with Gatekeeper: ${repository} verifies where it is signed; an image that no trust policy names does not.`,
    'The ones of these names are replaced: where you have a verifier-cosign already, add this trust policy to its list, without a scope "*". What Gatekeeper then refuses is said by your constraint (RatifyVerification), which has to match the namespace.',
    'It reads sha256-HEX.sig: referrers are not read (ratify#1314).',
    'Not run in a cluster. Checked against the parameters that its source reads, and with an evaluator of its scopes.',
  ];
}

/** A star at the end takes anything; a colon or at sign before it ends the repository. */
function scopes({ repository, digest, isPinned }: AdmittedImage): readonly string[] {
  return isPinned ? [`${repository}@${digest}`] : [`${repository}:*`, `${repository}@sha256:*`];
}

function identity({
  identity: who,
  issuer,
}: Extract<PolicySigner, { kind: 'identity' }>): Readonly<Record<string, string>> {
  return {
    ...('exact' in who
      ? { certificateIdentity: who.exact }
      : { certificateIdentityRegExp: patternOf(who) }),
    ...('exact' in issuer
      ? { certificateOIDCIssuer: issuer.exact }
      : { certificateOIDCIssuerRegExp: patternOf(issuer) }),
  };
}
