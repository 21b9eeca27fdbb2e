import type { Result } from '../lib/errors.ts';
import { fileName, wrapWords } from '../lib/text.ts';
import { type Digest, digestHex, digestOf } from '../model/reference.ts';

export const POLICY_FORMAT_NAMES = [
  'policy-controller',
  'kyverno',
  'kyverno-cluster-policy',
  'containers-image',
  'buildkit',
  'cosign',
] as const;

export type PolicyFormatName = (typeof POLICY_FORMAT_NAMES)[number];

/** A text that must be equal, or a regular expression (Go's syntax) from `^` to `$`. */
export type NamedText = { readonly exact: string } | { readonly pattern: string };

export type PolicySigner =
  | { readonly kind: 'key'; readonly pem: string }
  /** A key that cosign asks a service for. */
  | { readonly kind: 'kms'; readonly uri: string }
  | {
      readonly kind: 'identity';
      readonly identity: NamedText;
      readonly issuer: NamedText;
      /** Verified with the user's own trusted root, not with that of the public sigstore. */
      readonly root?: {
        readonly json: string;
        /** The same by the variables that name its parts to cosign 2. */
        readonly variables: Readonly<Record<string, string>>;
      };
    };

export interface PredicateCheck {
  readonly path: readonly string[];
  readonly is: 'equal' | 'containing';
  readonly text: string;
}

/** A statement that has to be attached and signed, and what it has to say. */
export interface StatementRule {
  /** Lower-case letters: names the rule inside a policy. */
  readonly name: string;
  /** A URI, as it is signed. */
  readonly predicateType: string;
  readonly checks: readonly PredicateCheck[];
}

interface StoredForms {
  /** A signature under the tag `sha256-HEX.sig`. */
  readonly signatureTag: boolean;
  /** The same of every platform's manifest too. */
  readonly signatureTagOfPlatforms: boolean;
  /** A signature in a sigstore bundle, as a referrer. */
  readonly signatureBundle: boolean;
  /** All statements that the rules ask for, under the tag `sha256-HEX.att`. */
  readonly statementTag: boolean;
  /** All of them in sigstore bundles. */
  readonly statementBundles: boolean;
}

/** An image that verified, and what a policy must say to admit this image and nothing else. */
export interface AdmittedImage {
  /** Host and path in full (`docker.io/library/app`), by the grammar of references. */
  readonly repository: string;
  /** The tag by which the user named it, where one was. */
  readonly tag?: string;
  readonly digest: Digest;
  /** Admits only the digest that the user named; else whatever signers sign in the repository. */
  readonly isPinned: boolean;
  readonly signers: readonly [PolicySigner, ...PolicySigner[]];
  readonly rules: readonly StatementRule[];
  readonly forms: StoredForms;
  /** Repositories with copies under another name. */
  readonly mirrors: readonly string[];
}

export interface PolicyFile {
  readonly name: string;
  readonly text: string;
}

/** Writes a policy for one engine; the error says why it cannot admit this image and no other. */
export type PolicyFormat = (image: AdmittedImage) => Result<readonly PolicyFile[]>;

/** A string of CEL, Rego, YAML and JSON alike: all of them read JSON's escapes. */
export function stringLiteral(text: string): string {
  return escaped(JSON.stringify(text));
}

/** Quoted texts without characters that end a line for some reader, or that YAML refuses. */
export function escaped(quoted: string): string {
  return quoted.replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Text that a regular expression of Go (RE2) and of JavaScript takes for itself. */
export function regexLiteral(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

/**
 * True where a pattern matches only whole texts: `^...$` whose anchors no alternative escapes.
 * Go's flag `m` makes the anchors those of lines, and its \Q quotes what follows.
 */
export function isAnchored(pattern: string): boolean {
  if (!/^\^[^]*[^\\]\$$/.test(pattern) || /\(\?[a-zA-Z]*m|\\Q/.test(pattern)) return false;
  // A bracket that comes first in a class is a member of it.
  let bare = pattern.replace(/\\[^]|\[\^?\]?(?:\\[^]|[^\]\\]){0,100}\]/g, '');
  for (let before = ''; before !== bare;) {
    before = bare;
    bare = bare.replace(/\([^()]*\)/g, '');
  }
  return !bare.includes('|');
}

const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';

/** Pattern of the image's whole names: repository with any tag and digest, or its one digest. */
export function referencePattern({ repository, digest, isPinned }: AdmittedImage): string {
  const digestPart = isPinned ? `@${digest}` : '(?:@sha256:[a-f0-9]{64})?';
  return `^${regexLiteral(repository)}(?::${TAG})?${digestPart}$`;
}

/** Lines of a comment in YAML or a shell: nothing in them can end it. */
export function hashComment(paragraphs: readonly string[]): string {
  // YAML 1.1 ends a line at more characters than JavaScript does.
  const clean = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, ' ');
  return paragraphs
    .flatMap((paragraph) => wrapWords(clean(paragraph), 96))
    .map((line) => `# ${line}\n`)
    .join('');
}

/** Where a condition looks in a statement, for CEL and Rego. */
function placeOf(root: string, { path }: PredicateCheck): string {
  return `${root}.predicate${path.map((step) => `[${stringLiteral(step)}]`).join('')}`;
}

/** Rego; policy-controller asks `data.sigstore.isCompliant`. OPA before 1.0 needs the import. */
export function regoRule({ predicateType, checks }: StatementRule): string {
  return `package sigstore

import future.keywords.if

default isCompliant := false

isCompliant if {
    input.predicateType == ${stringLiteral(predicateType)}
${checks
  .map((check) => {
    const any = check.is === 'equal' ? '' : '[_]';
    return `    ${placeOf('input', check)}${any} == ${stringLiteral(check.text)}\n`;
  })
  .join('')}}
`;
}

/** A rule's conditions in CEL; `payload` gives the statement. */
export function celChecks({ checks }: StatementRule, payload: string): readonly string[] {
  return checks.map((check) => {
    const literal = stringLiteral(check.text);
    const place = placeOf(payload, check);
    return check.is === 'equal' ? `${place} == ${literal}` : `${place}.exists(e, e == ${literal})`;
  });
}

/**
 * A rule in CUE, as cosign reads it: it unifies the statement with this and asks for no error. So a
 * field that only has a value here would be there for a statement that lacks it: each is required
 * (`!`).
 */
export function cueRule({ predicateType, checks }: StatementRule): string {
  const hasList = checks.some(({ is }) => is === 'containing');
  return [
    ...(hasList ? ['import "list"', ''] : []),
    `predicateType!: ${stringLiteral(predicateType)}`,
    ...checks.map(({ path, is, text }) => {
      const literal = stringLiteral(text);
      const place = path.map((step) => `${stringLiteral(step)}!: `).join('');
      return `predicate!: ${place}${is === 'equal' ? literal : `list.MatchN(>0, ${literal})`}`;
    }),
    '',
  ].join('\n');
}

/** A Kubernetes name (RFC 1123 label) for the policy: readable, and different per repository. */
export function policyName({ repository }: AdmittedImage): string {
  const readable = fileName(repository)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `${readable.slice(0, 40).replace(/-$/, '')}-${digestHex(digestOf(repository)).slice(0, 8)}`;
}
