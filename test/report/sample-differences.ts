import type { Digest } from '../../src/model/reference.ts';
import type { ImageComparison, ImageDifference } from '../../src/model/report.ts';

const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}` as Digest;

function difference(over: Partial<ImageDifference>): ImageDifference {
  return {
    layer: digest('c'),
    layerIndex: 2,
    platform: 'linux/amd64',
    path: 'app/built',
    kind: 'content',
    detail: 'content; line 1: "2026-11-25" and "2026-11-26"',
    class: 'build-date',
    cause: 'a date that the RUN writes',
    remedy: 'date -u -d @${SOURCE_DATE_EPOCH}',
    line: 4,
    instruction: 'RUN /bin/sh -c date > /app/built # buildkit',
    ...over,
  };
}

/**
 * Two images that differ in two layers and in their documents; `hostile` stands wherever an image
 * could put it.
 */
export function sampleDifferences(hostile?: string): ImageComparison {
  const said = (text: string): string => hostile ?? text;
  return {
    schemaVersion: '1',
    reproducible: false,
    first: { name: said('registry.example.com/app:1'), digest: digest('a') },
    second: { name: said('built again'), digest: digest('b') },
    platforms: [
      { platform: said('linux/amd64'), first: digest('1'), second: digest('2') },
      { platform: 'linux/arm64', first: digest('3'), second: digest('3') },
      { platform: 'linux/riscv64', first: digest('4'), second: undefined },
    ],
    differences: [
      difference({
        layer: undefined,
        layerIndex: undefined,
        line: undefined,
        instruction: undefined,
        remedy: undefined,
        path: said('config.created'),
        kind: 'config',
        class: 'created',
        cause: 'the time of the build, or of the commit',
        detail: '"2026-11-25T00:00:00Z" and "2026-11-26T00:00:00Z"',
      }),
      difference({
        path: said('app/built'),
        detail: said('content; line 1'),
        instruction: said('RUN x'),
      }),
      difference({
        path: 'app/again',
        remedy: 'another remedy of the class',
        deeper: said('├── readelf\n│ -one\n│ +two'),
      }),
      ...Array.from({ length: 12 }, (_, i) =>
        difference({
          layerIndex: 3,
          line: 5,
          copiedFrom: { name: said('build'), runLines: [2, 3] },
          path: `usr/lib/python3/__pycache__/module_${i}.cpython-313.pyc`,
          class: 'pyc',
          cause: 'a compiled Python file contains the time of its source',
          remedy: 'ARG SOURCE_DATE_EPOCH in that stage, or PYTHONDONTWRITEBYTECODE=1',
          detail: 'content; .pyc header: source time',
        }),
      ),
    ],
    omitted: 7,
    source: {
      url: said('https://git.example.com/team/app.git'),
      revision: 'd'.repeat(40),
      verifiedBy: said('cosign.pub'),
    },
  };
}

/** Two images that are the same. */
export function sameImages(): ImageComparison {
  const { first } = sampleDifferences();
  return {
    schemaVersion: '1',
    first,
    second: { ...first, name: 'the second build' },
    reproducible: true,
    platforms: [{ platform: 'linux/amd64', first: digest('1'), second: digest('1') }],
    differences: [],
    omitted: 0,
  };
}
