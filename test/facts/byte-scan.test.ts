import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import loadWabt from 'wabt';
import { BYTE_SCAN_WASM } from '../../src/facts/secrets/kernel/byte-scan-wasm.ts';
import { BASE64_RUN, KeywordScan } from '../../src/facts/secrets/kernel/byte-scan.ts';
import { wideViews } from '../../src/facts/secrets/secret-views.ts';

const scan = new KeywordScan([{ text: 'unlikely' }]);

test('the WebAssembly is what byte-scan.wat says; else run scripts/generate-kernel.mjs', async () => {
  const source = readFileSync('src/facts/secrets/kernel/byte-scan.wat', 'utf8');
  const wabt = await loadWabt();
  const parsed = wabt.parseWat('byte-scan.wat', source, { simd: true });
  parsed.validate();
  const { buffer } = parsed.toBinary({});
  expect(Buffer.from(buffer).toString('base64')).toBe(BYTE_SCAN_WASM);
});

/** Content with long runs, words, and bytes of any kind side by side. */
const piece = fc.oneof(
  fc.string({ unit: fc.constantFrom(...Array.from('abzAZ059+/')), minLength: 1, maxLength: 90 }),
  fc.string({ unit: fc.constantFrom(...Array.from(' -_@[`{:.\n')), minLength: 1, maxLength: 4 }),
  fc.string({ unit: fc.constantFrom('\0', '\x80', '\xff', '\x01'), minLength: 1, maxLength: 9 }),
  fc
    .string({ unit: fc.constantFrom(...Array.from('aZ5 \t')), minLength: 1, maxLength: 60 })
    .map(wide),
);

function wide(text: string): string {
  return text.replace(/./gs, '$&\0');
}

test('finds the runs of base64 that a regular expression finds', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('');
      const findings = scan.scan(Buffer.from(text, 'latin1'));
      const runs: string[] = [];
      for (let pair = 0; pair < findings.length; pair += 2)
        if (findings[pair] === BASE64_RUN)
          runs.push(`${findings[pair + 1] ?? ''}-${findings[pair + 3] ?? ''}`);
      const expected = Array.from(
        text.matchAll(/[A-Za-z0-9+/]{40,}/g),
        ({ index, 0: run }) => `${index}-${index + run.length}`,
      );
      expect(runs).toEqual(expected);
    }),
    { numRuns: 2000 },
  );
});

test('finds the runs of UTF-16 that a regular expression finds, of both byte orders', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('');
      const bytes = Buffer.from(text, 'latin1');
      const found = wideViews(bytes, scan.scan(bytes)).map(({ from, text: letters }) => ({
        from,
        letters: Buffer.from(letters).toString('latin1'),
      }));
      // With a NUL behind each letter, the last of which may lack it in the other byte order.
      for (const { index, 0: run } of text.matchAll(/(?:[\t\n\r -~]\0){20,}/g)) {
        const view = found.find(({ from }) => from >= index - 1 && from < index + run.length);
        expect(view?.letters.slice(0, run.length / 2)).toBe(run.replaceAll('\0', ''));
      }
      for (const { index, 0: run } of text.matchAll(/(?:\0[\t\n\r -~]){24,}(?=[^\0\t\n\r -~])/g)) {
        const view = found.find(({ from }) => from >= index - 1 && from < index + run.length);
        expect(view?.letters.endsWith(run.replaceAll('\0', ''))).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
});
