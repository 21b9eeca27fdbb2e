import { HOOK_FILES } from '../../programs/hook-files.ts';
import { OBEYED_FILES, type ObeyedFile } from '../../programs/obeyed-files.ts';
import { isBuiltin } from '../../programs/shell-builtins.ts';
import { pathIn } from '../paths.ts';
import type { CommandEvent } from './command-event.ts';
import type { StageFiles } from './stage-files.ts';

type Obeying = Pick<CommandEvent, 'program' | 'argv' | 'folder' | 'id' | 'variable'>;

const FILES = [...OBEYED_FILES, ...HOOK_FILES];
const BY_PROGRAM = new Map<string, readonly ObeyedFile[]>();
/** Of programs; a hostile file may name more. */
const MOST_KEPT = 512;

/** The files that a program obeys. */
function filesOf(program: string): readonly ObeyedFile[] {
  const rows =
    BY_PROGRAM.get(program) ?? FILES.filter(({ programs }) => programs?.test(program) !== false);
  if (BY_PROGRAM.size < MOST_KEPT) BY_PROGRAM.set(program, rows);
  return rows;
}

/** The repository folder that a git command names; undefined where it is the command's own. */
function repositoryIn({ program, argv, variable }: Obeying): string | undefined {
  if (program !== 'git') return undefined;
  const words = argv.map(({ text }) => text);
  const at = words.findIndex((word) => word === '-C' || /^--git-dir(?:=|$)/.test(word));
  const option = words[at];
  if (option === undefined) return variable('GIT_DIR');
  return option.includes('=') ? option.slice(option.indexOf('=') + 1) : words[at + 1];
}

/** Places of a file by the table, none if its folder is unknown; `*` is a word of the command. */
function placesOf(place: string, event: Obeying): readonly string[] {
  const { folder, variable, argv } = event;
  if (place.includes('*'))
    return argv
      .slice(1)
      .filter(({ text }) => /^[\w.-]+$/.test(text))
      .map(({ text }) => place.replace('*', text));
  const repository = place.startsWith('./') ? repositoryIn(event) : undefined;
  // A bare repository is what lies in `.git` elsewhere.
  if (repository !== undefined)
    return [place, place.replace('.git/', '')].map((one) =>
      pathIn(pathIn(folder, repository), one),
    );
  if (!place.startsWith('~/')) return [pathIn(folder, place)];
  const home = variable('HOME');
  return home === undefined ? [] : [pathIn(home, place.slice(2))];
}

/** The first file of the build that a command's program obeys and that may make it run code. */
export function obeyedFile(
  event: Obeying,
  files: StageFiles,
): { readonly path: string; readonly reason: string } | undefined {
  if (isBuiltin(event.program)) return undefined;
  const words = event.argv.slice(1).map(({ text }) => text);
  const line = words.join(' ').trimStart();
  for (const row of filesOf(event.program)) {
    if (row.only?.test(line) === false) continue;
    const places = (row.places ?? []).flatMap((place) => placesOf(place, event));
    for (const path of new Set([...files.put(row.path, event.id), ...places])) {
      const content = files.at(path, event.id);
      if (content === undefined || (row.ifShown === true && content.kind !== 'text')) continue;
      if (content.kind === 'text' && row.isHarmless?.(content.text) === true) continue;
      return { path, reason: row.reason };
    }
  }
  return undefined;
}
