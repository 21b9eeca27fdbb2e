import { err, ok } from '../model/result.ts';
import { shellWord } from '../model/shell-word.ts';
import type {
  AdmittedImage,
  NamedText,
  OwnRoot,
  PolicyFile,
  PolicyFormat,
  PolicySigner,
} from './admitted-image.ts';
import { hashComment } from './policy-yaml.ts';
import { cueRule } from './statement-rules.ts';

const SIGNATURE_TYPE = 'https://sigstore.dev/cosign/sign/v1';

/** A POSIX script that runs cosign alone, with the keys and rules that it needs beside it. */
export const cosignCommands: PolicyFormat = (image) => {
  const { signers, rules, forms } = image;
  if (!forms.signatureBundle && !forms.signatureTag)
    return err('the signers’ signature is neither a bundle nor under the tag sha256-HEX.sig');
  if (rules.length > 0 && !forms.statementBundles)
    return err('the statements are not in sigstore bundles');
  const files: readonly PolicyFile[] = [
    { name: 'cosign/verify.sh', text: script(image) },
    ...signers.flatMap((signer, at) =>
      signer.kind === 'key' ? [{ name: `cosign/signer${at}.pub`, text: signer.pem }] : [],
    ),
    ...rootFiles(image),
    {
      name: 'cosign/no-services.json',
      text: '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}\n',
    },
    ...rules.map((rule) => ({
      name: `cosign/${rule.name}.cue`,
      text: cueRule(rule),
    })),
  ];
  return ok(files);
};

/** The root of the signers' own sigstore: all of them are verified with the same. */
function rootOf({ signers }: AdmittedImage): OwnRoot | undefined {
  return signers.flatMap((signer) =>
    signer.kind === 'identity' && signer.root !== undefined ? [signer.root] : [],
  )[0];
}

function rootFiles(image: AdmittedImage): readonly PolicyFile[] {
  const root = rootOf(image);
  if (root === undefined) return [];
  const texts = Object.entries(root.variables);
  return [
    { name: 'cosign/trusted_root.json', text: root.json },
    ...texts.map(([name, text]) => ({ name: `cosign/${name}.pem`, text })),
  ];
}

function script(image: AdmittedImage): string {
  const { repository, digest, isPinned, signers, forms } = image;
  const pinned = `${repository}@${digest}`;
  const root = rootOf(image);
  const name = shellWord(repository);
  const comment = [
    `Verifies ${repository} with cosign alone: sh verify.sh [IMAGE], with IMAGE in full. Prints the digest that verified, which is what to deploy. Any exit code other than 0 means: do not deploy.`,
    forms.signatureBundle
      ? 'For cosign 2.4 and newer. cosign 2 reads a signature in a bundle by verify-attestation alone.'
      : 'The signature lies under sha256-HEX.sig, which cosign 3 reads with --new-bundle-format=false.',
    ...(root === undefined
      ? []
      : ['It was verified with a trusted root in a file, which lies beside this script.']),
    'Run with cosign 2.5 and 3.1.',
  ];
  return [
    `#!/bin/sh\n${hashComment(comment)}set -u`,
    `image=\${1:-${pinned}}`,
    'here=$(cd "$(dirname "$0")" && pwd) || exit 2',
    'refuse() { echo "$image: $1" >&2; exit 1; }',
    '# A name that goes on behind this one is another repository.',
    'case $image in',
    ...(isPinned
      ? [`  ${shellWord(pinned)}) ;;`]
      : [
          `  ${name}[:@]*[!A-Za-z0-9_.:@-]*) refuse 'not a name of an image' ;;`,
          `  ${name}:?* | ${name}@sha256:?*) ;;`,
        ]),
    `  *) refuse ${shellWord(`only ${isPinned ? pinned : repository} may be used`)} ;;`,
    'esac',
    '# The tag is resolved once: all that follows is about one digest.',
    'hex=$(cosign triangulate "$image" | sed -n \'s/.*:sha256-\\([0-9a-f]\\{64\\}\\)\\.sig$/\\1/p\')',
    '[ -n "$hex" ] || refuse "cosign does not find it"',
    `subject=${name}@sha256:$hex`,
    'if cosign attest-blob --help 2>&1 | grep -q -e --signing-config',
    'then generation=3; new=; else generation=2; new=--new-bundle-format; fi',
    ...(root === undefined
      ? []
      : [
          '# cosign 2 asks sigstore’s own servers for what these do not name, whatever --trusted-root says.',
          'if [ $generation = 2 ]; then',
          ...Object.keys(root.variables).map(
            (variable) => `  export ${variable}="$here/${variable}.pem"`,
          ),
          'fi',
        ]),
    ...signers.flatMap((signer, at) => signerFunction(signer, at, image)),
    '# Each signer alone is enough.',
    `if ${signers.map((_, at) => `signer${at}`).join(' || ')}; then echo "$subject"; else refuse 'not verified'; fi`,
    '',
  ].join('\n');
}

/** Signature and statements have to be of one signer. */
function signerFunction(
  signer: PolicySigner,
  at: number,
  { rules, forms }: AdmittedImage,
): readonly string[] {
  const who = signerWords(signer, at);
  const statement = (form: string, type: string, more = ''): string =>
    `cosign verify-attestation ${form} ${who} --type ${shellWord(type)}${more} "$subject" >/dev/null`;
  const old = `cosign verify ${who} "$subject" >/dev/null`;
  const [third, second] = forms.signatureBundle
    ? [old, statement('--new-bundle-format', SIGNATURE_TYPE)]
    : [old.replace('verify ', 'verify --new-bundle-format=false '), old];
  const steps = [
    `if [ $generation = 3 ]; then ${third}; else ${second}; fi`,
    ...rules.map(({ name, predicateType }) =>
      statement('$new', predicateType, ` --policy "$here/${name}.cue"`),
    ),
  ];
  return [`signer${at}() {`, `  ${steps.join(' &&\n  ')}`, '}'];
}

function signerWords(signer: PolicySigner, at: number): string {
  const offline = '--insecure-ignore-tlog=true --trusted-root "$here/no-services.json"';
  switch (signer.kind) {
    case 'key':
      return `--key "$here/signer${at}.pub" ${offline}`;
    case 'kms':
      return `--key ${shellWord(signer.uri)} ${offline}`;
    case 'identity': {
      const { identity, issuer, root } = signer;
      const named = (flag: string, text: NamedText): string =>
        'exact' in text
          ? `${flag}=${shellWord(text.exact)}`
          : `${flag}-regexp=${shellWord(text.pattern)}`;
      return [
        named('--certificate-identity', identity),
        named('--certificate-oidc-issuer', issuer),
        ...(root === undefined ? [] : ['--trusted-root "$here/trusted_root.json"']),
      ].join(' ');
    }
  }
}
