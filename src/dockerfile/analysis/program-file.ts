import { isBuiltin } from '../../programs/shell-builtins.ts';
import { pathIn } from '../paths.ts';
import { isInstalledPath } from '../shell/interpreters.ts';
import type { CommandEvent } from './command-event.ts';
import type { FileContent, StageFiles } from './stage-files.ts';

export const PROGRAM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Linux takes no longer path; a PATH of a person is shorter. */
const MAX_PATH = 4096;

/** PATH as an instruction puts it over what it was before. */
export function overPath(value: string, before = '$PATH'): string {
  return value.replace(/\$(?:PATH\b|\{PATH(?![#\w])[^}]*\})/g, () => before).slice(0, MAX_PATH);
}

/** True where the command names a file on a program path, so that its name tells what it is. */
export function isNamed(word: string): boolean {
  if (!word.includes('/')) return true;
  const isBin = /(?:^|\/)\.?(?:s?bin|shims|libexec|Scripts)\/[^/]+$/.test(word);
  return isBin && isInstalledPath(word);
}

/** The same file by the other name of its folder: /bin is a link to /usr/bin. */
function twin(path: string): readonly string[] {
  if (/^\/s?bin\//.test(path)) return [`/usr${path}`];
  return /^\/usr\/s?bin\//.test(path) ? [path.slice('/usr'.length)] : [];
}

/** The folders of PATH, those of the base image put in. */
function pathOf(
  { programPath }: Pick<CommandEvent, 'programPath'>,
  files: StageFiles,
): readonly string[] {
  return overPath(overPath(programPath ?? '$PATH', files.programPath), PROGRAM_PATH).split(':', 64);
}

/** True where a program by this name may be another than the distribution's. */
export function mayBeReplaced(event: CommandEvent, files: StageFiles): boolean {
  const { program, folder, id, argv } = event;
  const own = event.variables.has('PATH') ? (event.programPath ?? '$') : undefined;
  const folders = pathOf({ programPath: own }, files);
  const system = PROGRAM_PATH.split(':');
  const isSystem = folders.some((one) => system.includes(one));
  const isNamedElsewhere =
    files.put(new RegExp(`(?:^|/)${program.replace(/[^\w-]/g, '.')}$`), id).length > 0;
  const first = argv[0]?.text ?? program;
  return (
    !isSystem ||
    isNamedElsewhere ||
    programFile(first, { folder, id, programPath: own }, files) !== undefined ||
    [...folders, ...system, '/', '/usr', '/usr/local'].some(
      (one) => !one.startsWith('$') && files.isFilled(pathIn(folder, one || '.'), id, true),
    ) ||
    files.put(/^\$\{?\w+(?:#\d+)?\}?$/, id).length > 0 ||
    folders.some((one) => one.startsWith('$') && !/^\$\{?\w+\}?\/./.test(one))
  );
}

/** A file that the build put where a program of this name is looked for; undefined for none. */
export function programFile(
  name: string,
  {
    folder,
    id,
    programPath,
    instruction,
  }: Pick<CommandEvent, 'folder' | 'id' | 'programPath'> &
    Partial<Pick<CommandEvent, 'instruction'>>,
  files: StageFiles,
): { readonly path: string; readonly content: FileContent } | undefined {
  const found = (path: string): { path: string; content: FileContent } | undefined => {
    for (const one of [path, ...twin(path)]) {
      const content = files.at(one, id);
      if (content !== undefined) return { path: one, content };
    }
    return undefined;
  };
  if (name.includes('/')) return found(pathIn(folder, name));
  if (isBuiltin(name) && instruction?.rawArguments.startsWith('[') !== true) return undefined;
  let isInFront = true;
  for (const one of pathOf({ programPath }, files)) {
    isInFront &&= !/^\/(?:usr\/)?bin$/.test(one);
    if (one.startsWith('$')) {
      const content = files.ending(
        `${one.replace(/^\$(?:\{[^}]*\}|\(\.*\)|\w+)/, '')}/${name}`,
        id,
      );
      if (content !== undefined) return { path: `${one}/${name}`, content };
      continue;
    }
    const there = found(pathIn(pathIn(folder, one === '' ? '.' : one), name));
    if (there !== undefined) return there;
    if (isInFront && files.isFilled(pathIn(folder, one === '' ? '.' : one), id))
      return {
        path: `${one}/${name}`,
        content: { kind: 'unread', why: 'lies in a folder that the build filled' },
      };
  }
  const content = files.unplaced(name, id);
  return content && { path: name, content };
}
