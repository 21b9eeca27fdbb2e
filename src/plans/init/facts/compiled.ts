import type { Project } from '../../../model/template.ts';
import { type Facts, imageName, matchIn, minorOf, tomlTable, tomlText } from './text.ts';

/** What go.mod says, and where the program lies. */
export function goFacts(project: Project): Facts {
  const module = matchIn(project, 'go.mod', /^module\s+(\S+)\s*$/m)?.replace(/\/v\d+$/, '');
  const commands = project.files.filter((path) => /^cmd\/[^/]+\/main\.go$/.test(path));
  const [command] = commands;
  const isAtRoot = project.files.includes('main.go');
  return {
    name: imageName(module),
    version: goVersion(minorOf(matchIn(project, 'go.mod', /^go\s+(\S+)\s*$/m))),
    package:
      isAtRoot || command === undefined
        ? isAtRoot
          ? '.'
          : undefined
        : commands.length === 1
          ? command.replace(/\/main\.go$/, '')
          : undefined,
  };
}

/** The first version that has an image on trixie; older modules are built by a newer Go as well. */
const FIRST_GO_MINOR = 24;

/** go.mod names the least version that will do. */
function goVersion(least: string | undefined): string | undefined {
  return Number(least?.replace(/^1\./, '')) >= FIRST_GO_MINOR ? least : undefined;
}

/** What Cargo.toml says. */
export function rustFacts(project: Project): Facts {
  const table = tomlTable(project, 'Cargo.toml', 'package');
  const name = tomlText(table, 'name');
  const binary = tomlTable(project, 'Cargo.toml', '[bin]');
  const channel =
    matchIn(project, 'rust-toolchain.toml', /^channel\s*=\s*"([^"]*)"/m) ??
    matchIn(project, 'rust-toolchain', /^(\d+\.\d+(?:\.\d+)?)\s*$/);
  return {
    name: imageName(name),
    authors: tomlText(table, 'authors')?.split(' <')[0],
    license: tomlText(table, 'license'),
    version: minorOf(channel),
    binary: tomlText(binary, 'name') ?? name,
  };
}

/** What CMakeLists.txt says; a Makefile does not tell what it makes. */
export function nativeFacts(project: Project): Facts {
  const cmake = 'CMakeLists.txt';
  return {
    name: imageName(matchIn(project, cmake, /^[ \t]*project\s*\(\s*([^\s)]+)/im)),
    binary: matchIn(project, cmake, /^[ \t]*add_executable\s*\(\s*([^\s)]+)/im),
  };
}
