import { describe, expect, test } from 'vitest';
import { ECOSYSTEMS } from '../../../../src/programs/managers/ecosystems.ts';
import { analysisOf } from '../support.ts';

type Files = Readonly<Record<string, string>>;

/**
 * What a command installs, and which programs were not read: over a folder of the context with
 * these files.
 */
function judged(run: string, files: Files = { a: '' }): readonly string[] {
  const { installs, unread } = analysisOf(`FROM x\nWORKDIR /w\nCOPY . .\nRUN ${run}`, {}, files);
  return [
    ...installs.map(({ lockFile, packages }) =>
      lockFile ? 'lock' : packages.map(({ name }) => name).join(',') || 'loose',
    ),
    ...unread.map(({ program }) => `unread ${program ?? ''}`),
  ];
}

describe('managers that build, too', () => {
  test('without network they install nothing', () => {
    expect(judged('--network=none dotnet publish', {})).toEqual([]);
    expect(judged('dotnet publish', {})).toEqual(['loose', 'unread dotnet']);
  });

  test.each<[string, Files | undefined, readonly string[]]>([
    // What only fetches is read, and held where the lock file is there.
    ['mix deps.get', undefined, ['loose']],
    ['mix deps.get', { 'mix.lock': '' }, ['lock']],
    ['rebar3 get-deps', { 'rebar.lock': '' }, ['lock']],
    ['dart pub get', { 'pubspec.lock': '' }, ['lock']],
    ['flutter pub get', undefined, ['loose']],
    ['swift package resolve', { 'Package.resolved': '' }, ['lock']],
    ['conan install .', { 'conan.lock': '' }, ['lock']],
    ['stack build --only-dependencies', { 'stack.yaml.lock': '' }, ['lock']],
    ['cabal build --only-dependencies', { 'cabal.project.freeze': '' }, ['lock']],
    ['cabal update', undefined, []],
    ['cabal install pandoc-3.1', undefined, ['pandoc']],
    ['shards install', { 'shard.lock': '' }, ['lock']],
    ['deno cache --frozen main.ts', { 'deno.lock': '' }, ['lock']],
    ['deno cache main.ts', { 'deno.lock': '' }, ['loose']],
    ['zig fetch https.tar', { 'build.zig.zon': '' }, ['lock']],
    ['gleam export erlang-shipment', { 'manifest.toml': '' }, ['lock']],
    ['dotnet restore --locked-mode', { 'packages.lock.json': '' }, ['lock']],
    // Without a lock file NuGet takes what the project says, in a project that nobody read.
    ['dotnet restore', { 'packages.lock.json': '' }, ['loose', 'unread dotnet']],
    ['nuget restore', undefined, ['loose', 'unread nuget']],
    // What builds runs code of the project.
    ['dotnet publish -c Release', undefined, ['loose', 'unread dotnet']],
    ['dotnet publish --no-restore', undefined, ['unread dotnet']],
    ['mix compile', undefined, ['unread mix']],
    ['rebar3 as prod release', undefined, ['loose', 'unread rebar3']],
    ['stack build', undefined, ['loose', 'unread stack']],
    ['cabal build', undefined, ['loose', 'unread cabal']],
    ['swift build -c release', undefined, ['loose', 'unread swift']],
    ['zig build', undefined, ['loose', 'unread zig']],
    ['flutter build web', undefined, ['unread flutter']],
    ['deno task build', undefined, ['unread deno']],
    // So does a file that the manager runs, where it is shown.
    ['mix deps.get', { 'mix.exs': 'System.cmd("x", [])' }, ['loose', 'unread mix']],
    ['conan install .', { 'conanfile.py': 'x' }, ['loose', 'unread conan']],
    ['swift package resolve', { 'Package.swift': 'import Foundation' }, ['loose', 'unread swift']],
    // What only translates runs nothing.
    ['dart compile exe bin/a.dart', undefined, []],
    ['zig cc -c a.c', undefined, []],
    // These fetch plugins that nothing pins, and run them in the same step.
    ['mvn package', undefined, ['unread mvn']],
    ['gradle build', undefined, ['unread gradle']],
    ['bazel build //...', undefined, ['unread bazel']],
  ])('%s %j', (run, files, expected) => {
    expect(judged(run, files)).toEqual(expected);
  });

  test('a build of verified source is held', () => {
    const sum = 'a'.repeat(64);
    const { unread } = analysisOf(
      `FROM x\nRUN curl -fsSLo a.tgz https://e.example/a.tgz && echo "${sum}  a.tgz" | sha256sum -c && tar -xf a.tgz && stack build`,
    );
    expect(unread).toMatchObject([{ program: 'stack', held: true }]);
  });

  test('each says what of a project runs', () => {
    for (const { programs, reason, lock } of ECOSYSTEMS) {
      expect(reason, programs).not.toBe('');
      expect(lock, programs).toMatch(/^[\w.]+$/);
    }
  });
});

describe('wrappers that fetch a build tool', () => {
  const settings = (sum: string): string =>
    `distributionUrl=https\\://services.gradle.org/distributions/gradle-9.0-bin.zip\n${sum}`;
  const GRADLE = 'gradle/wrapper/gradle-wrapper.properties';
  const MAVEN = '.mvn/wrapper/maven-wrapper.properties';
  const SUM = `distributionSha256Sum=${'a'.repeat(64)}\n`;

  test.each<[string, string, Files, readonly (string | undefined)[]]>([
    ['.', './gradlew build', { [GRADLE]: settings('') }, [undefined]],
    ['.', './gradlew build', { [GRADLE]: settings(SUM) }, ['distributionSha256Sum']],
    ['.', 'sh gradlew build', { [GRADLE]: settings('') }, [undefined]],
    ['.', './mvnw package', { [MAVEN]: settings('') }, [undefined]],
    ['.', './mvnw package', { [MAVEN]: settings(SUM.replace('aa', 'a')) }, [undefined]],
    ['.', './mvnw package', { [MAVEN]: 'distributionUrl=file:/m.zip' }, []],
    ['.', './mvnw package', { a: '' }, []],
    ['x', 'cd x && ../gradlew build', { [GRADLE]: settings('') }, [undefined]],
  ])('%s %s %j', (_folder, run, files, expected) => {
    const { downloads } = analysisOf(`FROM x\nWORKDIR /w\nCOPY . .\nRUN ${run}`, {}, files);
    expect(downloads.map(({ verifiedBy }) => verifiedBy?.method)).toEqual(expected);
  });
});
