import { describe, expect, test } from 'vitest';
import { ScanBudget } from '../../src/facts/secrets/open-content.ts';
import { secretsInPiece } from '../../src/facts/secrets/secret-collector.ts';
import { SECRET_RULES } from '../../src/facts/secrets/secret-rules.ts';
import { masked } from '../../src/facts/secrets/secret-value.ts';
import { hex, mixed, pem, SAMPLES } from './secret-samples.ts';

function rules(text: string): readonly string[] {
  return secretsInPiece(Buffer.from(text), false, new ScanBudget()).map(({ rule }) => rule);
}

test('each rule has a sample, and an id of its own', () => {
  const ids = SECRET_RULES.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(Object.keys(SAMPLES).sort()).toEqual([...ids].sort());
});

describe.each(Object.entries(SAMPLES))('%s', (id, samples) => {
  test.each(samples)('finds it alone, quoted, assigned and amid text: %#', (sample) => {
    for (const text of [sample, `x\n"${sample}"\n`, `A=1\n\tb: ${sample}\n`])
      expect(rules(text)).toEqual([id]);
  });

  test('in a program', () => {
    const program = Buffer.concat([
      Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0, 0]),
      Buffer.from(samples[0] ?? ''),
      Buffer.alloc(8),
    ]);
    const found = secretsInPiece(program, true, new ScanBudget()).map((secret) => secret.rule);
    expect(found).toEqual([id]);
  });
});

describe('what only looks like one', () => {
  test.each([
    [
      'a header without a key',
      "const HEAD = '-----BEGIN PRIVATE KEY-----';\nmodule.exports = {};\n",
    ],
    ['a certificate', pem('').replaceAll('PRIVATE KEY', 'CERTIFICATE')],
    ['a public key', pem('').replaceAll('PRIVATE KEY', 'PUBLIC KEY')],
    ['a public PGP key', pem('PGP ').replaceAll('PRIVATE KEY', 'PUBLIC KEY BLOCK')],
    ['a public JWK', JSON.stringify({ kty: 'EC', crv: 'P-256', x: mixed(43), y: mixed(43) })],
    ["AWS' own example", 'AKIAIOSFODNN7EXAMPLE\n'],
    ["AWS' other example", `aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n`],
    ['a placeholder', `ghp_${'x'.repeat(36)}`],
    ['a longer word', `myghp_${mixed(36)}`],
    ['an integrity hash', `"integrity": "sha512-${mixed(86)}=="`],
    ['an address without a password', 'https://user@example.net/a:b@c'],
    ['an address with a port', 'http://localhost:8080/@scope/name'],
    ['a well-known password', 'postgres://postgres:postgres@db/app'],
    ['a password that is the name', 'amqp://rabbit77:rabbit77@mq/'],
    ['a documentation host', `https://me:${mixed(12)}@www.example.com/`],
    ['a variable', 'postgres://app:${DB_PASSWORD}@db/app and https://x:$TOKEN@y.net'],
    ['a template', 'redis://:{{ password }}@cache/0 redis://:<password>@cache redis://:%s@c'],
    ['an unsigned token', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxMjM0NTY3ODkwIn0.'],
    ['a header with a variable', 'Authorization: Bearer ${GITHUB_TOKEN_OF_THE_RUN_1}'],
    ['a header of words', 'authorization: bearer confirmation-method-must-be-given'],
    ['an npm variable', 'process.env.npm_config_user_agent_and_more_than_36_letters'],
    ['a key of Twilio’s shape, and no account near', `id SK${hex(32)}\n`],
    ['… an account too far off', `SK${hex(32)} ${'word '.repeat(60)} AC${hex(32)}`],
    ['… in capitals', `SK${hex(32).toUpperCase()} AC${hex(32)}`],
    ['… within a longer word', `TASK${hex(32)} AC${hex(32)}`],
    ['… longer than a key', `SK${hex(40)} AC${hex(32)}`],
    ['… as documentation writes it', `SK${'a'.repeat(32)} AC${'a'.repeat(32)}`],
    ['an account alone', `AC${hex(32)}`],
    ['a dotenv placeholder of every Next.js', 'dotenv://:key_1234@dotenv.org/vault/.env.vault'],
    ['another of dotenv itself', 'dotenv://:key_7890@dotenvx.com/vault/.env.vault'],
  ])('%s', (_name, text) => {
    expect(rules(text)).toEqual([]);
  });
});

test.each([
  ['', '***'],
  ['abc', '***'],
  ['abcdefgh', 'ab***'],
  [`ghp_${mixed(36)}`, 'ghp_***'],
  ['\u001b[31mabcdefghijkl', '[31m***'],
  ['ééééabcdefgh', 'ab***'],
])('%j is shown as %s', (value, shown) => {
  expect(masked(value)).toBe(shown);
});
