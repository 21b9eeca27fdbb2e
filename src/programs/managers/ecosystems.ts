/** A manager of packages that builds too, by what its command lines do. */
export interface Ecosystem {
  /** Names, parted by blanks. */
  readonly programs: string;
  /** Command lines that fetch packages. */
  readonly fetches: RegExp;
  /**
   * Command lines that run or compile the project with its own code: plugins, macros, hooks, or a
   * build file that is a program.
   */
  readonly builds?: RegExp;
  /** The file that decides every version where it is there. */
  readonly lock: string;
  /** Without such words the file is no more than a proposal. */
  readonly enforced?: RegExp;
  /** Command lines that fetch nothing. */
  readonly unless?: RegExp;
  /** What of a project runs in a build. */
  readonly reason: string;
}

/**
 * Managers under one rule: `fetches` installs, pinned by the lock file; `builds` runs the project's
 * code, and is unread over a folder of the context.
 */
export const ECOSYSTEMS: readonly Ecosystem[] = [
  {
    programs: 'dotnet',
    fetches: /^(?:restore|build|publish|test|pack|run|msbuild)\b/,
    builds: /^(?:build|publish|test|pack|run|msbuild|clean)\b/,
    lock: 'packages.lock.json',
    enforced: /(?:^| )--locked-mode(?: |$)|[-/]p:RestoreLockedMode=true\b/i,
    unless: /(?:^| )--no-(?:restore|build)(?: |$)/,
    reason: 'targets of the project file and of what it imports',
  },
  {
    programs: 'nuget msbuild',
    fetches: /(?:^| )(?:restore|install|[-/]restore|[-/]r|[-/]t:restore)\b/i,
    builds: /(?:^| )[-/](?:p|t|property|target|m|r|restore)\b/i,
    lock: 'packages.lock.json',
    enforced: /[-/]LockedMode\b|[-/]p:RestoreLockedMode=true\b/i,
    reason: 'targets of the project file and of what it imports',
  },
  {
    programs: 'mix',
    fetches: /^(?:(?:do )?(?:deps\.get|deps\.update)|archive\.install)\b/,
    builds:
      /^(?:do |compile|deps\.compile|release|phx\.|assets\.|ecto\.|test|run|escript|esbuild|tailwind|sentry|gettext)/,
    lock: 'mix.lock',
    reason: 'mix.exs, configuration and macros, which are Elixir',
  },
  {
    programs: 'rebar3 rebar',
    fetches: /^(?:get-deps|compile|release|tar|escriptize|as \w+ \w+)\b/,
    builds: /^(?:compile|release|tar|escriptize|ct|eunit|as)\b/,
    lock: 'rebar.lock',
    reason: 'hooks and plugins of rebar.config',
  },
  {
    programs: 'stack',
    fetches: /^(?:--\S+ )*(?:build|install|setup|test|exec)\b/,
    builds:
      /^(?:--\S+ )*(?:build|install|test|exec|ghc|runghc)\b(?!.*--only-(?:dependencies|snapshot))/,
    lock: 'stack.yaml.lock',
    reason: 'Template Haskell and Setup.hs',
  },
  {
    programs: 'cabal',
    fetches: /^(?:--\S+ )*(?:(?:v2-|new-)?(?:build|freeze|test|run)|fetch|install .*--only-dep)/,
    builds:
      /^(?:--\S+ )*(?:v2-|new-)?(?:(?:build|test|run|configure)\b(?!.*--only-dep)|install(?: -\S+)*(?: (?:\.|all|exe:\S+|lib:\S+))?$)/,
    lock: 'cabal.project.freeze',
    reason: 'Template Haskell and Setup.hs',
  },
  {
    programs: 'dart flutter pub',
    fetches: /^(?:pub )?(?:get|upgrade|downgrade)\b/,
    builds: /^(?:build|run|test|drive|pub run|pub global run)\b/,
    lock: 'pubspec.lock',
    reason: 'build hooks, and Gradle or Xcode files of the project',
  },
  {
    programs: 'swift',
    fetches: /^(?:package (?:resolve|update)|build|test|run)\b/,
    builds: /^(?:build|test|run|package (?!resolve|update|clean|reset))/,
    lock: 'Package.resolved',
    reason: 'Package.swift and plugins',
  },
  {
    programs: 'conan',
    fetches: /^(?:install|build|create|lock create)\b/,
    builds: /^(?:build|create)\b/,
    lock: 'conan.lock',
    reason: 'conanfile.py',
  },
  {
    programs: 'zig',
    fetches: /^(?:build|fetch)\b(?!-)/,
    builds: /^build(?![-\w])/,
    lock: 'build.zig.zon',
    reason: 'build.zig',
  },
  {
    programs: 'deno',
    fetches: /^(?:cache|install|compile|add)\b/,
    builds: /^(?:run|task|test|bench|eval|x)\b/,
    lock: 'deno.lock',
    enforced: /(?:^| )--(?:frozen|lock)\b/,
    reason: 'the program itself',
  },
  {
    programs: 'shards',
    fetches: /^(?:install|update|build)\b|^$/,
    builds: /^build\b/,
    lock: 'shard.lock',
    reason: 'macros and scripts of shard.yml',
  },
  {
    programs: 'gleam',
    fetches: /^(?:deps download|build|export)\b/,
    lock: 'manifest.toml',
    reason: 'nothing: it only translates',
  },
  {
    programs: 'elm',
    fetches: /^(?:make|install)\b/,
    lock: 'elm.json',
    reason: 'nothing: it only translates',
  },
  {
    programs: 'pod',
    fetches: /^(?:install|update)\b/,
    lock: 'Podfile.lock',
    reason: 'the Podfile, which is Ruby',
  },
];
