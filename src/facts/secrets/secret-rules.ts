import { secretName } from '../../model/secret-names.ts';
import { inText, named, type SecretRule, tokens } from './rule.ts';
import { isDrawn, isPlaceholder } from './secret-value.ts';
import { AI_SERVICE_RULES, CLOUD_RULES, FORGE_RULES, SERVICE_RULES } from './service-rules.ts';

/** The start of an OpenSSH key with a passphrase: the cipher in it is not `none`. */
const SEALED_BODY = /^(?!b3BlbnNzaC1rZXktdjEAAAAABG5vbmU)b3BlbnNzaC1rZXktdjEA/;

/** True where a PEM block, by its label, its headers or its content, needs a passphrase to open. */
function isSealed({ 0: text, 1: body }: RegExpExecArray, before: string): boolean {
  return (
    /ENCRYPTED /.test(before) || /Proc-Type: 4,ENCRYPTED/.test(text) || SEALED_BODY.test(body ?? '')
  );
}

/** What may be between a key's lines: line ends, plain or escaped, or what code or markup adds. */
const BETWEEN = '(?:\\s|\\\\+[nrt]|["\'`+,>.)(]|%0[AaDd]|&#1[03];|<br\\s?/?>|//|[#*|]){0,80}';
/**
 * What follows `-----BEGIN RSA ` in a PEM block, headers and a body among it: code that only knows
 * the label is not a key. The body is taken with what is between its lines, however short those
 * are.
 */
const PEM_TAIL = `PRIVATE(?: |%20|\\+)KEY-----${BETWEEN}(?:(?:[\\w-]{1,40}: [^\\n\\\\]{0,200}(?:\\n|\\\\n)){1,5}${BETWEEN})?([A-Za-z0-9+/=][A-Za-z0-9+/=\\s\\\\"'\`,>.%&#;]{39,4000})`;
const LINE_ENDS = /(?<!\\)\\+[nrt]|%0[AaDd]|&#1[03];|[^A-Za-z0-9+/=]/g;

/** True for base64 of 40 characters or more (Ed25519 keys have 64) that is not a sentence. */
function isBody(body: string): boolean {
  const [before = ''] = body.split(/-|\s[a-z]+\s[a-z]+\s/, 1);
  return (
    before.replace(LINE_ENDS, '').length >= 40 && !/[a-z]{4} [a-z]{3,} /.test(body.slice(0, 40))
  );
}

function labelBefore(match: RegExpExecArray): string {
  return match.input.slice(Math.max(0, match.index - 40), match.index);
}

/** True where an equals sign follows the name: code and documents are full of `PrivateKey`. */
function isKeyAssigned(bytes: Uint8Array, at: number): boolean {
  let place = at + 'PrivateKey'.length;
  while (bytes[place] === 0x20) place += 1;
  return bytes[place] === 0x3d;
}

/** A private key in PEM; who else accepts it decides whether it is sealed. */
const PEM = {
  keywords: ['PRIVATE KEY', 'PRIVATE%20KEY', 'PRIVATE+KEY'],
  pattern: new RegExp(
    `(?<=-----BEGIN(?: |%20|\\+)(?:[A-Z0-9]{2,12}(?: |%20|\\+)){0,2})${PEM_TAIL}`,
    'y',
  ),
  isPlain: true,
} as const;

export const KEY_RULES: readonly SecretRule[] = [
  {
    id: 'private-key',
    what: 'Private keys in PEM: PKCS#1, PKCS#8, SEC1, DSA, OpenSSH; in JSON too, where line ends are spelled out',
    ...PEM,
    accepts: (value, match) => isBody(value) && !isSealed(match, labelBefore(match)),
  },
  {
    id: 'encrypted-private-key',
    what: 'The same, sealed with a passphrase (PKCS#8, `Proc-Type: 4,ENCRYPTED`, OpenSSH with a cipher, cosign)',
    ...PEM,
    accepts: (value, match) => isBody(value) && isSealed(match, labelBefore(match)),
  },
  {
    id: 'pgp-private-key',
    what: 'PGP private key blocks, sealed or not',
    keywords: ['PGP PRIVATE KEY BLOCK'],
    pattern:
      /(?<=-----BEGIN )PGP PRIVATE KEY BLOCK-----(?:\s|\\n|\\r|\"|'|,){1,40}(?:[\w-]{1,40}: [^\n\\]{0,200}(?:\s|\\n|\\r){1,4}){0,5}(?:\s|\\n|\\r|\"|'|,){0,40}([A-Za-z0-9+/=][A-Za-z0-9+/=\s\\]{39,4000})/y,
    isPlain: true,
  },
  ...tokens(String.raw`
putty-private-key | PuTTY private keys (.ppk) | PuTTY-User-Key-File-
  /PuTTY-User-Key-File-\d: [^\n]{1,60}\n(?:[A-Z][\w-]{1,30}: [^\n]{0,200}\n|[A-Za-z0-9+/=]{1,80}\r?\n){2,60}?Private-Lines: \d{1,4}\r?\n([A-Za-z0-9+/=]{20,80})/y
age-key | age: identities | AGE-SECRET-KEY-1 | [A-Z0-9]{58}
`),
  inText(
    'ssh2-private-key',
    'ssh.com private keys',
    ['---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----'],
    /---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\s{1,4}(?:[\w-]{1,40}: [^\n]{0,200}\n){0,5}([A-Za-z0-9+/=]{40,})/y,
  ),
  {
    ...inText(
      'private-jwk',
      'JSON Web Keys with their private or symmetric part',
      ['"kty"'],
      /"kty"\s{0,4}:\s{0,4}"(?:RSA|EC|OKP|oct)"(?:[^{}]{0,1500}?,\s{0,20}"[dk]"\s{0,4}:\s{0,4}"([\w-]{22,1400})"|(?<="[dk]"\s{0,4}:\s{0,4}"([\w-]{22,1400})"[^{}]{0,1500}))/y,
    ),
    cost: 200,
  },
  {
    ...inText(
      'wireguard-key',
      "WireGuard: an interface's private key",
      ['PrivateKey'],
      /(?<=^[ \t]{0,8})PrivateKey\s{0,4}=\s{0,4}([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)[ \t\r]{0,4}$/my,
    ),
    glance: isKeyAssigned,
  },
];

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
const ADDRESS_RULES: readonly SecretRule[] = [
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

/** What the name of a secret ends in, as keywords: the first letter may be a capital. */
const WORDS = (
  'assword ASSWORD asswd ASSWD assphrase ASSPHRASE ecret ECRET oken OKEN api_key API_KEY ' +
  'piKey pikey PIKEY pi-key Pi-Key pi-Key ccess_key CCESS_KEY ccessKey rivate_key ' +
  'RIVATE_KEY rivateKey uth_key UTH_KEY cret_key CRET_KEY cretKey ncryption_key ' +
  'NCRYPTION_KEY ncryptionKey'
).split(' ');
const LEAST = 16;
const FAR = 40;

function isValue(byte: number): boolean {
  return byte > 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x27 && byte !== 0x60;
}

/** True where an equals sign or a colon follows the name on its line, and a long word that one. */
function isAssigned(bytes: Uint8Array, at: number): boolean {
  let place = at;
  const end = Math.min(bytes.length, at + FAR);
  for (; ; place += 1) {
    const byte = bytes[place] ?? 10;
    if (place >= end || byte === 10) return false;
    if (byte === 0x3d || byte === 0x3a) break;
  }
  while (place < end && !isWordByte(bytes[place] ?? 0)) place += 1;
  for (let length = 0; length < LEAST; length += 1)
    if (!isValue(bytes[place + length] ?? 0)) return false;
  return true;
}

function isWordByte(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x61 && byte <= 0x7a)
  );
}

/** Services whose keys have no shape of their own: each beside the service's name. */
const SERVICES = (
  'adafruit airtable algolia asana bittrex cloudflare codecov cohere coinbase confluent ' +
  'datadog discord dropbox etsy facebook fastly finnhub flickr freshbooks gitter heroku ' +
  'hubspot intercom jfrog kraken kucoin launchdarkly linkedin mailgun mattermost ' +
  'messagebird okta plaid rapidapi sendbird snyk squarespace sumologic travis twitch ' +
  'twitter zendesk'
).split(' ');

/** Secrets without a shape: by the name they have, where the value looks drawn at random. */
const ASSIGNED_RULES: readonly SecretRule[] = [
  {
    ...inText(
      'assigned-secret',
      'A value drawn at random, set under a name that says it is a password, secret, token or key',
      WORDS,
      /(?<=(?<head>[A-Za-z0-9_.-]{0,60}))(?<word>[A-Za-z_-]{4,14}?)(?<tail>s?)["'\]]{0,2}\s{0,4}(?:=>|:=|[=:])\s{0,4}(?:["'`]|&quot;)?(?<secret>[A-Za-z0-9+/=_.~!@#$%^&*-]{16,200})(?![A-Za-z0-9+/=_([])/y,
      (value, { groups }) => {
        const name = `${groups?.['head'] ?? ''}${groups?.['word'] ?? ''}`;
        return (
          secretName(name, 'sure') !== undefined &&
          isDrawn(value) &&
          /\d/.test(value) &&
          !isCode(value) &&
          !isTypeOf(name, value)
        );
      },
    ),
    glance: isAssigned,
    cost: 10,
  },
  {
    ...named(
      'service-key',
      'Keys of services that have no shape of their own, beside the name of the service',
      SERVICES,
      '[A-Za-z0-9]{20,64}|[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}',
    ),
    accepts: (value, { 0: whole }) =>
      isDrawn(value, 20) &&
      /\d/.test(value) &&
      /key|token|secret|passw|auth|cred|pat\b/i.test(whole),
  },
];

/** An identifier that repeats the name as its type in code: `private_key: PKCS7PrivateKeyTypes`. */
function isTypeOf(name: string, value: string): boolean {
  if (!/^[A-Za-z_]\w*$/.test(value)) return false;
  const words = name.replace(/([a-z])(?=[A-Z])/g, '$1_').split(/[_.-]/);
  const rest = value.replace(new RegExp(words.slice(-2).join('_?'), 'i'), '');
  return rest.length < value.length && !isDrawn(rest);
}

/**
 * Names that code joins by dots or a bundler makes (`$96695cc1$var$key`), digests that say what
 * they are, and ids. Few UUIDs are secrets, and those are known by name.
 */
function isCode(value: string): boolean {
  return (
    /^[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)+$|^\$[\da-f]{6,20}\$/.test(value) ||
    /^sha\d{3}[-:]|^[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}$/i.test(value)
  );
}

export type { SecretRule };

/** Every shape, by kind. `credential-files.ts` finds secrets without a marker in their files. */
export const SECRET_RULE_GROUPS: readonly {
  readonly kind: string;
  readonly rules: readonly SecretRule[];
}[] = [
  { kind: 'private keys', rules: KEY_RULES },
  { kind: 'forges, package registries, CI', rules: FORGE_RULES },
  { kind: 'clouds and what keeps secrets', rules: CLOUD_RULES },
  { kind: 'services', rules: [...SERVICE_RULES, ...AI_SERVICE_RULES] },
  { kind: 'passwords and tokens in text', rules: [...ADDRESS_RULES, ...ASSIGNED_RULES] },
];

export const SECRET_RULES: readonly SecretRule[] = SECRET_RULE_GROUPS.flatMap(({ rules }) => rules);

const TOKENS = new Set(SECRET_RULES.filter(({ loose }) => loose !== undefined).map(({ id }) => id));

/**
 * True for a rule that finds tokens by their issuer's own prefix. No package has a live one by
 * mistake that is nobody's secret.
 */
export function isToken(rule: string): boolean {
  return TOKENS.has(rule);
}
