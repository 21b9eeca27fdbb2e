import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const script = resolve(import.meta.dirname, '../scripts/bundle/notices.mjs');
const { writeNotices } = (await import(script)) as {
  writeNotices: (metafile: unknown, own: unknown, to: { notices: string; sbom: string }) => void;
};

const folder = mkdtempSync(join(tmpdir(), 'scoville-notices-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function installed(path: string, about: object, license?: string): string {
  const at = join(folder, 'node_modules', path);
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, 'package.json'), JSON.stringify(about));
  if (license !== undefined) writeFileSync(join(at, 'LICENSE.md'), license);
  return join(at, 'index.js');
}

function written(inputs: readonly string[], unused: readonly string[] = []) {
  const of = (bytesInOutput: number) => (path: string) => [path, { bytesInOutput }];
  const entries = [
    ...inputs.map(of(1)),
    ...unused.map(of(0)),
    ['src/bin.ts', { bytesInOutput: 1 }],
  ];
  const metafile = { outputs: { 'dist/a.js': { inputs: Object.fromEntries(entries) as object } } };
  const to = { notices: join(folder, 'N'), sbom: join(folder, 'S') };
  writeNotices(metafile, { name: 'scoville', version: '1.0.0', license: 'Apache-2.0' }, to);
  return {
    notices: readFileSync(to.notices, 'utf8'),
    sbom: JSON.parse(readFileSync(to.sbom, 'utf8')) as {
      components: readonly { purl: string; licenses: unknown }[];
    },
  };
}

test('each package whose code is in the bundle has its notice and its component, once', () => {
  const scoped = installed('@a/b', { name: '@a/b', version: '1.2.3', license: 'MIT' }, 'By A.');
  const again = installed('c/node_modules/@a/b', {
    name: '@a/b',
    version: '1.2.3',
    license: 'MIT',
  });
  const both = installed('c', { name: 'c', version: '2.0.0', license: 'MIT AND BSD-3-Clause' });
  const unused = installed('d', { name: 'd', version: '1.0.0', license: 'MIT' });
  const { notices, sbom } = written([scoped, join(scoped, '../lib/x.js'), again, both], [unused]);
  expect(notices).toContain('c 2.0.0 (MIT AND BSD-3-Clause)\n\nLicense: MIT AND BSD-3-Clause\n');
  expect(notices.match(/@a\/b 1\.2\.3 \(MIT\)/g)).toHaveLength(1);
  expect(notices).not.toContain('d 1.0.0');
  expect(sbom.components.map(({ purl, licenses }) => [purl, licenses])).toEqual([
    ['pkg:npm/%40a/b@1.2.3', [{ license: { id: 'MIT' } }]],
    ['pkg:npm/c@2.0.0', [{ expression: 'MIT AND BSD-3-Clause' }]],
  ]);
});

test('the notice of a package without a license file names who made it, with the text of MIT', () => {
  const made = { version: '1.0.0', license: 'MIT', author: 'Meta', homepage: 'https://f.example' };
  const one = installed('f', { name: 'f', ...made });
  const contributors = ['Kyle', { name: 'Ann', url: 'https://ann.example' }];
  const by = { version: '1.0.0', license: 'CC-BY-3.0', author: 'The Foundation', contributors };
  const other = installed('g', { name: 'g', ...by });
  const { notices } = written([one, other]);
  expect(notices).toContain('Made by: Meta\nSource: https://f.example\n\nCopyright (c) Meta\n');
  expect(notices).toContain('without restriction');
  expect(notices).toContain('Made by: The Foundation, Kyle, Ann https://ann.example\n');
  expect(notices).toContain('https://creativecommons.org/licenses/by/3.0/');
});

test('a package that does not say its license stops the build', () => {
  const silent = installed('e', { name: 'e', version: '1.0.0' });
  expect(() => written([silent])).toThrow('no license: e');
});
