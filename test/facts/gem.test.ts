import { describe, expect, test } from 'vitest';
import { GEM } from '../../src/facts/packages/languages.ts';
import { file, image } from './support.ts';

const FOLDER = 'usr/lib/ruby/gems/3.3.0/specifications';

describe('a gem’s specification', () => {
  test.each<[string, string, string, readonly unknown[]]>([
    [
      'as RubyGems writes it',
      'rake-13.2.1.gemspec',
      '# -*- encoding: utf-8 -*-\n# stub: rake 13.2.1 ruby lib\n\nGem::Specification.new do |s|\n  s.name = "rake".freeze\n  s.version = "13.2.1".freeze\n  s.licenses = ["MIT".freeze, "Ruby".freeze]\nend\n',
      ['rake', '13.2.1', undefined, ['MIT', 'Ruby']],
    ],
    [
      'of a platform',
      'nokogiri-1.16.5-x86_64-linux.gemspec',
      '# stub: nokogiri 1.16.5 x86_64-linux lib\n',
      ['nokogiri', '1.16.5', 'x86_64-linux', []],
    ],
    [
      'by hand',
      'x.gemspec',
      "Gem::Specification.new do |spec|\n  spec.name    = 'x-y'\n  spec.version = Gem::Version.new('0.4.0')\n  spec.license = 'BSD-2-Clause'\nend",
      ['x-y', '0.4.0', undefined, ['BSD-2-Clause']],
    ],
    [
      'whose version is a constant: its file’s name',
      'foo-bar-2.0.1.gemspec',
      'Gem::Specification.new do |s|\n  s.name = "foo-bar"\n  s.version = Foo::VERSION\nend',
      ['foo-bar', '2.0.1', undefined, []],
    ],
  ])('%s', (_how, name, text, expected) => {
    const { packages } = GEM.read(Buffer.from(text), `${FOLDER}/${name}`);
    const found = packages.map((item) => [
      item.name,
      item.version,
      item.architecture,
      item.licenses,
    ]);
    expect(found).toEqual([expected]);
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
