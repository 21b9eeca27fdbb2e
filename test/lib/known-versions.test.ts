import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { KNOWN_VERSIONS, type KnownTool, unknownVersion } from '../../src/lib/tool-versions.ts';

describe('a version', () => {
  test.each<[KnownTool, string | undefined]>([
    ['docker', '26.1.5'],
    ['docker', '28.5.9'],
    ['buildx', '0.13.0'],
    ['buildx', '0.29.99'],
    ['cosign', '3.1.1'],
    ['cosign', undefined],
  ])('of %s that is %s is known', (tool, number) => {
    expect(unknownVersion(tool, number)).toBe(undefined);
  });

  test.each<[KnownTool, string, 'older' | 'newer', string]>([
    ['docker', '25.0.3', 'older', 'docker 25.0.3 is older than 26.1, the oldest that scoville was'],
    ['docker', '29.0.0', 'newer', 'what may differ: what docker load takes'],
    ['buildx', '0.9.1', 'older', '--progress=rawjson'],
    ['buildx', '0.36.0', 'newer', 'docker buildx 0.36.0 is newer than 0.29'],
    ['buildx', '1.0.0', 'newer', 'the form of its provenance'],
    ['cosign', '4.0.0', 'newer', 'the form of its signatures'],
  ])('of %s that is %s is %s', (tool, number, is, text) => {
    const unknown = unknownVersion(tool, number);
    expect([unknown?.is, unknown?.text.includes(text)]).toEqual([is, true]);
  });
});

test('docs/compatibility.md says the same', () => {
  const page = readFileSync(new URL('../../docs/compatibility.md', import.meta.url), 'utf8');
  for (const { oldest, newest, older, newer } of Object.values(KNOWN_VERSIONS)) {
    const row = page.split('\n').find((line) => line.includes(`| ${oldest} | ${newest} |`)) ?? '';
    expect([oldest, row.includes(older), row.includes(newer)]).toEqual([oldest, true, true]);
  }
});

test('versions are compared by the adapters alone, and told by doctor', () => {
  const src = new URL('../../src/', import.meta.url);
  const comparing = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .filter((name) => /\bcompareVersions\(/.test(readFileSync(new URL(name, src), 'utf8')));
  expect(comparing.sort()).toEqual(['cli/doctor-checks.ts', 'lib/tool-versions.ts']);
});
