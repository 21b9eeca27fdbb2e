import type { ContentDifference, DifferenceKind } from '../model/difference.ts';

/** Why something differs from build to build, and what to do in the Dockerfile. */
export interface DifferenceClass {
  readonly id: string;
  readonly cause: string;
  readonly remedy: string | undefined;
}

type DifferenceFormat = ContentDifference['format'];

/** A class, and what it is recognized by; what is not given does not matter. */
export interface ClassRule extends DifferenceClass {
  readonly path?: RegExp;
  /** One of them applies. */
  readonly kinds?: readonly DifferenceKind[];
  readonly formats?: readonly DifferenceFormat[];
  /** Against the line that says where the contents differ. */
  readonly detail?: RegExp;
  /** Against both lines of text: a match has to take part in what differs between them. */
  readonly changed?: RegExp;
}

const LINES = /^line \d+: ("(?:[^"\\]|\\.)*"|nothing) and ("(?:[^"\\]|\\.)*"|nothing)$/;
/** Text between two of them counts as one word. */
const WORD = /[^\s"'`,;|()[\]{}<>=]+/g;

/** Whether what differs between the lines that a detail quotes is, on both sides, of this form. */
export function isChanged(detail: string, pattern: RegExp): boolean {
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
    // A missing line says nothing, nor does one that has only lost a word.
    if (differing.length === 0) return other.length > own.length;
    return [...line.matchAll(new RegExp(pattern, `g${pattern.flags.replace('g', '')}`))].some(
      ({ 0: match, index }) =>
        differing.some(
          (word) => word.index < index + match.length && index < word.index + word[0].length,
        ),
    );
  });
}

/** Without quotes, and with a space for what is escaped, which parts words. */
function unquoted(text: string): string {
  return text.slice(1, -1).replaceAll(/\\(?:u[0-9a-f]{4}|.)/g, ' ');
}

/** What most tools that write a date take it from. */
export const EPOCH = 'ARG SOURCE_DATE_EPOCH in that stage';

/** `[elf gzip] ^ELF section`: one of these formats, any where none is named, and the detail. */
const CONTENT = /^\[([a-z ]*)\](?: (.*))?$/;

/**
 * Rules as text. A row is an id and a pattern for the path; then with an indent what the contents
 * are, the cause, and after an arrow the remedy, where one is known.
 */
export function rules(table: string): readonly ClassRule[] {
  return table
    .trim()
    .split(/\n(?! )/)
    .map((row): ClassRule => {
      const [head = '', ...lines] = row.split('\n').map((line) => line.trim());
      const bar = head.indexOf(' | ');
      const [content, formats = '', detail] = CONTENT.exec(lines[0] ?? '') ?? [];
      const words = lines.slice(content === undefined ? 0 : 1).join(' ');
      const [cause = '', remedy] = words.split(' → ');
      return {
        id: bar < 0 ? head : head.slice(0, bar),
        cause,
        remedy,
        ...(bar < 0 ? {} : { path: new RegExp(head.slice(bar + 3)) }),
        ...(formats === '' ? {} : { formats: formats.split(' ') as DifferenceFormat[] }),
        ...(detail === undefined ? {} : { detail: new RegExp(detail) }),
      };
    });
}
