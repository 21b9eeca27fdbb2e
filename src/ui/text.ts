import { stripVTControlCharacters } from 'node:util';
import { withoutCiCommands, withoutPasswords, withoutSteering } from '../lib/text.ts';
export { type Marks, marksOf } from '../model/marks.ts';

/**
 * One line from outside for a terminal: without commands to it or to a CI system, and without
 * passwords in addresses. Tabs stay. Reports use `shownText`, which marks instead of removing.
 */
export function cleanForTerminal(text: string): string {
  return withoutPasswords(withoutCiCommands(withoutSteering(text)), '***');
}

/** Same in one row of a screen: line ends and tabs are spaces. */
export function cleanRow(text: string): string {
  return cleanForTerminal(text.replace(/[\t\n]/g, ' '));
}

/** Same for each of several lines. */
export function cleanLines(text: string): string {
  return text.split('\n').map(cleanForTerminal).join('\n');
}

/** A command to paste stays one line, however long: a line break inside would run half of it. */
const COMMAND = /^\s*(?:next|undo|fix|apply it): [a-z]/;
/** A name, and behind at least two spaces what is said of it. */
const NAMED = /^ *(?:\S+ )+ +(?=\S)/;
/** Narrower, folding leaves a column of single words. */
const LEAST_COLUMNS = 40;

/**
 * Text for a terminal, each line broken at spaces to `columns`; what goes on is indented below the
 * text of its line. Longer words (a path, a digest, an address) and commands to paste stay whole.
 * SGR codes may be in it.
 */
export function folded(text: string, columns: number): string {
  if (columns < LEAST_COLUMNS) return text;
  return text
    .split('\n')
    .map((line) => foldedLine(line, columns))
    .join('\n');
}

function foldedLine(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  if (plain.length <= columns || COMMAND.test(plain)) return line;
  const hang = hangOf(plain, columns);
  const lines: string[] = [];
  let open = '';
  let used = 0;
  let gap = '';
  for (const [i, part] of line.split(/( +)/).entries()) {
    if (i % 2 === 1) {
      gap = part;
      continue;
    }
    const width = stripVTControlCharacters(part).length;
    // The name at the start of a line stays with the first word that is said of it.
    const isFirst = lines.length === 0 ? used < hang : used === hang;
    // Where a word is longer than a line, the terminal breaks it in any case.
    const fits = used + gap.length + width <= columns || width > columns - hang;
    if (!isFirst && !fits) {
      lines.push(open);
      open = ' '.repeat(hang) + part;
      used = hang + width;
    } else {
      open += gap + part;
      used += gap.length + width;
    }
    gap = '';
  }
  return [...lines, open].join('\n');
}

/** The column in which a line goes on: below what is said of a name, else two behind its start. */
function hangOf(plain: string, columns: number): number {
  const named = NAMED.exec(plain)?.[0].length ?? 0;
  const indent = plain.length - plain.trimStart().length;
  return named > 0 && named <= columns / 2 ? named : indent + 2;
}
