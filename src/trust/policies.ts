import { Document, parseAllDocuments, Scalar } from 'yaml';
import { err, ok } from '../lib/errors.ts';
import { isObject } from '../lib/json.ts';
import { shellWord } from '../model/dockerfile.ts';
import { PREDICATE_TYPE } from '../model/statement.ts';
import { EMPTY_TRUSTED_ROOT } from './cosign.ts';
import CLUSTER_POLICY from './policies/kyverno-cluster-policy.yaml?raw';
import KYVERNO from './policies/kyverno.yaml?raw';
import POLICY_CONTROLLER from './policies/policy-controller.yaml?raw';
import REGISTRIES from './policies/registries.yaml?raw';
import VERIFY from './policies/verify.sh?raw';
import {
  type AdmittedImage,
  celChecks,
  cueRule,
  escaped,
  hashComment,
  type NamedText,
  type PolicyFile,
  type PolicyFormat,
  type PolicyFormatName,
  policyName,
  type PolicySigner,
  type PredicateCheck,
  referencePattern,
  regexLiteral,
  regoRule,
  type StatementRule,
  stringLiteral,
} from './policy.ts';

const FULCIO = 'https://fulcio.sigstore.dev';
const REKOR = 'https://rekor.sigstore.dev';

type Values = Readonly<Record<string, unknown>>;

/**
 * A template with values: `$NAME` is that value; a key whose value is undefined goes, and so does a
 * document without a name. Every text is quoted, so that no reader of YAML takes it for anything
 * else. Comments that begin with `#:` come first in the file.
 */
function yamlFile(name: string, template: string, values: Values): PolicyFile {
  const fill = (node: unknown): unknown => {
    if (typeof node === 'string') return node.startsWith('$') ? values[node.slice(1)] : node;
    if (Array.isArray(node)) return node.map(fill);
    if (!isObject(node)) return node;
    const fields = Object.entries(node).map(([key, value]) => [key, fill(value)] as const);
    return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
  };
  const comment = [...template.matchAll(/^#: (.*)$/gm)].map(([, text = '']) =>
    text.replaceAll(/\$(\w+)/g, (_, word: string) => String(values[word])),
  );
  const documents = parseAllDocuments(template)
    .map((document) => fill(document.toJS()) as Values)
    .filter(({ metadata }) => !isObject(metadata) || 'name' in metadata)
    .map((document) =>
      new Document(document, { version: '1.1', aliasDuplicateObjects: false }).toString({
        defaultStringType: 'QUOTE_DOUBLE',
        defaultKeyType: 'PLAIN',
        doubleQuotedMinMultiLineLength: Infinity,
        lineWidth: 0,
      }),
    );
  return { name, text: `${hashComment(comment)}${escaped(documents.join('---\n'))}` };
}

function jsonFile(name: string, document: object): PolicyFile {
  return { name, text: `${JSON.stringify(document, undefined, 2)}\n` };
}

/** Lines of printable ASCII, as a block that people can read. */
function block(text: string): Scalar | string {
  if (!/^[\x21-\x7e][\x20-\x7e\n]*[\x21-\x7e]\n$/.test(text)) return text;
  const scalar = new Scalar(text);
  scalar.type = Scalar.BLOCK_LITERAL;
  return scalar;
}

/** Undefined for an empty list, whose field is left out. */
function listed<T>(list: readonly T[], one: (item: T) => object): readonly object[] | undefined {
  return list.length === 0 ? undefined : list.map(one);
}

/** A signer as policy-controller and Kyverno name it. Exact texts compare as they are. */
function signerField(signer: PolicySigner, ofIdentity: object = {}): object {
  if (signer.kind !== 'identity') {
    const key = signer.kind === 'key' ? { data: block(signer.pem) } : { kms: signer.uri };
    return { key: { hashAlgorithm: 'sha256', ...key } };
  }
  const named = (name: string, text: NamedText): object =>
    'exact' in text ? { [name]: text.exact } : { [`${name}RegExp`]: text.pattern };
  const { issuer, identity } = signer;
  const identities = [{ ...named('issuer', issuer), ...named('subject', identity) }];
  return { keyless: { ...ofIdentity, identities } };
}

/** Why an engine that reads bundles, or else cosign's tags, does not find what it asks for. */
function lacking(
  { rules, forms }: AdmittedImage,
  isBundle: boolean,
  note = '',
): string | undefined {
  const [signature, statements] = isBundle
    ? [forms.signatureBundle, forms.statementBundles]
    : [forms.signatureTag, forms.statementTag];
  if (signature && (rules.length === 0 || statements)) return undefined;
  const [what, end] = signature ? ['statements', 'att'] : ['signatures', 'sig'];
  const place = isBundle ? 'in sigstore bundles' : `under the tag sha256-HEX.${end}`;
  return `it reads ${what} of this image ${place} alone, and there are none of its signers${note}; sign with --signature-format both`;
}

/** Whether an engine that reads bundles of identities alone is to read them. */
function areBundlesOfIdentities({ signers, forms }: AdmittedImage): boolean {
  return signers.every(({ kind }) => kind === 'identity') && forms.signatureBundle;
}

const policyController: PolicyFormat = (image) => {
  const { signers, rules, repository, digest, isPinned } = image;
  // Its globs have these characters alone (pkg/apis/glob); an address of IPv6 has others.
  if (!/^[\w./:-]+$/.test(repository))
    return err('its globs cannot name a registry by an IPv6 address');
  const isBundle = areBundlesOfIdentities(image);
  const lack = lacking(image, isBundle, ' (policy-controller#1958)');
  if (lack !== undefined) return err(lack);
  const name = repository.replace(/^docker\.io\//, 'index.docker.io/');
  // `*` does not match `/`, so nested repositories do not match.
  const globs = isPinned ? [`${name}@${digest}`] : [`${name}@sha256:*`, `${name}:*`];
  const authorities = signers.map((signer, at) => ({
    name: `signer${at}`,
    signatureFormat: isBundle ? 'bundle' : 'legacy',
    ...signerField(signer, { url: FULCIO }),
    ...(signer.kind === 'identity' ? { ctlog: { url: REKOR } } : {}),
  }));
  const attestations = rules.map((rule) => ({
    name: rule.name,
    predicateType: rule.predicateType,
    policy: { type: 'rego', data: block(regoRule(rule)) },
  }));
  return ok([
    yamlFile('policy-controller.yaml', POLICY_CONTROLLER, {
      repository,
      signaturePolicy: `${policyName(image)}-signature`,
      statementsPolicy: rules.length === 0 ? undefined : `${policyName(image)}-statements`,
      images: globs.map((glob) => ({ glob })),
      signers: authorities,
      signersOfStatements: authorities.map((one) => ({ ...one, attestations })),
    }),
  ]);
};

const kyverno: PolicyFormat = (image) => {
  const { signers, rules, forms, repository } = image;
  // As soon as one bundle is attached to the image, it reads bundles alone.
  const lack = lacking(image, forms.signatureBundle || forms.statementBundles);
  if (lack !== undefined) return err(lack);
  const name = policyName(image);
  const all = `[${signers.map((_, at) => `attestors.signer${at}`).join(', ')}]`;
  const validation = (condition: string, message: string): object => ({
    expression: `[images.containers, images.initContainers, images.ephemeralContainers].all(list, list.all(i, ${condition}))`,
    message,
  });
  const statementChecks = (rule: StatementRule): readonly string[] => [
    `verifyAttestationSignatures(i, attestations.${rule.name}, ${all}) > 0`,
    ...celChecks(rule, `extractPayload(i, attestations.${rule.name})`),
  ];
  const values = {
    name,
    repository,
    attestors: signers.map((signer, at) => ({
      name: `signer${at}`,
      cosign: {
        ...signerField(signer),
        ctlog:
          signer.kind === 'identity'
            ? { url: REKOR }
            : { insecureIgnoreTlog: true, insecureIgnoreSCT: true },
      },
    })),
    attestations: listed(rules, (rule) => ({
      name: rule.name,
      intoto: { type: rule.predicateType },
    })),
    validations: [
      validation(
        `i.matches(${stringLiteral(referencePattern(image))})`,
        `only ${repository} may run here`,
      ),
      validation(`verifyImageSignatures(i, ${all}) > 0`, 'no signature of a signer that counts'),
      ...rules.map((rule) =>
        validation(
          statementChecks(rule).join(' && '),
          `no signed statement says what is asked for: ${rule.name}`,
        ),
      ),
    ],
  };
  return ok([yamlFile('kyverno.yaml', KYVERNO, values)]);
};

const kyvernoClusterPolicy: PolicyFormat = (image) => {
  const { signers, rules, repository, digest, isPinned } = image;
  const isBundle = areBundlesOfIdentities(image);
  const lack = lacking(image, isBundle, ' (kyverno#14233)');
  if (lack !== undefined) return err(lack);
  // Texts without RegExp are taken for wildcards.
  const pattern = (named: NamedText): string =>
    'exact' in named ? `^${regexLiteral(named.exact)}$` : named.pattern;
  const rest = {
    signatureAlgorithm: 'sha256',
    rekor: { ignoreTlog: true, url: REKOR },
    ctlog: { ignoreSCT: true },
  };
  const entries = signers.map((signer) => {
    if (signer.kind === 'key') return { keys: { publicKeys: block(signer.pem), ...rest } };
    if (signer.kind === 'kms') return { keys: { kms: signer.uri, ...rest } };
    const [subjectRegExp, issuerRegExp] = [pattern(signer.identity), pattern(signer.issuer)];
    return { keyless: { subjectRegExp, issuerRegExp, rekor: { url: REKOR } } };
  });
  // Kyverno puts values in for `{{ }}` and `$( )` anywhere in a rule; a raw string of JMESPath
  // cannot contain a quote.
  const texts = [
    ...signers.flatMap((signer) => {
      if (signer.kind === 'identity') return [pattern(signer.identity), pattern(signer.issuer)];
      return signer.kind === 'kms' ? [signer.uri] : [];
    }),
    ...rules.map(({ predicateType }) => predicateType),
  ];
  const compared = rules.flatMap(({ checks }) => checks.map(({ text }) => text));
  const odd =
    [...texts, ...compared].find((text) => /\{\{|\}\}|\$\(/.test(text)) ??
    compared.find((text) => /['\\]|[^\x20-\x7e]/.test(text));
  if (odd !== undefined)
    return err(`it would read a part of ${JSON.stringify(odd)} as a variable or a quote`);
  const name = policyName(image);
  // The star matches slashes too, but what follows a repository's `:` or `@` cannot contain one.
  const images = isPinned
    ? [`${repository}@${digest}`, `${repository}:*@${digest}`]
    : [`${repository}:*`, `${repository}@*`];
  const attestors = [{ count: 1, entries }];
  const values = {
    name,
    repository,
    images,
    attestors,
    message: `only ${repository} may run here`,
    pattern: images.join(' | '),
    type: isBundle ? 'SigstoreBundle' : 'Cosign',
    attestations: listed(rules, ({ name: rule, predicateType: type, checks }) => ({
      name: rule,
      type,
      attestors,
      ...(checks.length === 0 ? {} : { conditions: [{ all: checks.map(jmesPath) }] }),
    })),
  };
  return ok([yamlFile('kyverno-cluster-policy.yaml', CLUSTER_POLICY, values)]);
};

/** A JMESPath condition, compared as a whole: its operators take wildcards. */
function jmesPath({ path, is, text }: PredicateCheck): object {
  const place = path.join('.');
  const expression = is === 'equal' ? `${place} == '${text}'` : `contains(${place}, '${text}')`;
  return { key: `{{ ${expression} }}`, operator: 'Equals', value: true };
}

/**
 * containers/image, which skopeo, podman, Buildah and CRI-O share: `policy.json`, and a file of
 * registries.d, without which it looks for no signature of cosign's (containers-policy.json(5),
 * containers-registries.d(5)).
 */
const containersImage: PolicyFormat = (image) => {
  const { repository, digest, isPinned, rules, forms, signers } = image;
  if (rules.length > 0) return err('its policy reads signatures, not statements');
  const keys = signers.flatMap((signer) => (signer.kind === 'key' ? [base64(signer.pem)] : []));
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
  const key = fulcio ?? (keys.length === 1 ? { keyData: keys[0] } : { keyDatas: keys });
  // A scope takes what lies below it too. The first alone would take another repository that the
  // key signed for itself, the second alone would take this repository's images under a name below
  // it.
  const requirements = [
    { type: 'matchRepository' },
    { type: 'exactRepository', dockerRepository: repository },
  ].map((signedIdentity) => ({ type: 'sigstoreSigned', ...key, signedIdentity }));
  const scope = isPinned ? `${repository}@${digest}` : repository;
  const attached = { 'use-sigstore-attachments': true };
  const places = [repository, ...image.mirrors].map((place) => [place, attached] as const);
  const registries = yamlFile(`containers/registries.d/${policyName(image)}.yaml`, REGISTRIES, {
    repository,
    places: Object.fromEntries(places),
  });
  const policy = jsonFile('containers/policy.json', {
    default: [{ type: 'reject' }],
    transports: { docker: { [scope]: requirements } },
  });
  return ok([policy, registries]);
};

/** Undefined where it cannot ask for that signer. */
function fulcioFields(signer: PolicySigner): object | undefined {
  if (signer.kind !== 'identity' || signer.root === undefined) return undefined;
  const { identity, issuer, root } = signer;
  const isWhole = 'exact' in identity && 'exact' in issuer;
  if (!isWhole || !/^[^\s@/:]+@[^\s@/:]+$/.test(identity.exact)) return undefined;
  const { SIGSTORE_ROOT_FILE: authorities = '', SIGSTORE_REKOR_PUBLIC_KEY: logKey = '' } =
    root.variables;
  if (authorities === '' || logKey === '') return undefined;
  const [oidcIssuer, subjectEmail] = [issuer.exact, identity.exact];
  return {
    fulcio: { caData: base64(authorities), oidcIssuer, subjectEmail },
    rekorPublicKeyData: base64(logKey),
  };
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
  const matching = (identifier: string) => ({ identifier, match_type: 'REGEX' });
  const rules = [
    // A conversion starts the rules again, and some BuildKits deny before they convert.
    ...(tag === undefined
      ? []
      : [
          {
            action: 'CONVERT',
            // EXACT converts to itself (selectorCache.Format).
            selector: matching(`^${regexLiteral(`${named}:${tag}`)}$`),
            updates: { identifier: `${named}:${tag}@${digest}` },
          },
        ]),
    ...['docker-image://*', 'oci-layout://*'].map((identifier) => ({
      action: 'DENY',
      selector: { identifier, match_type: 'WILDCARD' },
    })),
    { action: 'ALLOW', selector: matching(`^${regexLiteral('docker-image://')}${pinned}`) },
  ];
  return ok([jsonFile('buildkit-source-policy.json', { version: 1, rules })]);
};

/** A POSIX script that runs cosign alone, with the keys and rules that it needs beside it. */
const cosign: PolicyFormat = (image) => {
  const { signers, rules, forms } = image;
  const lack =
    lacking({ ...image, rules: [] }, forms.signatureBundle) ??
    (rules.length === 0 || forms.statementBundles
      ? undefined
      : 'the statements are not in sigstore bundles');
  if (lack !== undefined) return err(lack);
  // All signers are verified with the same root.
  const root = signers.flatMap((one) => (one.kind === 'identity' ? (one.root ?? []) : []))[0];
  const variables = Object.entries(root?.variables ?? {});
  const files: Readonly<Record<string, string>> = {
    'verify.sh': script(image, root === undefined ? undefined : Object.keys(root.variables)),
    ...Object.fromEntries(
      signers.flatMap((one, at) => (one.kind === 'key' ? [[`signer${at}.pub`, one.pem]] : [])),
    ),
    ...(root === undefined ? {} : { 'trusted_root.json': root.json }),
    ...Object.fromEntries(variables.map(([name, text]) => [`${name}.pem`, text])),
    'no-services.json': EMPTY_TRUSTED_ROOT,
    ...Object.fromEntries(rules.map((rule) => [`${rule.name}.cue`, cueRule(rule)])),
  };
  return ok(Object.entries(files).map(([name, text]) => ({ name: `cosign/${name}`, text })));
};

/** `root`: the variables of the trusted root that lies beside the script. */
function script(image: AdmittedImage, root: readonly string[] | undefined): string {
  const { repository, digest, isPinned, signers } = image;
  const pinned = `${repository}@${digest}`;
  const name = shellWord(repository);
  const ofRoot = [
    '# cosign 2 asks sigstore’s own servers for what these do not name, whatever --trusted-root says.',
    'if [ $generation = 2 ]; then',
    ...(root ?? []).map((variable) => `  export ${variable}="$here/${variable}.pem"`),
    'fi\n',
  ];
  const values: Readonly<Record<string, string>> = {
    repository,
    pinned,
    name,
    names: isPinned
      ? `  ${shellWord(pinned)}) ;;`
      : `  ${name}[:@]*[!A-Za-z0-9_.:@-]*) refuse 'not a name of an image' ;;\n  ${name}:?* | ${name}@sha256:?*) ;;`,
    only: shellWord(`only ${isPinned ? pinned : repository} may be used`),
    root: root === undefined ? '' : ofRoot.join('\n'),
    signers: signers.map((signer, at) => signerFunction(signer, at, image)).join('\n'),
    any: signers.map((_, at) => `signer${at}`).join(' || '),
  };
  return VERIFY.replaceAll(/%(\w+)%/g, (_, word: string) => values[word] ?? '');
}

/** Signature and statements have to be of one signer. */
function signerFunction(signer: PolicySigner, at: number, { rules, forms }: AdmittedImage): string {
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
  return `signer${at}() {\n  ${steps.join(' &&\n  ')}\n}`;
}

function signerWords(signer: PolicySigner, at: number): string {
  if (signer.kind !== 'identity') {
    const key = signer.kind === 'key' ? `"$here/signer${at}.pub"` : shellWord(signer.uri);
    return `--key ${key} --insecure-ignore-tlog=true --trusted-root "$here/no-services.json"`;
  }
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

export const POLICY_FORMATS: Readonly<Record<PolicyFormatName, PolicyFormat>> = {
  'policy-controller': policyController,
  kyverno,
  'kyverno-cluster-policy': kyvernoClusterPolicy,
  'containers-image': containersImage,
  buildkit,
  cosign,
};
