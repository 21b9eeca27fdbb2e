import { SECRET_SHAPE } from '../model/secret-shape.ts';

const CREDENTIALS_IN_URL = /(:\/\/)[^/\s"'<>?#]*@/g;
/** The PIN of a PKCS#11 URI (RFC 7512, 2.4). */
const PIN_IN_URI = /([?&]pin-value=)[^&\s]+/gi;
const MASK = '****';

/** Any text with URL credentials and well-known token shapes masked. */
export function maskText(text: string): string {
  return text
    .replaceAll(CREDENTIALS_IN_URL, `$1${MASK}@`)
    .replaceAll(PIN_IN_URI, `$1${MASK}`)
    .replaceAll(SECRET_SHAPE, MASK);
}
