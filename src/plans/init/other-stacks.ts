import type { Project } from '../../model/template.ts';
import { matchesPattern } from './detect-stack.ts';

/** Stacks that no template is for, by files that tell of them. */
const OTHERS: Readonly<Record<string, string>> = {
  Perl: 'cpanfile Makefile.PL Build.PL *.psgi *.pl',
  CGI: '*.cgi cgi-bin/*',
  Elixir: 'mix.exs',
  Erlang: 'rebar.config',
  Scala: 'build.sbt',
  Clojure: 'project.clj deps.edn',
  Swift: 'Package.swift',
  Dart: 'pubspec.yaml',
  Deno: 'deno.json deno.jsonc',
  Haskell: 'stack.yaml *.cabal',
  OCaml: 'dune-project',
  Zig: 'build.zig',
  Crystal: 'shard.yml',
  Nim: '*.nimble',
  Julia: 'Project.toml',
  R: 'renv.lock DESCRIPTION',
  Lua: '*.lua',
};

/** The file that tells of a stack without a template, and that stack. */
export function otherStack({ files }: Project): { file: string; stack: string } | undefined {
  for (const [stack, patterns] of Object.entries(OTHERS))
    for (const pattern of patterns.split(' ')) {
      const file = files.find((path) => matchesPattern(pattern, path));
      if (file !== undefined) return { file, stack };
    }
  return undefined;
}
