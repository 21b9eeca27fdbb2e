import { Buffer } from 'node:buffer';
import { cellText, tableRows } from '../fakes/table.ts';

// Put together here, so that no scanner takes this file for a leak.
const MIXED = 'Ab3dEf7hIj1LmN0pQr5tUvWx9zYk2CsD8gBn4JwKq6RtVh';
const HEX = '3f9a0c71d2e84b65a7f01c9e52d8b346';
const UPPER = 'Q7ZK2M9XW4LR8TBD5GHN3VPC6FJY';

/** `length` characters of letters and digits; another `seed` gives others. */
export function mixed(length: number, seed = 0): string {
  const turned = MIXED.slice(seed) + MIXED.slice(0, seed);
  return turned.repeat(Math.ceil(length / MIXED.length)).slice(0, length);
}

export function hex(length: number): string {
  return HEX.repeat(Math.ceil(length / HEX.length)).slice(0, length);
}

export function upper(length: number): string {
  return UPPER.repeat(Math.ceil(length / UPPER.length)).slice(0, length);
}

function letters(length: number): string {
  return MIXED.replace(/\d/g, '').repeat(9).slice(0, length);
}

const LINES = Array.from({ length: 6 }, (_, i) => mixed(64, i));

/** A PEM block of the kind (`'RSA '`), its body the usual beginning and noise. */
export function pem(kind: string, body = LINES.join('\n')): string {
  return `-----BEGIN ${kind}PRIVATE KEY-----\n${body}\n-----END ${kind}PRIVATE KEY-----\n`;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const digits = (length: number): string => '8374610529'.repeat(3).slice(0, length);
const uuid = `${hex(8)}-${hex(4)}-4b65-${hex(4)}-${hex(12)}`;
const jwt = `${base64('{"alg":"HS256","typ":"JWT"}').replaceAll('=', '')}.${base64('{"sub":"38271","n":"abc"}').replaceAll('=', '')}.${mixed(43)}`;
const PPK = `PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\nComment: me\nPublic-Lines: 2\n${mixed(64)}\n${mixed(20)}\nPrivate-Lines: 1\n${mixed(44)}\nPrivate-MAC: ${hex(64)}\n`;

const DRAWN: Readonly<Record<string, (length: number) => string>> = {
  mixed,
  hex,
  upper,
  letters,
  digits,
};

/** What a cell stands for: `<mixed 36>` for 36 letters and digits, `<uuid>` for an id. */
export function drawnText(cell: string): string {
  return cellText(cell)
    .replaceAll('<uuid>', uuid)
    .replaceAll(/<(\w+) (\d+)>/g, (all, kind: string, length: string) => {
      return DRAWN[kind]?.(Number(length)) ?? all;
    });
}

const ROWS = tableRows('test/facts/secret-samples.tsv');

/** For each rule, texts that hold one secret of its kind. */
export const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(ROWS.map(([rule = '', ...texts]) => [rule, texts.map(drawnText)])),
  'private-key': [
    pem(''),
    pem('RSA '),
    pem('EC '),
    pem('DSA '),
    pem('OPENSSH ', `b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQ${LINES.join('\n')}`),
    JSON.stringify({ private_key: pem('') }),
    `key: |\n    ${pem('RSA ').replaceAll('\n', '\n    ')}`,
    `const k = "-----BEGIN RSA PRIVATE KEY-----\\n" +\n  "${mixed(64)}\\n"`,
  ],
  'encrypted-private-key': [
    pem('ENCRYPTED '),
    pem('ENCRYPTED SIGSTORE '),
    pem(
      'RSA ',
      `Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,${upper(16)}\n\n${LINES.join('\n')}`,
    ),
    pem('OPENSSH ', `b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0${LINES.join('\n')}`),
  ],
  'pgp-private-key': [
    `-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: GnuPG v2\n\n${LINES.join('\n')}\n`,
    `-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n${LINES.join('\n')}\n`,
  ],
  'putty-private-key': [PPK],
  'ssh2-private-key': [
    `---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: "me"\n${LINES.join('\n')}\n`,
  ],
  'private-jwk': [
    JSON.stringify({ kty: 'EC', crv: 'P-256', x: mixed(43), d: mixed(43, 3) }),
    JSON.stringify({ d: mixed(43, 3), crv: 'Ed25519', kty: 'OKP', x: mixed(43) }),
    JSON.stringify({ kty: 'oct', k: mixed(43) }, null, 2),
  ],
  'twilio-key': [
    `TWILIO_AUTH_TOKEN=${hex(32)}`,
    `twilio key SK${hex(32)}`,
    `account: AC${hex(32)}, key: SK${hex(32)}`,
    `SK${hex(32)}\n${'x '.repeat(60)}AC${hex(32)}`,
  ],
  jwt: [jwt],
  'authorization-header': [
    `Authorization: Basic ${base64(`me:${mixed(24)}`)}`,
    `"authorization": "Bearer ${mixed(40)}"`,
  ],
  'registry-login': [`{"auths":{"x":{"auth":"${base64(`me:${mixed(20)}`)}"}}}`],
};
