import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { elfSections } from '../../src/image/formats/elf.ts';

/** A 32-bit, big-endian file with one loaded segment and a section of names. */
function big(): Buffer {
  const names = Buffer.from('\0.names\0', 'latin1');
  const bytes = Buffer.alloc(64 + 32 + 2 * 40 + names.length);
  bytes.write('\x7fELF\x01\x02\x01', 'latin1');
  bytes.writeUInt32BE(64, 28);
  bytes.writeUInt32BE(96, 32);
  [32, 1, 40, 2, 1].forEach((value, i) => bytes.writeUInt16BE(value, 42 + 2 * i));
  [1, 0x10, 0x8000, 0, 0x20].forEach((value, i) => bytes.writeUInt32BE(value, 64 + 4 * i));
  [1, 3, 0, 0, 176, names.length].forEach((value, i) => bytes.writeUInt32BE(value, 136 + 4 * i));
  names.copy(bytes, 176);
  return bytes;
}

describe('an ELF file', () => {
  test('of 32 bits, big-endian: its sections', () => {
    expect([...(elfSections(big())?.keys() ?? [])]).toEqual(['', '.names']);
  });

  test.skipIf(process.platform !== 'linux')('that runs this test', () => {
    const program = readFileSync(process.execPath);
    expect(elfSections(program)?.has('.text')).toBe(true);
  });

  test('whose bytes are changed never throws', () => {
    const whole = big();
    const change = fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
        const bytes = Buffer.from(whole);
        for (const { at, byte } of changes) bytes[at] = byte;
        expect(elfSections(bytes)?.size ?? 0).toBeLessThanOrEqual(10_000);
      }),
    );
  });
});
