import { describe, expect, test } from 'vitest';
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

describe('what a project says of itself', () => {
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

  test('the folder names a project that does not name itself', () => {
    expect(facts('node', { 'package.json': 'not json' })).toEqual({ name: 'my-shop' });
    expect(facts('ruby', {})).toEqual({ name: 'my-shop' });
  });

  test('TypeScript: where tsc writes', () => {
    expect(facts('node', { 'tsconfig.json': '{ // c\n "outDir": "./build/" }' })['output']).toBe(
      'build',
    );
  });

  test('Python: by the standard table, by poetry’s, and what can be run', () => {
    expect(
      facts('python', {
        'pyproject.toml':
          '[build-system]\nname = "no"\n[project]\nname = "shop"\nlicense = "MIT"\nauthors = [{ name = "A B", email = "a@b.c" }]\n',
        'shop/__main__.py': '',
      }),
    ).toEqual({ name: 'shop', license: 'MIT', authors: 'A B', start: '-m shop' });
    expect(
      facts('python', {
        'pyproject.toml': '[tool.poetry]\nname = "shop"\nauthors = ["A B <a@b.c>"]\n',
        'app.py': '',
      }),
    ).toEqual({ name: 'shop', authors: 'A B', start: 'app.py' });
  });

  test('Go: the module’s last name, its version, the one command', () => {
    const mod = { 'go.mod': 'module example.com/shop/v2\n\ngo 1.24.1\n' };
    expect(facts('go', { ...mod, 'cmd/api/main.go': '' })).toEqual({
      name: 'shop',
      version: '1.24',
      package: 'cmd/api',
    });
    expect(facts('go', { ...mod, 'main.go': '' })['package']).toBe('.');
    expect(facts('go', { ...mod, 'cmd/a/main.go': '', 'cmd/b/main.go': '' })['package']).toBe(
      undefined,
    );
  });

  test('Rust: package, binary, toolchain', () => {
    expect(
      facts('rust', {
        'Cargo.toml':
          "[package]\nname = 'shop-api'\nauthors = ['A B <a@b.c>']\n\n[[bin]]\nname = \"api\"\n",
        'rust-toolchain.toml': '[toolchain]\nchannel = "1.88.0"\n',
      }),
    ).toEqual({ name: 'shop-api', authors: 'A B', binary: 'api', version: '1.88' });
  });

  test('Maven: the project’s own coordinates, not those of its parent, plugins and dependencies', () => {
    const pom =
      '<project><parent><artifactId>no</artifactId><version>9</version></parent><artifactId>shop</artifactId><version>1.2.0</version>' +
      '<properties><java.version>17</java.version></properties><dependencies><dependency><artifactId>no</artifactId></dependency></dependencies></project>';
    expect(facts('java', { 'pom.xml': pom })).toEqual({
      name: 'shop',
      version: '17',
      jar: 'target/shop-1.2.0.jar',
    });
    const named =
      '<project><artifactId>shop</artifactId><build><finalName>app</finalName></build></project>';
    expect(facts('java', { 'pom.xml': named })['jar']).toBe('target/app.jar');
  });

  test('Gradle: name, version and the release that runs it', () => {
    expect(
      facts('java', {
        'settings.gradle.kts': 'rootProject.name = "shop"\n',
        'build.gradle.kts':
          'version = "2.0"\njava { toolchain { languageVersion = JavaLanguageVersion.of(20) } }\n',
      }),
    ).toEqual({ name: 'shop', version: '21', jar: 'build/libs/shop-2.0.jar' });
  });

  test('.NET: the one project', () => {
    const file =
      '<Project><PropertyGroup><TargetFramework>net9.0</TargetFramework></PropertyGroup></Project>';
    expect(facts('dotnet', { 'src/Shop.Api.csproj': file })).toEqual({
      name: 'shop.api',
      version: '9.0',
      project: 'src/Shop.Api.csproj',
      assembly: 'Shop.Api',
    });
    expect(facts('dotnet', { 'a.csproj': file, 'b.csproj': file })).toEqual({ name: 'my-shop' });
  });

  test('Ruby, PHP, pages, C', () => {
    expect(facts('ruby', { Gemfile: "ruby '~> 3.3'\n", 'app.rb': '' })).toEqual({
      name: 'my-shop',
      version: '3.3',
      entry: 'app.rb',
    });
    expect(
      facts('php', {
        'composer.json': '{"name":"acme/shop","license":"proprietary"}',
        'public/index.php': '',
      }),
    ).toEqual({ name: 'shop', directory: 'public' });
    expect(facts('site', { 'docs/index.html': '' })).toEqual({
      name: 'my-shop',
      directory: 'docs',
    });
    expect(
      facts('native', { 'CMakeLists.txt': 'project(shop C)\nadd_executable(shopd main.c)\n' }),
    ).toEqual({ name: 'shop', binary: 'shopd' });
  });

  test('a file made to be slow is read in no time', () => {
    const taken = cpuMs(() => {
      facts('java', { 'pom.xml': '<build>'.repeat(30_000) + '<artifactId>'.repeat(5000) });
      facts('python', { 'pyproject.toml': `[project]\n${'authors = [{'.repeat(20_000)}` });
      facts('native', { 'CMakeLists.txt': 'project('.repeat(30_000) });
    });
    expect(taken).toBeLessThan(2000);
  });
});
