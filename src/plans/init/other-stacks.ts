import type { Project } from '../../model/template.ts';
import { matchesPattern } from './detect-stack.ts';

/** Stacks that no template is for, by a file that tells of them. */
const OTHERS: readonly (readonly [string, string])[] = [
  ['cpanfile', 'Perl'],
  ['Makefile.PL', 'Perl'],
  ['Build.PL', 'Perl'],
  ['*.psgi', 'Perl'],
  ['*.pl', 'Perl'],
  ['*.cgi', 'CGI'],
  ['cgi-bin/*', 'CGI'],
  ['mix.exs', 'Elixir'],
  ['rebar.config', 'Erlang'],
  ['build.sbt', 'Scala'],
  ['project.clj', 'Clojure'],
  ['deps.edn', 'Clojure'],
  ['Package.swift', 'Swift'],
  ['pubspec.yaml', 'Dart'],
  ['deno.json', 'Deno'],
  ['deno.jsonc', 'Deno'],
  ['stack.yaml', 'Haskell'],
  ['*.cabal', 'Haskell'],
  ['dune-project', 'OCaml'],
  ['build.zig', 'Zig'],
  ['shard.yml', 'Crystal'],
  ['*.nimble', 'Nim'],
  ['Project.toml', 'Julia'],
  ['renv.lock', 'R'],
  ['DESCRIPTION', 'R'],
  ['*.lua', 'Lua'],
];

/** The file that tells of a stack without a template, and that stack. */
export function otherStack({ files }: Project): { file: string; stack: string } | undefined {
  for (const [pattern, stack] of OTHERS) {
    const file = files.find((path) => matchesPattern(pattern, path));
    if (file !== undefined) return { file, stack };
  }
  return undefined;
}
