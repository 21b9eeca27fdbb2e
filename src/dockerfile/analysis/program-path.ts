import { isBuiltin } from '../../programs/shell-builtins.ts';
import type { Field } from '../shell/fields.ts';
import { pathIn } from '../shell/shell-state.ts';
import type { TracedCommand } from '../shell/traced-command.ts';
import { NOT_AT_HAND } from './file-entries.ts';
import type { FileContent, StageFiles } from './stage-files.ts';

export const PROGRAM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Folders that installers fill below one that the context is copied to. */
const INSTALLERS =
  /(?:^|\/)(?:node_modules\/\.bin|\.?v?env\/bin|vendor\/bin|\.local\/bin|\.cargo\/bin|go\/bin)$/;

/** What is known around a command whose program is looked for. */
interface Search {
  readonly folder: string;
  /** PATH as far as known, the unknown named by a `$`; undefined where it is the base image's. */
  readonly path: string | undefined;
  readonly at: number;
}

/** Linux takes no longer path; a PATH of a person is shorter. */
const MAX_PATH = 4096;

/** PATH as an instruction puts it over what it was before. */
export function overPath(value: string, before = '$PATH'): string {
  return value.replace(/\$(?:PATH\b|\{PATH\b[^}]*\})/g, () => before).slice(0, MAX_PATH);
}

/** The search for the program of a command. */
export function searchOf({ id, folder, programPath }: TracedCommand): Search {
  return { folder, path: programPath, at: id };
}

/** Where a program named on a command line lies, as far as files put into the stage tell. */
export function executedFile(
  files: StageFiles,
  argv: readonly Field[],
  { folder, path = '$PATH', at }: Search,
): { readonly path: string; readonly content: FileContent | undefined } | undefined {
  const [name] = argv;
  if (name === undefined) return undefined;
  if (name.text.includes('/')) {
    const place = pathIn(folder, name.text);
    const found = [place, ...twin(place)].map((path) => ({ path, content: files.at(path, at) }));
    return (
      found.find(({ content }) => content !== undefined && content.kind !== 'maybe') ?? found[0]
    );
  }
  if (!files.spend(path.length / 64)) return undefined;
  const isKnown = !path.includes('$');
  let isInFront = !isBuiltin(name.text);
  for (const one of [...path.split(':'), ...(isKnown ? [] : PROGRAM_PATH.split(':'))]) {
    if (!files.spend(1)) break;
    isInFront &&= !/^(?:\/usr\/bin|\$\{?PATH\}?)$/.test(one);
    const isOpen = /^\$[^/]*$/.test(one);
    if (one.startsWith('$') && !isInFront) continue;
    const own = one.startsWith('$') ? one : pathIn(folder, one === '' ? '.' : one);
    const place = isOpen ? name.text : pathIn(own || '.', name.text);
    const content = isOpen
      ? (files.named(place, at) ?? files.open(`\${}/bin/${place}`, at))
      : (files.at(place, at) ?? files.open(place, at));
    if (content === undefined) continue;
    if (content.kind !== 'maybe') return { path: place, content };
    if (isInFront && !isOpen && isFilled(files, own, name.text, { content, at }))
      return { path: place, content: { kind: 'unread', why: content.why } };
  }
  return undefined;
}

/** The same file by the other name of its folder: /bin is a link to /usr/bin. */
function twin(path: string): readonly string[] {
  if (/^\/s?bin\//.test(path)) return [`/usr${path}`];
  return /^\/usr\/s?bin\//.test(path) ? [path.slice('/usr'.length)] : [];
}

/** True where a folder of PATH was filled with what is not known, rather than one far above it. */
function isFilled(
  files: StageFiles,
  folder: string,
  name: string,
  found: { readonly content: FileContent & { readonly kind: 'maybe' }; readonly at: number },
): boolean {
  const { content, at } = found;
  if (content.isFollowed === true || PROGRAM_PATH.split(':').includes(folder)) return false;
  const above = folder.replace(/(?<![^/])[^/]*$/, '');
  const isAbove =
    folder !== '' && folder !== '/' && files.at(pathIn(above, name), at)?.kind === 'maybe';
  return !isAbove || (content.why === NOT_AT_HAND && !INSTALLERS.test(folder));
}
