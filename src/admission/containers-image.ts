import { err, ok } from '../model/result.ts';
import type { AdmittedImage, PolicyFormat, PolicySigner } from './admitted-image.ts';
import { policyName } from './policy-name.ts';
import { policyYaml } from './policy-yaml.ts';

/**
 * containers/image, which skopeo, podman, Buildah and CRI-O share: `policy.json`, and a file of
 * registries.d, without which it looks for no signature of cosign's (containers-policy.json(5),
 * containers-registries.d(5)).
 */
export const containersImage: PolicyFormat = (image) => {
  const { repository, digest, isPinned, rules, forms, signers } = image;
  if (rules.length > 0) return err('its policy reads signatures, not statements');
  const keys = signers.flatMap((signer) => (signer.kind === 'key' ? [signer.pem] : []));
  const fulcio = signers.length === 1 ? fulcioFields(signers[0]) : undefined;
  if (keys.length < signers.length && fulcio === undefined)
    return err(
      'it takes public keys as files, not by cosign’s URIs; of a keyless signer it takes one whole e-mail address and its issuer, with --trusted-root. Or sign with a key',
    );
  if (!forms.signatureTag)
    return err(
      'it reads signatures under the tag sha256-HEX.sig alone, and this image has none there; sign with --signature-format both',
    );
  if (!forms.signatureTagOfPlatforms)
    return err(
      'it asks for a signature of each platform’s manifest as well as of the index, and a platform here has none under sha256-HEX.sig',
    );
  const [first = ''] = keys.map(base64);
  const key = fulcio ?? (keys.length === 1 ? { keyData: first } : { keyDatas: keys.map(base64) });
  // A scope takes what lies below it too. The first alone would take another repository that the
  // key signed for itself, the second alone would take this repository's images under a name below
  // it.
  const identities = [
    { type: 'matchRepository' },
    { type: 'exactRepository', dockerRepository: repository },
  ];
  const policy = {
    default: [{ type: 'reject' }],
    transports: {
      docker: {
        [isPinned ? `${repository}@${digest}` : repository]: identities.map((signedIdentity) => ({
          type: 'sigstoreSigned',
          ...key,
          signedIdentity,
        })),
      },
    },
  };
  return ok([
    { name: 'containers/policy.json', text: `${JSON.stringify(policy, undefined, 2)}\n` },
    {
      name: `containers/registries.d/${policyName(image)}.yaml`,
      text: policyYaml(comment(image, keys.length), [
        {
          docker: Object.fromEntries(
            [repository, ...image.mirrors].map((place) => [
              place,
              { 'use-sigstore-attachments': true },
            ]),
          ),
        },
      ]),
    },
  ]);
};

/** Undefined where it cannot ask for that signer. */
function fulcioFields(signer: PolicySigner): Readonly<Record<string, unknown>> | undefined {
  if (signer.kind !== 'identity' || signer.root === undefined) return undefined;
  const { identity, issuer, root } = signer;
  const isWhole = 'exact' in identity && 'exact' in issuer;
  if (!isWhole || !/^[^\s@/:]+@[^\s@/:]+$/.test(identity.exact)) return undefined;
  const { SIGSTORE_ROOT_FILE: authorities = '', SIGSTORE_REKOR_PUBLIC_KEY: logKey = '' } =
    root.variables;
  if (authorities === '' || logKey === '') return undefined;
  return {
    fulcio: {
      caData: base64(authorities),
      oidcIssuer: issuer.exact,
      subjectEmail: identity.exact,
    },
    rekorPublicKeyData: base64(logKey),
  };
}

function comment({ repository }: AdmittedImage, keys: number): readonly string[] {
  return [
    `With policy.json beside it: ${repository} may be pulled where it is signed, and no other image. The two go to /etc/containers/policy.json and /etc/containers/registries.d/, or for one user to ~/.config/containers/.`,
    'cosign’s signatures name a repository and no tag: policy.json asks for matchRepository. Its second requirement keeps out repositories below this one.',
    'A mirror of registries.conf needs an entry of its own here, for signatures are read there under its name: --mirror adds it.',
    ...(keys > 1 ? ['Several keys (keyDatas) need skopeo 1.17 or podman 5.3.'] : []),
    'Run with skopeo 1.18 and podman 5.4; CRI-O shares their code and was not run.',
  ];
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
