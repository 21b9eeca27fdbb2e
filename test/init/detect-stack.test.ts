import { beforeAll, describe, expect, test } from 'vitest';
import { detectStacks, likeliest, matchesPattern, stacksBelow } from '../../src/init/detect.ts';
import { loadTemplates, templatesFolder } from '../../src/init/manifest.ts';
import type { Project, Template } from '../../src/model/template.ts';

let templates: readonly Template[] = [];
beforeAll(async () => {
  ({ templates } = await loadTemplates(templatesFolder()));
});

function project(files: Readonly<Record<string, string>>): Project {
  return { folder: 'app', files: Object.keys(files), texts: new Map(Object.entries(files)) };
}

function detected(files: Readonly<Record<string, string>>): string | undefined {
  return likeliest(detectStacks(templates, project(files)))?.template.name;
}

describe('a project’s stack', () => {
  test.each([
    ['node', { 'package.json': '{}', 'package-lock.json': '{}' }],
    ['node', { 'package.json': '{}', 'tsconfig.json': '{}' }],
    ['node', { 'package.json': '{}', Makefile: '', 'index.html': '' }],
    [
      'typescript',
      { 'package.json': '{"devDependencies":{"typescript":"5"}}', 'tsconfig.json': '{}' },
    ],
    ['python', { 'requirements.txt': '' }],
    ['python', { Pipfile: '', 'Pipfile.lock': '' }],
    ['python', { 'pyproject.toml': '', 'uv.lock': '', Makefile: '' }],
    ['go', { 'go.mod': '', 'main.go': '', Makefile: '' }],
    ['rust', { 'Cargo.toml': '', 'Cargo.lock': '' }],
    ['java', { 'pom.xml': '' }],
    ['java', { 'build.gradle.kts': '', 'settings.gradle.kts': '' }],
    ['dotnet', { 'Shop.csproj': '' }],
    ['dotnet', { 'Shop.sln': '', 'src/Shop/Shop.csproj': '' }],
    ['go', { 'go.mod': '', 'main.go': '', 'package.json': '{}' }],
    ['dotnet', { 'Shop.sln': '', 'Shop/Shop.csproj': '' }],
    ['ruby', { Gemfile: '', 'Gemfile.lock': '', Rakefile: '' }],
    ['php', { 'composer.json': '{}', 'public/index.php': '' }],
    ['static', { 'index.html': '' }],
    ['static', { 'public/index.html': '' }],
    ['static', { 'index.html': '', 'package.json': '{"devDependencies":{"vite":"7"}}' }],
    ['c', { 'CMakeLists.txt': '', 'src/main.c': '' }],
    ['c', { Makefile: '', 'hello.cpp': '' }],
  ] as const)('is %s for %j', (name, files) => {
    expect(detected(files)).toBe(name);
  });

  test('is not told by nothing, nor by a tie', () => {
    expect(detected({ 'README.md': '' })).toBeUndefined();
    expect(detected({ 'go.mod': '', 'Cargo.toml': '' })).toBeUndefined();
  });

  test.each([
    { 'go.mod': '', 'main.go': '', 'package.json': '{"devDependencies":{"vite":"7"}}' },
    { 'composer.json': '{}', 'package.json': '{"devDependencies":{"vite":"7"}}' },
    { 'requirements.txt': '', 'manage.py': '', 'package.json': '{}' },
    {
      'go.mod': '',
      'package.json': '{"devDependencies":{"typescript":"5"}}',
      'tsconfig.json': '{}',
    },
  ])('is not told by a program with a front end beside it: %j', (files) => {
    expect(detected(files)).toBeUndefined();
  });

  test('folders of a project without a stack of its own', () => {
    const files = {
      'go.work': '',
      'svc/go.mod': '',
      'svc/main.go': '',
      'svc/tools/go.mod': '',
      'apps/web/package.json': '{}',
      'docs/index.html': '',
      'both/go.mod': '',
      'both/Cargo.toml': '',
    };
    expect(stacksBelow(templates, project(files))).toEqual([
      { folder: 'svc', name: 'go' },
      { folder: 'apps/web', name: 'node' },
    ]);
  });
});

test.each([
  ['*.csproj', 'a.csproj', true],
  ['*.csproj', 'b/a.csproj', false],
  ['*/*.csproj', 'b/a.csproj', true],
  ['a*a', 'a', false],
  ['Makefile', 'Makefile', true],
  ['Makefile', 'makefile', false],
])('%s stands for %s: %s', (pattern, path, is) => {
  expect(matchesPattern(pattern, path)).toBe(is);
});

test('pages that a bundler builds are built, though their index.html lies at the top', () => {
  const vite = { 'index.html': '', 'package.json': '{"devDependencies":{"vite":"7"}}' };
  const [found] = detectStacks(templates, project(vite));
  expect(found?.template.name).toBe('static');
  expect(found?.answers.get('build')).toBe('npm');
});
