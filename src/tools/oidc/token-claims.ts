import { parseStrictJson } from '../../formats/strict-json.ts';
import { isObject, listField, numberField, textField } from '../../model/json-value.ts';
import { err, ok, type Result } from '../../model/result.ts';

/** What an OIDC token says of its bearer. Its signature is Fulcio's to verify. */
export interface TokenClaims {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: readonly string[];
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  readonly email?: string;
  /** The provider behind the issuer, by which a person logged in. */
  readonly connector?: string;
  /** The project of a CI job, and who may see it. */
  readonly repository?: string;
  readonly visibility?: string;
}

const LONGEST = 64 * 1024;

/** A token's claims (RFC 7519, compact: three base64url parts). No error repeats the token. */
export function tokenClaims(token: string): Result<TokenClaims> {
  const parts = token.split('.');
  if (token.length > LONGEST || parts.length !== 3 || parts.some((part) => !WORD.test(part)))
    return err('it is not a JSON Web Token');
  const parsed = parseStrictJson(Buffer.from(parts[1] ?? '', 'base64url'), 'it', LONGEST);
  if (!parsed.ok || !isObject(parsed.value)) return err('it does not contain claims');
  const claims = parsed.value;
  const [issuer, subject] = [textField(claims, 'iss'), textField(claims, 'sub')];
  const expires = numberField(claims, 'exp');
  if (issuer === undefined || subject === undefined || expires === undefined)
    return err('it does not say who issued it, for whom, and until when');
  const audience = claims['aud'];
  const optional = {
    email: textField(claims, 'email'),
    connector: textField(claims['federated_claims'], 'connector_id'),
    repository: textField(claims, 'repository') ?? textField(claims, 'project_path'),
    visibility:
      textField(claims, 'repository_visibility') ?? textField(claims, 'project_visibility'),
  };
  return ok({
    issuer,
    subject,
    audience: typeof audience === 'string' ? [audience] : listField(claims, 'aud').map(String),
    expiresAt: expires * 1000,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  });
}

const WORD = /^[A-Za-z0-9_-]+$/;
