import type { FileFact, FilesystemFact } from '../model/facts.ts';
import { entryNamed, type ToolEntry, type ToolTable } from './tools-table.ts';

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

/** Executables by path, so that a link can be asked for what its target is. */
export function byPath(filesystem: FilesystemFact): ReadonlyMap<string, FileFact> {
  return new Map(filesystem.executables.map((file) => [file.path, file]));
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
export function findPrograms(filesystem: FilesystemFact, table: ToolTable): FoundProgram[] {
  const files = byPath(filesystem);
  return filesystem.executables.flatMap((file) => {
    const entry = entryNamed(table, fileName(file.path));
    return entry !== undefined && isProgram(file, files) ? [{ file, entry }] : [];
  });
}
