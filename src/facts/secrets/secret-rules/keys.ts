import { inText, type SecretRule } from './rule.ts';

/** The first lines of a key that is sealed with a passphrase; OpenSSH names its cipher within, `none` where there is none. */
const SEALED_BODY = /^(?!b3BlbnNzaC1rZXktdjEAAAAABG5vbmU)b3BlbnNzaC1rZXktdjEA/;

/** True where a PEM block, by its label, its headers or its content, needs a passphrase to open. */
function isSealed({ 0: text, 1: body }: RegExpExecArray, before: string): boolean {
  return (
    /ENCRYPTED /.test(before) || /Proc-Type: 4,ENCRYPTED/.test(text) || SEALED_BODY.test(body ?? '')
  );
}

/** What may stand between a label and its body: line ends, spelled out or not, and what source code joins lines with. */
const BETWEEN = '(?:\\s|\\\\[nr]|["\'`+,>]){0,80}';
/** What follows `-----BEGIN RSA ` in a PEM block, headers and a body among it: code that only knows the label is no key. */
const PEM_TAIL = `PRIVATE KEY-----${BETWEEN}(?:(?:[\\w-]{1,40}: [^\\n\\\\]{0,200}(?:\\n|\\\\n)){1,5}${BETWEEN})?([A-Za-z0-9+/=]{40,})`;

function labelBefore(match: RegExpExecArray): string {
  return match.input.slice(Math.max(0, match.index - 40), match.index);
}

/** True where an equals sign follows the name: code and documents are full of `PrivateKey`. */
function isAssigned(bytes: Uint8Array, at: number): boolean {
  let place = at + 'PrivateKey'.length;
  while (bytes[place] === 0x20) place += 1;
  return bytes[place] === 0x3d;
}

/** Private keys of all kinds that are text. */
export const KEY_RULES: readonly SecretRule[] = [
  {
    id: 'private-key',
    what: 'Private keys in PEM: PKCS#1, PKCS#8, SEC1, DSA, OpenSSH; in JSON too, where line ends are spelled out',
    keywords: ['PRIVATE KEY'],
    pattern: new RegExp(`(?<=-----BEGIN (?:[A-Z0-9]{2,12} ){0,2})${PEM_TAIL}`, 'y'),
    inBinaries: true,
    accepts: (_value, match) => !isSealed(match, labelBefore(match)),
  },
  {
    id: 'encrypted-private-key',
    what: 'The same, sealed with a passphrase (PKCS#8, `Proc-Type: 4,ENCRYPTED`, OpenSSH with a cipher, cosign)',
    keywords: ['PRIVATE KEY'],
    pattern: new RegExp(`(?<=-----BEGIN (?:[A-Z0-9]{2,12} ){0,2})${PEM_TAIL}`, 'y'),
    inBinaries: true,
    accepts: (_value, match) => isSealed(match, labelBefore(match)),
  },
  {
    id: 'pgp-private-key',
    what: 'PGP private key blocks, sealed or not',
    keywords: ['PGP PRIVATE KEY BLOCK'],
    pattern:
      /(?<=-----BEGIN )PGP PRIVATE KEY BLOCK-----(?:\s|\\n|\\r){1,8}(?:[\w-]{1,40}: [^\n\\]{0,200}(?:\s|\\n|\\r){1,4}){0,5}(?:\s|\\n|\\r){0,8}([A-Za-z0-9+/=]{40,})/y,
    inBinaries: true,
  },
  {
    id: 'private-key-in-base64',
    what: 'A PEM private key, encoded once more (Kubernetes, environment variables)',
    keywords: ['LS0tLS1CRUdJTi'],
    pattern:
      /LS0tLS1CRUdJTi(?:BQUklWQVRFIEtFWS|BSU0EgUFJJVkFURSBLRV|BFQyBQUklWQVRFIEtFWS|BEU0EgUFJJVkFURSBLRV|BPUEVOU1NIIFBSSVZBVEUgS0VZ|BFTkNSWVBURUQgUFJJVkFUR)[A-Za-z0-9+/=]{60,}/y,
    inBinaries: true,
  },
  inText(
    'putty-private-key',
    'PuTTY private keys (.ppk)',
    ['PuTTY-User-Key-File-'],
    /PuTTY-User-Key-File-\d: [^\n]{1,60}\n(?:[A-Z][\w-]{1,30}: [^\n]{0,200}\n|[A-Za-z0-9+/=]{1,80}\r?\n){2,60}?Private-Lines: \d{1,4}\r?\n([A-Za-z0-9+/=]{20,80})/y,
  ),
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
    inBinaries: true,
  },
  {
    ...inText(
      'wireguard-key',
      "WireGuard: an interface's private key",
      ['PrivateKey'],
      /(?<=^[ \t]{0,8})PrivateKey\s{0,4}=\s{0,4}([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)[ \t\r]{0,4}$/my,
    ),
    glance: isAssigned,
  },
];
