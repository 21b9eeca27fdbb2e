import { isDrawn, isPlaceholder } from '../secret-value.ts';
import { inText, type SecretRule, tokens } from './rule.ts';

/** Passwords that are everybody's: defaults of test set-ups and words that mean one. */
const COMMON =
  /^(?:(?:[a-z]+[_-])*(?:my)?(?:pass(?:w(?:or)?d)?|pwd|pw|secret|token|sas|credentials?)\d{0,4}|x-oauth-(?:basic|token)|x-token-auth|postgres|mysql|mongo|redis|rabbitmq|root|admin|user(?:name)?|guest|foo|bar|baz|test(?:ing|er)?\d{0,4}|hello|demo|dev|local|none|null|undefined|anonymous|key_\d{4}|string|port|\d{1,5})$/i;

/** Hosts for documentation by standard (RFC 2606, RFC 6761), and words that mean a host. */
const NO_HOST =
  /^(?:(?:[\w-]+\.)*example(?:\.(?:com|org|net|edu))?|(?:[\w-]+\.)+(?:test|invalid|example)|host(?:name)?|server|domain(?:\.com)?|(?:my|your)[\w-]*(?:\.com)?|foo(?:\.\w+)?|bar(?:\.\w+)?|a\.b(?:\.c)?|[a-z]|xxx.*)$/i;

function isPassword(value: string, match: RegExpExecArray): boolean {
  const { user = '', host = '' } = match.groups ?? {};
  if (isCommon(value) || value === user) return false;
  // A tag between a name and its digest: `docker://alpine:3.19@sha256:...`.
  return host !== 'sha256' && !NO_HOST.test(host);
}

const LEET: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'l',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  '@': 'a',
  $: 's',
};

/**
 * True for everybody's password, also with digits and signs for letters, and for a single word,
 * such as documentation makes up.
 */
function isCommon(value: string): boolean {
  const plain = value.replace(/[013457@$]/g, (letter) => LEET[letter] ?? letter);
  if (COMMON.test(value) || COMMON.test(plain)) return true;
  return value.length <= 12 && /^[A-Za-z]?[a-z]+$|^[A-Z][A-Z_]*$/.test(value);
}

const BEFORE_HOST = 310;

/** True where a colon, then an `@`, follow `://` before anything ends the address's first part. */
function hasPassword(bytes: Uint8Array, at: number): boolean {
  let colon = false;
  const end = Math.min(bytes.length, at + 3 + BEFORE_HOST);
  for (let place = at + 3; place < end; place += 1) {
    const byte = bytes[place] ?? 0;
    if (byte === 0x40) return colon;
    if (byte === 0x3a) colon = true;
    // Blanks and controls, `/`, `"`, `<`, `>`.
    else if (byte <= 0x20 || byte === 0x2f || byte === 0x22 || byte === 0x3c || byte === 0x3e)
      return false;
  }
  return false;
}

/** True where a scheme's name is in the few bytes after `uthorization`. */
function hasScheme(bytes: Uint8Array, at: number): boolean {
  const near = Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(30, bytes.length - at));
  return /(?:asic|earer|oken)\s/i.test(near.toString('latin1'));
}

/** True where base64 contains a name and a password that is not everybody's. */
function isLogin(value: string): boolean {
  const plain = Buffer.from(value, 'base64').toString('latin1');
  const [, user = '', password = ''] =
    /^([\x20-\x7e]{0,200}?):([\x20-\x7e]{4,1000})$/.exec(plain) ?? [];
  return password !== '' && password !== user && !isCommon(password) && !isPlaceholder(password);
}

/** Passwords within addresses and connection strings, headers, and signed tokens. */
export const ADDRESS_RULES: readonly SecretRule[] = [
  {
    ...inText(
      'password-in-url',
      'A password in an address, `scheme://user:password@host`: web, database, queue, git',
      ['://'],
      /(?<=(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9+.-]{1,20}):\/\/(?=(?<user>[^\s:/?#@"'`<>{}()[\]$%,;|\\*]{0,100}):(?<secret>[^\s/?#@"'`<>{}()[\]$|\\*]{4,200})@(?<host>[\w.-]{1,253}))/y,
      isPassword,
    ),
    cost: 1,
    glance: hasPassword,
  },
  inText(
    'token-in-url',
    'GitHub: a token as the user of an address, `https://TOKEN:x-oauth-basic@github.com`',
    [':x-oauth-basic@'],
    /(?<=:\/\/([A-Za-z0-9_]{20,255})):x-oauth-basic@/y,
  ),
  inText(
    'password-in-jdbc',
    'A password in a JDBC address',
    ['jdbc:'],
    /jdbc:[a-z0-9:]{2,40}[:/][^\s"'<>]{1,300}?[?&;]password=([^&;\s"'<>${}]{4,128})/iy,
    (value) => !isCommon(value),
  ),
  inText(
    'password-in-connection-string',
    'A password in an ADO.NET or ODBC connection string',
    [';Password=', ';Pwd=', ';PWD=', ';password=', '; Password=', ';pwd='],
    /(?<=(?:Server|Data Source|Host|Endpoint|Driver|Uid|User Id|Username)\s?=[^\n"']{1,300});\s?(?:password|pwd)=([^;"'\s<>{}$]{4,128})/iy,
    (value) => !isCommon(value),
  ),
  ...tokens(String.raw`
jwt | JSON Web Tokens with a signature | .eyJ
  /(?<=(?<![A-Za-z0-9_-])(eyJ[A-Za-z0-9_-]{10,1000}))\.eyJ[A-Za-z0-9_-]{10,3000}\.[A-Za-z0-9_-]{20,1000}/y
`),
  {
    ...inText(
      'authorization-header',
      'A credential in an `Authorization` header',
      ['uthorization'],
      /uthorization["']?\s{0,3}[:=,]\s{0,3}["']?(?:(?<basic>Basic)|Bearer|token)\s{1,3}(?<secret>[A-Za-z0-9+/_.~-]{12,2000}={0,2})(?![A-Za-z0-9(.])/iy,
      (value, { groups }) => (groups?.['basic'] === undefined ? isDrawn(value) : isLogin(value)),
    ),
    glance: hasScheme,
  },
  {
    ...inText(
      'registry-login',
      'A name and a password in base64, as container clients keep them: `"auth": "..."`',
      ['"auth"', "'auth'", 'auth:'],
      /["']?auth["']?\s{0,4}[:=]\s{0,4}["']?(?<secret>[A-Za-z0-9+/]{12,2000}={0,2})(?![A-Za-z0-9+/])/y,
      isLogin,
    ),
    cost: 5,
  },
];
