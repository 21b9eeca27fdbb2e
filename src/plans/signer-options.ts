import { err, ok, type Result } from '../model/result.ts';

/** What the user says of who must have signed. */
export interface SignerFlags {
  /** Public keys: files or URIs that cosign knows. */
  readonly keys: readonly string[];
  readonly identity: string | undefined;
  readonly identityPattern: string | undefined;
  readonly issuer: string | undefined;
  readonly issuerPattern: string | undefined;
}

/** An identity that was named whole: who, and who vouches for it. */
interface NamedIdentity {
  readonly identity: { readonly exact: string } | { readonly pattern: string };
  readonly issuer: { readonly exact: string } | { readonly pattern: string };
}

/** Names that nobody means: a pattern that takes one of them takes anybody. */
const NOBODY = [
  'q7zx',
  'q7zx@vk3w.invalid',
  'https://vk3w.invalid/q7zx',
  'https://vk3w.invalid/q7zx/.github/workflows/q7zx.yml@refs/heads/q7zx',
  'spiffe://vk3w.invalid/q7zx',
  'http://vk3w.invalid',
];
const MAX_PATTERN = 1024;

/**
 * The identity that the flags name, undefined where they name none. Both identity and issuer are
 * asked for, each by text or by pattern; a pattern that anybody satisfies is refused, since such a
 * verification proves no signer.
 */
export function namedIdentity(flags: SignerFlags): Result<NamedIdentity | undefined> {
  const identity = oneOf('certificate-identity', flags.identity, flags.identityPattern);
  if (!identity.ok) return identity;
  const issuer = oneOf('certificate-oidc-issuer', flags.issuer, flags.issuerPattern);
  if (!issuer.ok) return issuer;
  if (identity.value === undefined && issuer.value === undefined) return ok(undefined);
  if (identity.value === undefined)
    return err('--certificate-oidc-issuer needs --certificate-identity beside it');
  if (issuer.value === undefined)
    return err('--certificate-identity needs --certificate-oidc-issuer beside it');
  return ok({ identity: identity.value, issuer: issuer.value });
}

function oneOf(
  flag: string,
  exact: string | undefined,
  pattern: string | undefined,
): Result<NamedIdentity['identity'] | undefined> {
  if (exact !== undefined && pattern !== undefined)
    return err(`--${flag} and --${flag}-regexp exclude each other`);
  if (exact !== undefined)
    return exact.trim() === '' || exact.trim() === '*'
      ? err(`--${flag} must name somebody`)
      : ok({ exact });
  if (pattern === undefined) return ok(undefined);
  if (READ_OTHERWISE.test(pattern))
    return err(`--${flag}-regexp has what cannot be checked for taking anybody: \\Q \\p \\x{ [:`);
  const expression = asExpression(pattern);
  if (expression === undefined) return err(`--${flag}-regexp is not a regular expression`);
  return NOBODY.some((name) => expression.test(name))
    ? err(`--${flag}-regexp matches anybody: any-identity verification does not count`)
    : ok({ pattern });
}

/** What Go reads differently than JavaScript, without errors: quotes, class names, code points. */
const READ_OTHERWISE = /\\[QEpPCa]|\\x\{|\[:/;

/** Converts Go's own syntax for JavaScript: leading flags, named groups, anchors of the text. */
function asExpression(pattern: string): RegExp | undefined {
  if (pattern.length > MAX_PATTERN) return undefined;
  const flags = /^\(\?([imsU]+)\)/.exec(pattern)?.[1] ?? '';
  const body = pattern
    .replace(/^\(\?[imsU]+\)/, '')
    .replaceAll('(?P<', '(?<')
    .replace(/\\A/g, '^')
    .replace(/\\z/g, '$');
  try {
    return new RegExp(body, flags.replaceAll('U', ''));
  } catch {
    return undefined;
  }
}
