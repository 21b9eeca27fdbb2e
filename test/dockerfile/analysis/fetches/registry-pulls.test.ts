import { describe, expect, test } from 'vitest';
import { downloads } from '../support.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const SUM = 'a'.repeat(64);

describe('what is pulled from a registry', () => {
  test.each([
    ['RUN oras pull ghcr.io/a/b:v1', 'other: nothing'],
    [`RUN oras pull -o /t ghcr.io/a/b@${DIGEST}`, 'other: digest'],
    [`RUN oras pull ghcr.io/a/b:v1@${DIGEST}`, 'other: digest'],
    ['RUN oras pull ghcr.io/a/b@sha256:abc', 'other: nothing'],
    [`RUN oras blob fetch --output f ghcr.io/a/b@${DIGEST}`, 'other: digest'],
    ['RUN crane export alpine:3 - | tar x', 'other: nothing'],
    [`RUN crane export alpine@${DIGEST} fs.tar`, 'other: digest'],
    ['RUN skopeo copy docker://alpine:3 oci:x', 'other: nothing'],
    [`RUN skopeo --override-os linux copy docker://alpine@${DIGEST} oci:x`, 'other: digest'],
    ['RUN docker pull alpine', 'other: nothing'],
    ['RUN imgpkg pull -i ghcr.io/a/b:v1 -o /t', 'other: nothing'],
    ['RUN helm pull oci://ghcr.io/a/chart --version 1.2.3', 'other: nothing'],
    [`RUN helm pull oci://ghcr.io/a/chart@${DIGEST}`, 'other: digest'],
    ['RUN helm pull a/chart --version 1.2.3 --verify', 'other: helm --verify'],
    [`RUN oras pull -o f ghcr.io/a/b:v1 && echo "${SUM}  f" | sha256sum -c`, 'other: sha256sum -c'],
    [
      `RUN crane export alpine:3 fs.tar && echo "${SUM}  fs.tar" | sha256sum -c && tar xf fs.tar`,
      'other: sha256sum -c',
    ],
  ])('%s', (run, found) => {
    expect(downloads(run)).toEqual([found]);
  });

  test.each([
    'RUN oras push ghcr.io/a/b:v1 f',
    'RUN crane digest alpine:3',
    'RUN skopeo copy oci:x docker://a/b',
    'RUN skopeo inspect docker://alpine:3',
    'RUN helm lint chart && helm template chart',
    'RUN docker info',
  ])('ok-%s', (run) => {
    expect(downloads(run)).toEqual([]);
  });
});
