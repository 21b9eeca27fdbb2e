import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type ImageName, parseImageName } from '../../src/image/open-image.ts';
import { UserError } from '../../src/lib/errors.ts';
import { formatReference } from '../../src/model/reference.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { tableRows } from '../fakes/table.ts';
import { layerTar } from '../fakes/tar-bytes.ts';

function desk(): string {
  const cwd = temporaryFolder();
  mkdirSync(join(cwd, 'layout'));
  writeFileSync(join(cwd, 'layout/oci-layout'), '{}');
  for (const planted of ['ghcr.io/o/planted', 'localhost']) {
    mkdirSync(join(cwd, planted), { recursive: true });
    writeFileSync(join(cwd, planted, 'oci-layout'), '{}');
  }
  writeFileSync(join(cwd, 'plain'), layerTar({ a: '1' }));
  mkdirSync(join(cwd, 'node'));
  writeFileSync(join(cwd, 'image.tar'), layerTar({ a: '1' }));
  writeFileSync(join(cwd, 'image.tgz'), gzipSync(layerTar({ a: '1' })));
  writeFileSync(join(cwd, 'busybox'), '#!/bin/sh\n');
  return cwd;
}

/** Place and what is looked for there, in one line. */
function spelled(name: ImageName, cwd: string): string {
  switch (name.place) {
    case 'layout':
    case 'archive':
      return `${name.place} ${name.path.replace(`${cwd}/`, '')} ${name.wanted ?? ''}`.trim();
    case 'copied':
    case 'rootfs':
      return `${name.place} ${name.source.replace(`${cwd}/`, '')}`;
    case 'engine':
      return `engine ${name.image}`;
    case 'stdin':
      return 'stdin';
    case 'registry':
    case 'store':
    case 'named':
      return `${name.place} ${formatReference(name.reference)}`;
  }
}

const DIGEST = `sha256:${'a'.repeat(64)}`;

const rows = tableRows('test/image/image-source.tsv').map(
  (row) => row.map((cell) => cell.replaceAll('@DIGEST', DIGEST)) as [string, string],
);
const isRefused = ([, expected]: readonly string[]): boolean => expected?.startsWith('!') === true;

test.each(rows.filter((row) => !isRefused(row)))('%s', async (text, expected) => {
  const cwd = desk();
  expect(spelled(await parseImageName(text, cwd), cwd)).toBe(expected);
});

describe('refused', () => {
  test.each<[string, string | RegExp]>([
    ...rows.filter(isRefused).map(([text, message]): [string, string] => [text, message.slice(1)]),
    ['a\0b', 'does not name an image'],
    ['a b\u001b[2J', 'a b\\u001b[2J'],
    ['x'.repeat(5000), /must not be empty|reference/],
  ])('%j', async (text, message) => {
    const failure = await parseImageName(text, desk()).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(UserError);
    expect((failure as UserError).message).toMatch(message);
  });
});

test('a named pipe is an archive, and is not opened to find out', async () => {
  const cwd = desk();
  execFileSync('mkfifo', [join(cwd, 'pipe')]);
  expect(spelled(await parseImageName('./pipe', cwd), cwd)).toBe('archive pipe');
});
