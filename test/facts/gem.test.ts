import { describe, expect, test } from 'vitest';
import { GEM } from '../../src/facts/packages/languages.ts';
import { yamlTable } from '../fakes/table.ts';
import { file, image } from './support.ts';

const FOLDER = 'usr/lib/ruby/gems/3.3.0/specifications';
const ROWS = yamlTable('test/facts/gem.yaml') as readonly {
  readonly file: string;
  readonly text: string;
  readonly read: object;
}[];

describe('a gem’s specification', () => {
  test.each(ROWS)('$how', ({ file: path, text, read }) => {
    const { packages } = GEM.read(Buffer.from(text), `${FOLDER}/${path}`);
    const found = packages.map(({ name, version, architecture, licenses }) => {
      return { name, version, architecture, licenses };
    });
    expect(found).toEqual([read]);
  });

  test('one that says nothing', () => {
    expect(GEM.read(Buffer.from('system("rm -rf /")'), `${FOLDER}/x.gemspec`)).toEqual({
      packages: [],
      unreadable: 'it does not state a name and a version',
    });
  });

  test('line ends by the 100,000 take no time to speak of', () => {
    const text = `s.name = ${'\n'.repeat(120_000)}${' '.repeat(120_000)}`;
    expect(GEM.read(Buffer.from(text), `${FOLDER}/x-1.0.gemspec`).packages).toHaveLength(1);
  });
});

test('in an image', () => {
  const { packages, unreadablePackages } = image([
    file(`${FOLDER}/default/json-2.7.1.gemspec`, '# stub: json 2.7.1 java lib\n'),
    file(`${FOLDER}/big-1.0.gemspec`, `# stub: big 1.0 ruby lib\n${'#'.repeat(300_000)}`),
    file('usr/lib/ruby/gems/3.3.0/gems/a-1.0/a.gemspec', '# stub: a 1.0 ruby lib\n'),
  ]);
  expect(packages.map(({ purl }) => purl)).toEqual([
    'pkg:gem/big@1.0',
    'pkg:gem/json@2.7.1?platform=java',
  ]);
  expect(unreadablePackages.map(({ reason }) => reason)).toEqual([
    'it is larger than 262144 bytes',
  ]);
});
