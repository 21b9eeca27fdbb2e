import { inText, type SecretRule, tokens } from './rule.ts';

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

/** Private keys of all kinds that are text. */
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
    id: 'age-key',
    what: 'age: identities',
    keywords: ['AGE-SECRET-KEY-1'],
    pattern: /AGE-SECRET-KEY-1[A-Z0-9]{58}(?![A-Z0-9])/y,
    isPlain: true,
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
