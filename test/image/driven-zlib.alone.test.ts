import { PassThrough } from 'node:stream';
import zlib from 'node:zlib';
import { gzipSync, zipSync } from 'fflate';
import { expect, test, vi } from 'vitest';
import { DrivenZlib } from '../../src/image/formats/inflate.ts';
import { UserError } from '../../src/lib/errors.ts';
import { file, image } from '../facts/support.ts';

const SECRET = Buffer.from('ghp_aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bD1fG3hJ5\n');
const ARCHIVES = { 'a.gz': gzipSync(SECRET), 'a.zip': zipSync({ 'a.txt': SECRET }) };

test('a Node whose zlib cannot be driven does not skip archives in files', () => {
  const reads = Object.entries(ARCHIVES).map(
    ([name, bytes]) =>
      () =>
        image([file(name, bytes)]).secrets.findings.map(({ rule }) => rule),
  );
  // This Node can: that is tried once.
  DrivenZlib.of(zlib.createGunzip()).destroy();
  for (const make of ['createInflateRaw', 'createGunzip'] as const)
    vi.spyOn(zlib, make).mockReturnValue(new PassThrough() as never);
  for (const read of reads) {
    expect(read).toThrow(UserError);
    expect(read).toThrow(`gzip cannot be unpacked with Node.js ${process.version}`);
  }
  vi.restoreAllMocks();
  for (const read of reads) expect(read()).toEqual(['github-token']);
});
