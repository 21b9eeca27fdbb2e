const CREDENTIALS_IN_URL = /(:\/\/)[^/\s"'<>?#]*@/g;
/** The PIN of a PKCS#11 URI (RFC 7512, 2.4). */
const PIN_IN_URI = /([?&]pin-value=)[^&\s]+/gi;
/** Shapes that are secrets by themselves: GitHub, GitLab, AWS, Slack, npm, JSON web tokens, PEM. */
const SECRET_VALUE =
  /\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|AKIA[0-9A-Z]{16}|xox[abprs]-[\w-]{10,}|npm_\w{30,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+)|-----BEGIN [A-Z ]*PRIVATE KEY-----/g;
const MASK = '****';

/** Any text with URL credentials and well-known token shapes masked. */
export function maskText(text: string): string {
  return text
    .replaceAll(CREDENTIALS_IN_URL, `$1${MASK}@`)
    .replaceAll(PIN_IN_URI, `$1${MASK}`)
    .replaceAll(SECRET_VALUE, MASK);
}
