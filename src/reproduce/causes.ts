import { given } from '../lib/json.ts';
import { groupBy } from '../lib/parallel.ts';
import type { TarType } from '../model/image.ts';
import type { ContentDifference, DifferenceKind, ImageDifference } from '../model/report.ts';
import TABLE from './causes.txt?raw';

/** Why something differs between builds, and what to do in the Dockerfile. */
type DifferenceClass = Pick<ImageDifference, 'class' | 'cause' | 'remedy'>;

type DifferenceFormat = ContentDifference['format'];

/** A class and its conditions; absent ones do not matter. */
interface ClassRule extends DifferenceClass {
  readonly path?: RegExp;
  /** Any of them. */
  readonly kinds?: readonly DifferenceKind[];
  readonly formats?: readonly DifferenceFormat[];
  /** Matches the line that says where contents differ. */
  readonly detail?: RegExp;
  /** Matches both lines of text; a match must include what differs between them. */
  readonly changed?: RegExp;
}

const LINES = /^line \d+: ("(?:[^"\\]|\\.)*"|nothing) and ("(?:[^"\\]|\\.)*"|nothing)$/;
/** A word: text between two separators. */
const WORD = /[^\s"'`,;|()[\]{}<>=]+/g;

/** True if what differs between the lines that a detail quotes has this form on both sides. */
function isChanged(detail: string, pattern: RegExp): boolean {
  const sides = LINES.exec(detail)
    ?.slice(1)
    .map((text) => (text === 'nothing' ? '' : unquoted(text)));
  if (sides === undefined) return false;
  const [first = [], second = []] = sides.map((line) => [...line.matchAll(WORD)]);
  const isPaired = first.length === second.length;
  return sides.every((line, side) => {
    const [own, other] = side === 0 ? [first, second] : [second, first];
    const differing = own.filter(({ 0: word }, i) =>
      isPaired ? word !== other[i]?.[0] : !other.some(([one]) => one === word),
    );
    // A missing line proves nothing, nor does one that only lost a word.
    if (differing.length === 0) return other.length > own.length;
    return [...line.matchAll(new RegExp(pattern, `g${pattern.flags.replace('g', '')}`))].some(
      ({ 0: match, index }) =>
        differing.some(
          (word) => word.index < index + match.length && index < word.index + word[0].length,
        ),
    );
  });
}

/** Without quotes; escapes become spaces, which separate words. */
function unquoted(text: string): string {
  return text.slice(1, -1).replaceAll(/\\(?:u[0-9a-f]{4}|.)/g, ' ');
}

const HEAD = /^([a-z-]+)(?: \{([a-z ]+)\})?(?: \|(i?) (.*))?$/;
const CONTENT = /^\[([a-z ]*)\](~?)(i?)(?: (.*))?$/;

/** The sections of causes.txt by their names, without comments. */
const SECTIONS = new Map(
  TABLE.replace(/^(?:#.*)?\n/gm, '')
    .split(/^== /m)
    .map((text): [string, string] => {
      const end = text.indexOf('\n');
      return [text.slice(0, end), text.slice(end + 1).trimEnd()];
    }),
);
const NAMES = new Map(
  (SECTIONS.get('names') ?? '').split('\n').map((line): [string, string] => {
    const at = line.indexOf(' = ');
    return [line.slice(0, at), line.slice(at + 3)];
  }),
);

function rules(section: string): readonly ClassRule[] {
  const text = (SECTIONS.get(section) ?? '').replaceAll(
    /\{([A-Z_]+)\}/g,
    (all, name: string) => NAMES.get(name) ?? all,
  );
  return text.split(/\n(?! )/).map((row): ClassRule => {
    const [head = '', ...lines] = row.split('\n').map((line) => line.trim());
    const [, name = '', kinds, ofPath, path] = HEAD.exec(head) ?? [];
    const [content, formats = '', isChange, ofContent, said] = CONTENT.exec(lines[0] ?? '') ?? [];
    const words = lines.slice(content === undefined ? 0 : 1).join(' ');
    const [cause = '', remedy] = words.split(' → ');
    return {
      class: name,
      cause,
      remedy,
      ...given({
        path: path === undefined ? undefined : new RegExp(path, ofPath),
        kinds: kinds?.split(' ') as readonly DifferenceKind[] | undefined,
        formats: formats === '' ? undefined : (formats.split(' ') as DifferenceFormat[]),
        [isChange === '~' ? 'changed' : 'detail']:
          said === undefined ? undefined : new RegExp(said, ofContent),
      }),
    };
  });
}

/** The class of the first rule that fits; `content` if both were read. */
function classIn(
  all: readonly ClassRule[],
  path: string,
  kinds: readonly DifferenceKind[],
  read?: ContentDifference,
): DifferenceClass {
  const found = all.find(
    ({ path: ofPath, kinds: ofKinds, formats, detail, changed }) =>
      (ofPath?.test(path) ?? true) &&
      (ofKinds?.some((kind) => kinds.includes(kind)) ?? true) &&
      (formats === undefined || (read !== undefined && formats.includes(read.format))) &&
      (detail === undefined || (read !== undefined && detail.test(read.detail))) &&
      (changed === undefined || (read !== undefined && isChanged(read.detail, changed))),
  );
  return found === undefined ? UNEXPLAINED : classOnly(found);
}

function classOnly({ class: name, cause, remedy }: ClassRule): DifferenceClass {
  return { class: name, cause, remedy };
}

export const UNEXPLAINED: DifferenceClass = {
  class: 'unexplained',
  cause: 'not known: the instruction gives another result each time, or from other input',
  remedy: undefined,
};

const [OF_CONTENT, METADATA, FIELDS, IMAGES] = [
  rules('content'),
  rules('metadata'),
  rules('fields'),
  rules('images'),
];

/** Every cause by its id, with each way to avoid it. */
export const CAUSES = new Map<string, readonly DifferenceClass[]>(
  groupBy([...OF_CONTENT, ...METADATA, ...FIELDS, ...IMAGES, UNEXPLAINED], (one) => one.class),
);

/** The class of a differing entry; `content` if both were read, `types` if both have it. */
export function classOf(
  path: string,
  kinds: readonly DifferenceKind[],
  content: ContentDifference | undefined,
  types: readonly TarType[] = [],
): DifferenceClass {
  const isLinked = types.includes('hardlink') && types.includes('file');
  if (isLinked && kinds.includes('type')) return classNamed('hard-link');
  const isOfContent = kinds.some((kind) => ['content', 'presence', 'link'].includes(kind));
  return classIn(isOfContent ? OF_CONTENT : METADATA, path, kinds, content);
}

/** That of a field of the configuration, or of an annotation. */
export function classOfField(path: string): DifferenceClass {
  return classIn(FIELDS, path, []);
}

/** That of whole images and layers. */
export function classNamed(
  name: 'platform' | 'other-layers' | 'compression' | 'hard-link',
): DifferenceClass {
  const found = IMAGES.find((one) => one.class === name);
  return found === undefined ? UNEXPLAINED : classOnly(found);
}
