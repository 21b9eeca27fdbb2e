import { describe, expect, test } from 'vitest';
import { decodeCapabilities } from '../../src/facts/layer-files.ts';

/** A value of the attribute: magic word, then the words that follow. */
function value(magic: number, ...words: readonly number[]): string {
  const bytes = Buffer.alloc(4 + words.length * 4);
  bytes.writeUInt32LE(magic >>> 0, 0);
  words.forEach((word, index) => bytes.writeUInt32LE(word >>> 0, 4 + index * 4));
  return bytes.toString('latin1');
}

describe('decodeCapabilities', () => {
  test.each([
    ['v1', value(0x01000001, 1 << 10, 0), ['cap_net_bind_service+ep']],
    ['v2', value(0x02000001, (1 << 13) | 1, 0, 0, 0), ['cap_chown+ep', 'cap_net_raw+ep']],
    ['v2, not effective', value(0x02000000, 1 << 13, 1 << 13, 0, 0), ['cap_net_raw+ip']],
    ['v2, high word', value(0x02000001, 0, 0, 1 << 7, 0), ['cap_bpf+ep']],
    ['v3 with a root uid', value(0x03000001, 1 << 21, 0, 0, 0, 1000), ['cap_sys_admin+ep']],
    ['inheritable alone', value(0x02000000, 0, 1 << 31, 0, 0), ['cap_setfcap+i']],
    ['a number without a name', value(0x02000000, 0, 0, 1 << 20, 0), ['cap_52+p']],
    ['none', value(0x02000000, 0, 0, 0, 0), []],
    ['empty', '', ['unreadable']],
    ['a wrong size', value(0x02000001, 1), ['unreadable']],
    ['a revision to come', value(0x04000001, 1, 0, 0, 0), ['unreadable']],
  ])('%s', (_name, text, expected) => {
    expect(decodeCapabilities(text)).toEqual(expected);
  });
});
