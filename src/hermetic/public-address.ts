import { decoded } from '../model/purl.ts';
import { SECRET_SHAPE } from '../model/secret-shape.ts';

/** What stands for a secret in an address. */
const REDACTED = 'REDACTED';

/** Names of query parameters that hold a secret, or what only its holder knows. */
const SECRET_PARAMETER =
  /sig|token|key|secret|pass|pwd|credential|auth|jwt|session|code|nonce|hmac|policy/i;
/** A parameter of a query, in an address or in a text around it. */
const PARAMETER = /([?&;])([^=&;?#\s<>"',]+)=[^&;#\s<>"',]*/g;
const CREDENTIALS = /((?:^|[\s<"',;])(?:[a-z][a-z0-9+.-]*:)?)\/\/[^/?#@\s<>"']*@/gi;

/**
 * An address without credentials and fragment, and with `REDACTED` for each value that may be a
 * secret. Doing it twice changes nothing, so that a replayed redirect is found again.
 */
export function publicAddress(address: string): string {
  const url = new URL(address);
  url.hash = '';
  url.username = '';
  url.password = '';
  return masked(url.href);
}

/** The value of a header with every address in it masked, a relative one too. */
export function publicHeader(value: string): string {
  return masked(value.replaceAll(CREDENTIALS, '$1//'));
}

/** True for a text in which a secret was masked. */
export function hasSecret(text: string): boolean {
  return text.includes(REDACTED);
}

function masked(text: string): string {
  return text
    .replaceAll(PARAMETER, (found, start: string, name: string) =>
      SECRET_PARAMETER.test(decoded(name)) ? `${start}${name}=${REDACTED}` : found,
    )
    .replaceAll(SECRET_SHAPE, REDACTED);
}
