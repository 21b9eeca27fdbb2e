import { describe, expect, test } from 'vitest';
import { ScanBudget } from '../../src/facts/secrets/open-content.ts';
import { secretsInPiece } from '../../src/facts/secrets/secret-collector.ts';
import { SECRET_RULES } from '../../src/facts/secrets/secret-rules.ts';
import { masked } from '../../src/facts/secrets/secret-value.ts';
import { tableRows } from '../fakes/table.ts';
import { drawnText, hex, mixed, pem, SAMPLES } from './secret-samples.ts';

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

test.each<[string, string]>([
  ...tableRows('test/facts/near-secrets.tsv').map(([name = '', text = '']): [string, string] => [
    name,
    drawnText(text),
  ]),
  ['a certificate', pem('').replaceAll('PRIVATE KEY', 'CERTIFICATE')],
  ['a public key', pem('').replaceAll('PRIVATE KEY', 'PUBLIC KEY')],
  ['a public PGP key', pem('PGP ').replaceAll('PRIVATE KEY', 'PUBLIC KEY BLOCK')],
  ['a public JWK', JSON.stringify({ kty: 'EC', crv: 'P-256', x: mixed(43), y: mixed(43) })],
  ['a placeholder', `ghp_${'x'.repeat(36)}`],
  ['… an account too far off', `SK${hex(32)} ${'word '.repeat(60)} AC${hex(32)}`],
  ['… in capitals', `SK${hex(32).toUpperCase()} AC${hex(32)}`],
  ['… as documentation writes it', `SK${'a'.repeat(32)} AC${'a'.repeat(32)}`],
])('only looks like one: %s', (_name, text) => {
  expect(rules(text)).toEqual([]);
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
