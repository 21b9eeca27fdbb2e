import { describe, expect, test } from 'vitest';
import { pinImages } from '../../src/criteria/pinned-images.ts';
import { err, ok, type Result } from '../../src/lib/errors.ts';
import type { FixFacts } from '../../src/model/fix.ts';
import type { Digest } from '../../src/model/reference.ts';
import { fixed } from './support.ts';

const A = `sha256:${'a'.repeat(64)}` as Digest;
const B = `sha256:${'b'.repeat(64)}` as Digest;
const facts: Partial<FixFacts> = {
  digests: new Map<string, Result<Digest>>([
    ['docker.io/library/node:22', ok(A)],
    ['docker.io/library/node:22-slim', ok(B)],
    ['docker.io/library/debian:latest', ok(B)],
    ['localhost:5000/x/y:1', ok(B)],
    ['docker.io/docker/dockerfile:1', ok(A)],
    ['docker.io/library/gone:1', err('docker.io does not have it')],
  ]),
};

describe('pin-images', () => {
  test.each([
    ['FROM', 'FROM node:22 AS a\n', `FROM node:22@${A} AS a\n`],
    ['quotes', 'FROM "node:22"\n', `FROM "node:22@${A}"\n`],
    [
      'a platform',
      'FROM --platform=linux/amd64 node:22\n',
      `FROM --platform=linux/amd64 node:22@${A}\n`,
    ],
    ['no tag', 'from debian\n', `from debian:latest@${B}\n`],
    ['a registry with a port', 'FROM localhost:5000/x/y:1\n', `FROM localhost:5000/x/y:1@${B}\n`],
    [
      'COPY --from',
      'FROM scratch\nCOPY --from=node:22 /a /b\n',
      `FROM scratch\nCOPY --from=node:22@${A} /a /b\n`,
    ],
    [
      'COPY --from behind another flag, over two lines',
      'FROM scratch\nCOPY --link \\\n  # why\n  --from="node:22" /a /b\n',
      `FROM scratch\nCOPY --link \\\n  # why\n  --from="node:22@${A}" /a /b\n`,
    ],
    [
      'mounts, two of them',
      'FROM node:22\nRUN --mount=type=bind,from=node:22-slim,target=/x --mount=from=node:22,target=/y true\n',
      `FROM node:22@${A}\nRUN --mount=type=bind,from=node:22-slim@${B},target=/x --mount=from=node:22@${A},target=/y true\n`,
    ],
    [
      '# syntax',
      '# syntax = docker/dockerfile:1\r\nFROM scratch\r\n',
      `# syntax = docker/dockerfile:1@${A}\r\nFROM scratch\r\n`,
    ],
    [
      'the default of an ARG that holds the reference',
      'ARG BASE="node:22"\nFROM ${BASE}\n',
      `ARG BASE="node:22@${A}"\nFROM \${BASE}\n`,
    ],
    [
      'the default of an ARG that ends the reference',
      'ARG X=1 V=22\nFROM node:$V\n',
      `ARG X=1 V=22@${A}\nFROM node:$V\n`,
    ],
    [
      'one default that two stages use',
      'ARG B=node:22\nFROM $B AS a\nFROM $B\nCOPY --from=a /x /y\n',
      `ARG B=node:22@${A}\nFROM $B AS a\nFROM $B\nCOPY --from=a /x /y\n`,
    ],
    ['a byte order mark', '\uFEFFFROM node:22', `\uFEFFFROM node:22@${A}`],
  ])('%s', async (_, before, after) => {
    expect(await fixed(pinImages, before, { facts })).toMatchObject({
      text: after,
      refusals: [],
      again: [],
    });
  });

  test('the same image twice is one edit', async () => {
    const { ids, text } = await fixed(
      pinImages,
      'FROM node:22 AS a\nFROM node:22\nCOPY --from=a / /\n',
      { facts },
    );
    expect(ids).toEqual(['pin-images:node:22']);
    expect(text.split(A)).toHaveLength(3);
  });

  test.each([
    ['ok-digest', `FROM node:22@${B}\n`],
    ['ok-scratch', 'FROM scratch\n'],
    ['ok-stage', 'FROM scratch AS node\nFROM node\n'],
    ['ok-unreached stage', 'FROM node:22 AS unused\nFROM scratch\n'],
    ['ok-copy of files', 'FROM scratch\nCOPY --chown=1:1 node:22 /x\n'],
    ['ok-ignored', '# scoville: ignore=pinned-images held by a lock\nFROM node:22\n'],
  ])('%s', async (_, text) => {
    expect(await fixed(pinImages, text, { facts })).toMatchObject({ text, ids: [], refusals: [] });
  });

  test.each([
    [
      'an ARG in the middle',
      'ARG V=22\nFROM node:$V-slim\n',
      '2: node:$V-slim does not end with an ARG: a digest after it would pin every value of the ARG',
    ],
    [
      'an ARG with a default in place',
      'ARG V\nFROM node:${V:-22}\n',
      '2: node:${V:-22} does not end with an ARG: a digest after it would pin every value of the ARG',
    ],
    [
      'an ARG used elsewhere',
      'ARG V=22\nFROM node:$V\nARG V\nRUN echo $V\n',
      '2: V is declared more than once',
    ],
    [
      'an ARG used in another reference',
      'ARG V=22\nFROM node:$V AS a\nFROM node:$V-slim\nCOPY --from=a / /\n',
      '2: V is used elsewhere too',
    ],
    [
      'a registry without it',
      'FROM gone:1\n',
      '1: the digest of gone:1: docker.io does not have it',
    ],
    ['nothing known', 'FROM other:1\n', '1: the digest of other:1 is not known'],
  ])('refused: %s', async (_, text, reason) => {
    const found = await fixed(pinImages, text, { facts });
    expect(found).toMatchObject({ text, ids: [] });
    expect(found.refusals).toContain(reason);
  });

  test('refused: an ARG that --build-arg gives', async () => {
    const found = await fixed(pinImages, 'ARG V=1\nFROM node:$V\n', {
      facts,
      buildArgs: { V: '22' },
    });
    expect(found.refusals).toEqual(['2: V is given by --build-arg']);
  });

  test('--refresh replaces digests whose tag is written, and no others', async () => {
    const before = `ARG V=22@${B}\nFROM node:$V AS a\nFROM debian@${A} AS b\nFROM node:22-slim@${A}\nCOPY --from=a / /\nCOPY --from=b / /\n`;
    const found = await fixed(pinImages, before, { facts, options: { refresh: true } });
    expect(found.text).toBe(
      `ARG V=22@${A}\nFROM node:$V AS a\nFROM debian@${A} AS b\nFROM node:22-slim@${B}\nCOPY --from=a / /\nCOPY --from=b / /\n`,
    );
    expect(found).toMatchObject({ refusals: [], again: [] });
    expect(found.applied[0]).toMatchObject({ title: 'Refresh the digest of node:22', risk: 'low' });
  });
});
