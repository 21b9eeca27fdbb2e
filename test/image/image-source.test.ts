import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type ImageName, parseImageName } from '../../src/image/open-image.ts';
import { UserError } from '../../src/lib/errors.ts';
import { formatReference } from '../../src/model/reference.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
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

test.each([
  ['-', 'stdin'],
  // prefixes
  ['registry:app:1', 'registry docker.io/library/app:1'],
  ['registry:localhost:5000/app', 'registry localhost:5000/app'],
  ['docker://ghcr.io/o/app:1', 'registry ghcr.io/o/app:1'],
  ['docker:app', 'engine app'],
  ['docker:app:1', 'engine app:1'],
  ['docker-daemon:app:1', 'engine app:1'],
  ['store:app:1', 'store docker.io/library/app:1'],
  ['oci:layout', 'layout layout'],
  ['oci:layout:1.2', 'layout layout 1.2'],
  [`oci:layout@${DIGEST}`, `layout layout ${DIGEST}`],
  ['oci-dir:layout', 'layout layout'],
  ['oci:gone:1', 'layout gone:1'],
  ['oci-archive:image.tar:app:1', 'archive image.tar app:1'],
  ['docker-archive:image.tar', 'archive image.tar'],
  // images of Docker Hub that are named as prefixes are
  ['docker:27-dind', 'named docker.io/library/docker:27-dind'],
  ['docker:dind', 'named docker.io/library/docker:dind'],
  ['registry:2', 'named docker.io/library/registry:2'],
  ['registry:latest', 'named docker.io/library/registry:latest'],
  // what is there
  ['./layout', 'layout layout'],
  ['./layout:2', 'layout layout 2'],
  ['image.tar', 'archive image.tar'],
  ['image.tgz', 'archive image.tgz'],
  ['./busybox', 'archive busybox'],
  // a folder or file of that name that is no image
  ['node', 'named docker.io/library/node'],
  ['busybox', 'named docker.io/library/busybox'],
  ['busybox:1.37', 'named docker.io/library/busybox:1.37'],
  // references and ids
  ['ghcr.io/o/app:1', 'named ghcr.io/o/app:1'],
  [`app@${DIGEST}`, `named docker.io/library/app@${DIGEST}`],
  [DIGEST, `engine ${DIGEST}`],
])('%s', async (text, expected) => {
  const cwd = desk();
  expect(spelled(await parseImageName(text, cwd), cwd)).toBe(expected);
});

describe('refused', () => {
  test.each([
    ['', /does not name an image/],
    ['--all', /does not name an image/],
    ['a\0b', /does not name an image/],
    ['docker:-f', /does not name an image of Docker's store/],
    // A clone may hold what its owner wants to be verified in place of what a registry has.
    ['ghcr.io/o/planted', /is the name of an image, and a file here too/],
    ['ghcr.io/o/planted:1', /is the name of an image, and a file here too/],
    [`ghcr.io/o/planted@${DIGEST}`, /is the name of an image, and a file here too/],
    ['localhost:5000/o/app:1', /is the name of an image, and a file here too/],
    ['plain', /is the name of an image, and a file here too/],
    ['layout', /is the name of an image, and a file here too/],
    ['layout:2', /is the name of an image, and a file here too/],
    ['./gone', /gone: no such file/],
    ['/gone/x.tar', /no such file/],
    ['./node', /is not an OCI layout/],
    ['app/UPPER', /UPPER/],
    ['a b\u001b[2J', /a b\\u001b\[2J/],
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
