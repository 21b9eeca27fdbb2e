import { expect, test } from 'vitest';
import { projectFacts } from '../../src/init/facts.ts';
import type { FactReader } from '../../src/model/template.ts';
import { cpuMs } from '../cpu-time.ts';

function facts(
  reader: FactReader,
  texts: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const project = {
    folder: 'My Shop',
    files: Object.keys(texts),
    texts: new Map(Object.entries(texts)),
  };
  return Object.fromEntries(projectFacts(reader, project));
}

test('Node.js: name without scope, author, entry, the version by .nvmrc, then by engines', () => {
  const manifest = {
    name: '@shop/api',
    author: { name: 'The shop team' },
    license: 'MIT',
    main: './src/server.js',
    engines: { node: '>=20' },
  };
  expect(facts('node', { 'package.json': JSON.stringify(manifest) })).toEqual({
    name: 'api',
    authors: 'The shop team',
    license: 'MIT',
    entry: 'src/server.js',
    version: '24',
  });
  expect(
    facts('node', { 'package.json': JSON.stringify(manifest), '.nvmrc': 'v22.4.0\n' })['version'],
  ).toBe('22');
});

test.each([
  ['>=22 <23', '22'],
  ['^22.1.0', '22'],
  ['22.x', '22'],
  ['>=18', '24'],
  ['>=24', '24'],
  ['>=30', undefined],
  ['*', '24'],
])('engines %s is Node.js %s', (node, version) => {
  const manifest = JSON.stringify({ engines: { node } });
  expect(facts('node', { 'package.json': manifest })['version']).toBe(version);
});

test.each([
  ['node src/a.js', 'src/a.js'],
  ['node --import tsx src/a.ts', undefined],
  ['node a.js && rm -rf /', undefined],
])('npm start `%s` starts %s', (start, entry) => {
  expect(facts('node', { 'package.json': JSON.stringify({ scripts: { start } }) })['entry']).toBe(
    entry,
  );
});

const PYTHON =
  '[build-system]\nname = "no"\n[project]\nname = "shop"\nlicense = "MIT"\nauthors = [{ name = "A B", email = "a@b.c" }]\n';
const POETRY = '[tool.poetry]\nname = "shop"\nauthors = ["A B <a@b.c>"]\n';
const GO = { 'go.mod': 'module example.com/shop/v2\n\ngo 1.24.1\n' };
const CARGO =
  "[package]\nname = 'shop-api'\nauthors = ['A B <a@b.c>']\n\n[[bin]]\nname = \"api\"\n";
// Not those of its parent, plugins and dependencies.
const POM =
  '<project><parent><artifactId>no</artifactId><version>9</version></parent><artifactId>shop</artifactId><version>1.2.0</version>' +
  '<properties><java.version>17</java.version></properties><dependencies><dependency><artifactId>no</artifactId></dependency></dependencies></project>';
const NAMED =
  '<project><artifactId>shop</artifactId><build><finalName>app</finalName></build></project>';
const GRADLE =
  'version = "2.0"\njava { toolchain { languageVersion = JavaLanguageVersion.of(20) } }\n';
const NET =
  '<Project><PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup></Project>';
const COMPOSER = '{"name":"acme/shop","license":"proprietary"}';
const CMAKE = 'project(shop C)\nadd_executable(shopd main.c)\n';

/** A reader, files, and what they say as `question=answer`; My Shop is the folder. */
test.each<[FactReader, Readonly<Record<string, string>>, string]>([
  ['node', { 'package.json': 'not json' }, 'name=my-shop'],
  ['node', { 'tsconfig.json': '{ // c\n "outDir": "./build/" }' }, 'name=my-shop output=build'],
  ['ruby', {}, 'name=my-shop'],
  [
    'python',
    { 'pyproject.toml': PYTHON, 'shop/__main__.py': '' },
    'authors=A_B license=MIT name=shop start=-m_shop',
  ],
  ['python', { 'pyproject.toml': POETRY, 'app.py': '' }, 'authors=A_B name=shop start=app.py'],
  ['go', { ...GO, 'cmd/api/main.go': '' }, 'name=shop package=cmd/api version=1.24'],
  ['go', { ...GO, 'main.go': '' }, 'name=shop package=. version=1.24'],
  ['go', { ...GO, 'cmd/a/main.go': '', 'cmd/b/main.go': '' }, 'name=shop version=1.24'],
  [
    'rust',
    { 'Cargo.toml': CARGO, 'rust-toolchain.toml': '[toolchain]\nchannel = "1.88.0"\n' },
    'authors=A_B binary=api name=shop-api version=1.88',
  ],
  ['java', { 'pom.xml': POM }, 'jar=target/shop-1.2.0.jar name=shop version=17'],
  ['java', { 'pom.xml': NAMED }, 'jar=target/app.jar name=shop'],
  [
    'java',
    { 'settings.gradle.kts': 'rootProject.name = "shop"\n', 'build.gradle.kts': GRADLE },
    'jar=build/libs/shop-2.0.jar name=shop version=21',
  ],
  [
    'dotnet',
    { 'src/Shop.Api.csproj': NET },
    'assembly=Shop.Api name=shop.api project=src/Shop.Api.csproj version=9.0',
  ],
  ['dotnet', { 'a.csproj': NET, 'b.csproj': NET }, 'name=my-shop'],
  ['ruby', { Gemfile: "ruby '~> 3.3'\n", 'app.rb': '' }, 'entry=app.rb name=my-shop version=3.3'],
  ['php', { 'composer.json': COMPOSER, 'public/index.php': '' }, 'directory=public name=shop'],
  ['site', { 'docs/index.html': '' }, 'directory=docs name=my-shop'],
  ['native', { 'CMakeLists.txt': CMAKE }, 'binary=shopd name=shop'],
])('%s, of %j: %s', (reader, files, said) => {
  const found = Object.entries(facts(reader, files)).map((pair) => pair.join('='));
  expect(found.toSorted().join(' ')).toBe(said.replaceAll('_', ' '));
});

test('a file made to be slow is read in no time', () => {
  const taken = cpuMs(() => {
    facts('java', { 'pom.xml': '<build>'.repeat(30_000) + '<artifactId>'.repeat(5000) });
    facts('python', { 'pyproject.toml': `[project]\n${'authors = [{'.repeat(20_000)}` });
    facts('native', { 'CMakeLists.txt': 'project('.repeat(30_000) });
  });
  expect(taken).toBeLessThan(2000);
});
