import { err, ok } from '../lib/errors.ts';
import {
  type AdmittedImage,
  hashComment,
  type NamedText,
  NAMESPACE_LABEL,
  policyName,
  type PolicyFormat,
  type PolicySigner,
  type PredicateCheck,
  regexLiteral,
} from './policy.ts';

/**
 * Kyverno's ClusterPolicy, for Kyverno before 1.18: a rule about names, and one about signature and
 * statements. Written as JSON, which is YAML too.
 */
export const kyvernoClusterPolicy: PolicyFormat = (image) => {
  const { signers, rules, forms, repository, digest, isPinned } = image;
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
  // The star matches slashes too, but what follows a repository's `:` or `@` cannot contain one.
  const images = isPinned
    ? [`${repository}@${digest}`, `${repository}:*@${digest}`]
    : [`${repository}:*`, `${repository}@*`];
  const container = [{ image: images.join(' | ') }];
  const attestors = [{ count: 1, entries: signers.map(entry) }];
  const namespaceSelector = { matchLabels: { [NAMESPACE_LABEL]: name } };
  const match = { any: [{ resources: { kinds: ['Pod'], namespaceSelector } }] };
  const attestations = rules.map(({ name: rule, predicateType, checks }) => ({
    name: rule,
    type: predicateType,
    attestors,
    ...(checks.length > 0 ? { conditions: [{ all: checks.map(condition) }] } : {}),
  }));
  const pattern = {
    spec: {
      containers: container,
      '=(initContainers)': container,
      '=(ephemeralContainers)': container,
    },
  };
  const signed = {
    type: isBundle ? 'SigstoreBundle' : 'Cosign',
    imageReferences: images,
    mutateDigest: true,
    verifyDigest: true,
    required: true,
    attestors,
    ...(attestations.length > 0 ? { attestations } : {}),
  };
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
          validate: { message: `only ${repository} may run here`, pattern },
        },
        { name: 'signed', match, verifyImages: [signed] },
      ],
    },
  };
  const comment = [
    `Admits ${repository} where it is signed, and no other image, in namespaces with the label ${NAMESPACE_LABEL}=${name}. For Kyverno before 1.18; newer ones have ImageValidatingPolicy (--for kyverno).`,
    ...(repository.startsWith('docker.io/')
      ? [
          'Pods have to write the name in full, with docker.io/: the first rule compares it as written.',
        ]
      : []),
    isBundle
      ? 'type: SigstoreBundle needs Kyverno 1.13, and a registry with the referrers API.'
      : 'type: Cosign reads sha256-HEX.sig and sha256-HEX.att: keys fail with SigstoreBundle before kyverno#14233 is fixed.',
    'Not run in a cluster. Checked against the fields of the CRD.',
  ];
  const text = `${hashComment(comment)}${JSON.stringify(document, undefined, 2)}\n`;
  return ok([{ name: 'kyverno-cluster-policy.yaml', text }]);
};

function entry(signer: PolicySigner): unknown {
  const rekor = { ignoreTlog: true, url: 'https://rekor.sigstore.dev' };
  const rest = { signatureAlgorithm: 'sha256', rekor, ctlog: { ignoreSCT: true } };
  if (signer.kind === 'key') return { keys: { publicKeys: signer.pem, ...rest } };
  if (signer.kind === 'kms') return { keys: { kms: signer.uri, ...rest } };
  // Texts without RegExp are taken for wildcards.
  const subjectRegExp = patternOf(signer.identity);
  const issuerRegExp = patternOf(signer.issuer);
  return { keyless: { subjectRegExp, issuerRegExp, rekor: { url: rekor.url } } };
}

/** A JMESPath condition, compared as a whole: its operators take wildcards. */
function condition({ path, is, text }: PredicateCheck): unknown {
  const place = path.join('.');
  const expression = is === 'equal' ? `${place} == '${text}'` : `contains(${place}, '${text}')`;
  return { key: `{{ ${expression} }}`, operator: 'Equals', value: true };
}

function patternOf(named: NamedText): string {
  return 'exact' in named ? `^${regexLiteral(named.exact)}$` : named.pattern;
}

function textsOf({ signers, rules }: AdmittedImage): readonly string[] {
  return [
    ...signers.flatMap((signer) => {
      if (signer.kind === 'identity') return [patternOf(signer.identity), patternOf(signer.issuer)];
      return signer.kind === 'kms' ? [signer.uri] : [];
    }),
    ...rules.flatMap(({ predicateType, checks }) => [
      predicateType,
      // What a raw string of JMESPath cannot hold shows as a brace.
      ...checks.map(({ text }) => (/['\\]|[^\x20-\x7e]/.test(text) ? `{{${text}` : text)),
    ]),
  ];
}

/** Kyverno puts values in for `{{ }}` and `$( )` anywhere in a rule. */
function isVariable(text: string): boolean {
  return /\{\{|\}\}|\$\(/.test(text);
}
