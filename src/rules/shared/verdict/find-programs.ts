import type { FileFact, FilesystemFact } from '../../../model/facts.ts';
import { fileName } from '../../../model/path.ts';
import { BUILD_TOOLS } from '../../../programs/kinds/build-tools.ts';
import { PACKAGE_MANAGERS } from '../../../programs/kinds/package-managers.ts';
import { SHELL_PROGRAMS } from '../../../programs/kinds/shells.ts';
import {
  entryNamed,
  possibleNames,
  type ToolEntry,
  type ToolTable,
} from '../../../programs/kinds/tools-table.ts';

interface FoundProgram {
  readonly file: FileFact;
  readonly entry: ToolEntry;
}

/**
 * Places of documents, examples and completions, where a script is read by a person or a shell, not
 * run; and of what cron, init and reportbug call, where a script has the name of what it looks
 * after (`etc/cron.daily/dpkg`).
 */
const DOCUMENTS =
  /(?:^|\/)(?:share\/(?:doc|man|info|bash-completion|zsh|fish|bug)|bash_completion\.d|completions|etc\/(?:cron\.[a-z]+|(?:init|rc\d)\.d))\//;

/** Tables that programs are looked up in. */
const TABLES = {
  shells: SHELL_PROGRAMS,
  'package-managers': PACKAGE_MANAGERS,
  'build-tools': BUILD_TOOLS,
};
const ALL: readonly ToolTable[] = Object.values(TABLES);

interface Named {
  readonly file: FileFact;
  readonly names: readonly string[];
}

/** The executables in any of the tables, few of 100,000, cached: several criteria ask for them. */
const NAMED = new WeakMap<FilesystemFact, readonly Named[]>();

function namedOf(filesystem: FilesystemFact): readonly Named[] {
  const known = NAMED.get(filesystem);
  if (known !== undefined) return known;
  const named = filesystem.executables.flatMap((file): Named[] => {
    const names = possibleNames(fileName(file.path));
    return ALL.some((table) => entryNamed(table, names)) ? [{ file, names }] : [];
  });
  NAMED.set(filesystem, named);
  return named;
}

/** True if the file, or its link's target, can run: ELF, script or another program format. */
export function isProgram({ type, path, resolved, executable }: FileFact): boolean {
  if (type === 'symlink' && resolved === undefined) return false;
  if (executable === 'unknown') return false;
  return !(executable === 'script' && DOCUMENTS.test(path));
}

/** The programs of the final filesystem that the table names, wherever they lie. */
export function findPrograms(
  filesystem: FilesystemFact,
  tableName: keyof typeof TABLES,
): FoundProgram[] {
  return namedOf(filesystem).flatMap(({ file, names }) => {
    const entry = entryNamed(TABLES[tableName], names);
    return entry !== undefined && isProgram(file) ? [{ file, entry }] : [];
  });
}
