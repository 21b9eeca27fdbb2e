import { err, ok } from '../lib/errors.ts';
import { shellWord } from '../model/dockerfile.ts';
import { PREDICATE_TYPE } from '../model/statement.ts';
import { kyvernoClusterPolicy } from './kyverno-cluster-policy.ts';
import {
  type AdmittedImage,
  celChecks,
  cueRule,
  hashComment,
  indented,
  type NamedText,
  NAMESPACE_LABEL,
  type OwnRoot,
  type PolicyFile,
  type PolicyFormat,
  type PolicyFormatName,
  policyName,
  type PolicySigner,
  referencePattern,
  regexLiteral,
  regoRule,
  type StatementRule,
  stringLiteral,
  yamlText,
} from './policy.ts';

type IdentitySigner = Extract<PolicySigner, { kind: 'identity' }>;

/** The field of a key or a certificate's names, as policy-controller and Kyverno call them. */
function signerField(signer: PolicySigner): string {
  if (signer.kind === 'identity') return `identities: [{${identityFields(signer)}}]`;
  const key =
    signer.kind === 'key' ? `data: ${yamlText(signer.pem)}` : `kms: ${stringLiteral(signer.uri)}`;
  return `key:\n  hashAlgorithm: sha256\n${indented(key, 2)}`;
}

/** Exact texts compare as they are. */
function identityFields({ identity, issuer }: IdentitySigner): string {
  const field = (name: string, text: NamedText): string =>
    'exact' in text
      ? `${name}: ${stringLiteral(text.exact)}`
      : `${name}RegExp: ${stringLiteral(text.pattern)}`;
  return `${field('issuer', issuer)}, ${field('subject', identity)}`;
}

/**
 * sigstore's policy-controller: a ClusterImagePolicy for the signature and one for the statements,
 * since an authority with attestations does not ask for a signature, and since every policy that
 * matches an image has to be met.
 */
const policyController: PolicyFormat = (image) => {
  const { signers, rules, forms, repository } = image;
  // Its globs have these characters alone (pkg/apis/glob); an address of IPv6 has others.
  if (!/^[\w./:-]+$/.test(repository))
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
  const comment = [
    `Admits ${repository} where it is signed, and no other image, in namespaces with the label policy.sigstore.dev/include=true.`,
    'The ConfigMap refuses images that no policy names. It counts for all of those namespaces: add a policy for every other image that runs there.',
    isBundle
      ? 'signatureFormat: bundle needs a policy-controller that knows the field (policy-controller#1725); older ones drop it, look for sha256-HEX.sig and refuse.'
      : 'The signature is read under the tag sha256-HEX.sig: keys do not work with signatureFormat: bundle (policy-controller#1958).',
    ...(rules.length > 0
      ? [
          'A statement counts as soon as one that is signed says what is asked for, also an older one.',
        ]
      : []),
    'Not run in a cluster. Checked against the fields of the CRD (v1beta1) and with an evaluator of the same rules.',
  ];
  const format = isBundle ? 'bundle' : 'legacy';
  const documents = [
    clusterImagePolicy(image, 'signature', format, []),
    ...(rules.length > 0 ? [clusterImagePolicy(image, 'statements', format, rules)] : []),
    `apiVersion: v1
kind: ConfigMap
metadata:
  name: config-policy-controller
  namespace: cosign-system
data:
  no-match-policy: deny
`,
  ];
  return ok([
    { name: 'policy-controller.yaml', text: `${hashComment(comment)}${documents.join('---\n')}` },
  ]);
};

function clusterImagePolicy(
  image: AdmittedImage,
  suffix: string,
  format: string,
  rules: readonly StatementRule[],
): string {
  const { repository, digest, isPinned, signers } = image;
  const name = repository.replace(/^docker\.io\//, 'index.docker.io/');
  // `*` does not match `/`, so nested repositories do not match.
  const globs = isPinned ? [`${name}@${digest}`] : [`${name}@sha256:*`, `${name}:*`];
  const authority = (signer: PolicySigner): string =>
    signer.kind === 'identity'
      ? `keyless:
  url: "https://fulcio.sigstore.dev"
  ${signerField(signer)}
ctlog:
  url: "https://rekor.sigstore.dev"`
      : signerField(signer);
  const attestations = rules.map(
    (rule) => `  - name: ${rule.name}
    predicateType: ${stringLiteral(rule.predicateType)}
    policy:
      type: rego
      data: ${indented(yamlText(regoRule(rule)), 6).trimStart()}
`,
  );
  return `apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata:
  name: ${policyName(image)}-${suffix}
spec:
  mode: enforce
  images:
${globs.map((glob) => `    - glob: ${stringLiteral(glob)}\n`).join('')}  authorities:
${signers
  .map(
    (signer, at) => `    - name: signer${at}
      signatureFormat: ${format}
${indented(authority(signer), 6)}
${attestations.length === 0 ? '' : indented(`attestations:\n${attestations.join('')}`, 6)}`,
  )
  .join('')}`;
}

/**
 * Kyverno's ImageValidatingPolicy. It skips what `matchImageReferences` leaves out, and the lists
 * of its validations have the rest alone: so it matches every image, and the name is a validation
 * of its own.
 */
const kyverno: PolicyFormat = (image) => {
  const { signers, rules, forms, repository } = image;
  // As soon as one bundle is attached to the image, it reads bundles alone.
  const readsBundles = forms.signatureBundle || forms.statementBundles;
  if (!forms.signatureBundle && !forms.signatureTag)
    return err('the signers’ signature is neither a bundle nor under the tag sha256-HEX.sig');
  if (rules.length > 0 && !(readsBundles ? forms.statementBundles : forms.statementTag))
    return err('the statements are not in the form that it reads for this image');
  const name = policyName(image);
  const all = `[${signers.map((_, at) => `attestors.signer${at}`).join(', ')}]`;
  const validations = [
    [`i.matches(${stringLiteral(referencePattern(image))})`, `only ${repository} may run here`],
    [`verifyImageSignatures(i, ${all}) > 0`, 'no signature of a signer that counts'],
    ...rules.map((rule) => [
      [
        `verifyAttestationSignatures(i, attestations.${rule.name}, ${all}) > 0`,
        ...celChecks(rule, `extractPayload(i, attestations.${rule.name})`),
      ].join(' && '),
      `no signed statement says what is asked for: ${rule.name}`,
    ]),
  ];
  const attestor = (signer: PolicySigner): string =>
    signer.kind === 'identity'
      ? `keyless:
  ${signerField(signer)}
ctlog:
  url: "https://rekor.sigstore.dev"`
      : `${signerField(signer)}
ctlog:
  insecureIgnoreTlog: true
  insecureIgnoreSCT: true`;
  const text = `apiVersion: policies.kyverno.io/v1beta1
kind: ImageValidatingPolicy
metadata:
  name: ${name}
spec:
  failurePolicy: Fail
  validationActions: [Deny]
  webhookConfiguration:
    timeoutSeconds: 30
  matchConstraints:
    namespaceSelector:
      matchLabels:
        ${NAMESPACE_LABEL}: "${name}"
    resourceRules:
      - apiGroups: [""]
        apiVersions: ["v1"]
        operations: ["CREATE", "UPDATE"]
        resources: ["pods", "pods/ephemeralcontainers"]
  matchImageReferences:
    - glob: "*"
  attestors:
${signers
  .map((signer, at) => `    - name: signer${at}\n      cosign:\n${indented(attestor(signer), 8)}\n`)
  .join('')}${rules.length === 0 ? '' : '  attestations:\n'}${rules
    .map(
      (rule) =>
        `    - name: ${rule.name}\n      intoto:\n        type: ${stringLiteral(rule.predicateType)}\n`,
    )
    .join('')}  validations:
${validations
  .map(([condition = '', message = '']) => {
    const each = `${ALL_IMAGES}.all(list, list.all(i, ${condition}))`;
    return `    - expression: ${stringLiteral(each)}\n      message: ${stringLiteral(message)}\n`;
  })
  .join('')}`;
  return ok([{ name: 'kyverno.yaml', text: `${hashComment(kyvernoComment(image, name))}${text}` }]);
};

/** Every image of a pod, by the names of Kyverno's extractors. */
const ALL_IMAGES = '[images.containers, images.initContainers, images.ephemeralContainers]';

function kyvernoComment(image: AdmittedImage, name: string): readonly string[] {
  const { signers, repository, forms } = image;
  return [
    `Admits ${repository} where it is signed, and no other image, in namespaces with the label ${NAMESPACE_LABEL}=${name}.`,
    ...(repository.startsWith('docker.io/')
      ? [
          'Pods have to write the name in full, with docker.io/: names are compared as they are written.',
        ]
      : []),
    ...(forms.signatureBundle && signers.some(({ kind }) => kind !== 'identity')
      ? ['Keys work on Kyverno 1.18.1 and fail on 1.19.0 (kyverno#17363).']
      : []),
    ...(forms.signatureBundle
      ? [
          'The registry needs the referrers API: the fallback tag of OCI 1.1 is not read (kyverno#17343).',
        ]
      : []),
    'Not run in a cluster. Checked against the fields of the CRD (v1beta1); the expressions were run by a CEL library.',
  ];
}

/**
 * containers/image, which skopeo, podman, Buildah and CRI-O share: `policy.json`, and a file of
 * registries.d, without which it looks for no signature of cosign's (containers-policy.json(5),
 * containers-registries.d(5)).
 */
const containersImage: PolicyFormat = (image) => {
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
      text: `${hashComment(containersComment(image, keys.length))}docker:
${[repository, ...image.mirrors]
  .map((place) => `  ${stringLiteral(place)}:\n    use-sigstore-attachments: true\n`)
  .join('')}`,
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

function containersComment({ repository }: AdmittedImage, keys: number): readonly string[] {
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

/**
 * BuildKit's source policy (sourcepolicy/pb/policy.proto). It verifies no signature, so it names
 * the digest that verified: the tag is converted to it, everything else is denied. The last rule
 * that matches decides.
 */
const buildkit: PolicyFormat = (image) => {
  const { repository, tag, digest } = image;
  const named = `docker-image://${repository}`;
  const pinned = referencePattern({ ...image, isPinned: true }).slice(1);
  const rules = [
    // A conversion starts the rules again, and some BuildKits deny before they convert.
    ...(tag === undefined
      ? []
      : [
          {
            action: 'CONVERT',
            // EXACT converts to itself (selectorCache.Format).
            selector: {
              identifier: `^${regexLiteral(`${named}:${tag}`)}$`,
              match_type: 'REGEX',
            },
            updates: { identifier: `${named}:${tag}@${digest}` },
          },
        ]),
    ...['docker-image://*', 'oci-layout://*'].map((identifier) => ({
      action: 'DENY',
      selector: { identifier, match_type: 'WILDCARD' },
    })),
    {
      action: 'ALLOW',
      selector: {
        identifier: `^${regexLiteral('docker-image://')}${pinned}`,
        match_type: 'REGEX',
      },
    },
  ];
  const text = `${JSON.stringify({ version: 1, rules }, undefined, 2)}\n`;
  return ok([{ name: 'buildkit-source-policy.json', text }]);
};

/** A POSIX script that runs cosign alone, with the keys and rules that it needs beside it. */
const cosign: PolicyFormat = (image) => {
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
    ? [old, statement('--new-bundle-format', PREDICATE_TYPE.cosignSign)]
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

/** What writes the policy of each engine. */
export const POLICY_FORMATS: Readonly<Record<PolicyFormatName, PolicyFormat>> = {
  'policy-controller': policyController,
  kyverno,
  'kyverno-cluster-policy': kyvernoClusterPolicy,
  'containers-image': containersImage,
  buildkit,
  cosign,
};
