import type { FileFact, FilesystemFact } from '../model/facts.ts';
import { BUILD_TOOLS } from './build-tools.ts';
import { PACKAGE_MANAGERS } from './package-managers.ts';
import { SHELLS } from './shells.ts';
import { entryNamed, possibleNames, type ToolEntry, type ToolTable } from './tools-table.ts';

export interface FoundProgram {
  readonly file: FileFact;
  readonly entry: ToolEntry;
}

/** Places of documents, examples and completions: a script there is read by a person or a shell, not run. */
const DOCUMENTS =
  /(?:^|\/)(?:share\/(?:doc|man|info|bash-completion|zsh|fish)|bash_completion\.d|completions)\//;

export function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Tables that programs are looked up in. */
const TABLES = { shells: SHELLS, 'package-managers': PACKAGE_MANAGERS, 'build-tools': BUILD_TOOLS };
const ALL: readonly ToolTable[] = Object.values(TABLES);

interface Named {
  readonly file: FileFact;
  readonly names: readonly string[];
}

interface Programs {
  readonly byPath: ReadonlyMap<string, FileFact>;
  /** Those of the executables that one of the tables names; few of 100,000. */
  readonly named: readonly Named[];
}

/** Several criteria ask of each filesystem. */
const KNOWN = new WeakMap<FilesystemFact, Programs>();

function programsOf(filesystem: FilesystemFact): Programs {
  const known = KNOWN.get(filesystem);
  if (known !== undefined) return known;
  const programs = {
    byPath: new Map(filesystem.executables.map((file) => [file.path, file])),
    named: filesystem.executables.flatMap((file): Named[] => {
      const names = possibleNames(fileName(file.path));
      return ALL.some((table) => entryNamed(table, names)) ? [{ file, names }] : [];
    }),
  };
  KNOWN.set(filesystem, programs);
  return programs;
}

/** Executables by path, so that a link can be asked for what its target is. */
export function byPath(filesystem: FilesystemFact): ReadonlyMap<string, FileFact> {
  return programsOf(filesystem).byPath;
}

/** True where the file can run: ELF, script or another program format, by itself or by where its link leads. */
export function isProgram(file: FileFact, files: ReadonlyMap<string, FileFact>): boolean {
  const target = file.resolved === undefined ? undefined : files.get(file.resolved);
  if (file.type === 'symlink' && file.resolved === undefined) return false;
  const kind = file.executable ?? target?.executable;
  if (kind === 'unknown') return false;
  return !(kind === 'script' && DOCUMENTS.test(file.path));
}

/** The programs of the final filesystem that the table names, wherever they lie. */
export function findPrograms(
  filesystem: FilesystemFact,
  tableName: keyof typeof TABLES,
): FoundProgram[] {
  const { byPath: files, named } = programsOf(filesystem);
  return named.flatMap(({ file, names }) => {
    const entry = entryNamed(TABLES[tableName], names);
    return entry !== undefined && isProgram(file, files) ? [{ file, entry }] : [];
  });
}
