import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** The pages that show commands to type. */
export const TEACHING_PAGES: readonly string[] = [
  'README.md',
  ...['docs/tutorials', 'docs/how-to'].flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .sort()
      .map((name) => `${folder}/${name}`),
  ),
];

/** What a page says above a block, in an HTML comment: `<!-- run: KIND: TEXT -->`. */
export interface Block {
  readonly page: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
  /** Why the block cannot be run here; undefined where it is run. */
  readonly skip?: string;
  /** Shell commands that make ready what a reader has. */
  readonly first: readonly string[];
  /**
   * The exit code that commands beginning with these words have, where it is not 0; ` | ` between
   * several.
   */
  readonly exits: readonly (readonly [code: number, words: string])[];
  readonly commands: readonly ShownCommand[];
}

/** A command of a block, and the output that the page shows of it. */
interface ShownCommand {
  readonly text: string;
  readonly output: readonly string[];
}

const ANNOTATION = /^\s*<!-- run: (skip|first|exit (\d+)): (.*?) -->$/;

/**
 * The blocks of a page that are commands: `sh`, and `console` with output. Throws for an annotation
 * without a block.
 */
export function pageBlocks(page: string, text: string): readonly Block[] {
  const lines = text.split('\n');
  const blocks: Block[] = [];
  let notes: RegExpExecArray[] = [];
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i] ?? '';
    const note = ANNOTATION.exec(line);
    if (note !== null) {
      notes.push(note);
      continue;
    }
    if (/^\s*<!-- run\b/.test(line)) throw new Error(`${page}:${i + 1} cannot be read: ${line}`);
    const fence = /^(\s*)```(\w*)$/.exec(line);
    if (fence === null) {
      if (line.trim() !== '' && notes.length > 0)
        throw new Error(`${page}:${i + 1} a block has to follow the comment`);
      continue;
    }
    const [, indent = '', language = ''] = fence;
    const end = lines.findIndex((one, at) => at > i && one.trim() === '```');
    const body = lines.slice(i + 1, end).map((one) => one.slice(indent.length));
    if (language === 'sh' || language === 'console')
      blocks.push(blockOf(page, i + 1, notes, language === 'sh' ? shell(body) : session(body)));
    notes = [];
    i = end;
  }
  return blocks;
}

function blockOf(
  page: string,
  line: number,
  notes: readonly RegExpExecArray[],
  commands: readonly ShownCommand[],
): Block {
  const skip = notes.find(([, kind]) => kind === 'skip')?.[3];
  return {
    page,
    line,
    ...(skip === undefined ? {} : { skip }),
    first: notes.flatMap(([, kind, , said = '']) => (kind === 'first' ? [said] : [])),
    exits: notes.flatMap(([, , code, said = '']) =>
      code === undefined ? [] : said.split(' | ').map((words) => [Number(code), words] as const),
    ),
    commands,
  };
}

/** A script: each line is a command, but for here-documents and lines that go on. */
function shell(lines: readonly string[]): readonly ShownCommand[] {
  const commands: ShownCommand[] = [];
  for (let i = 0; i < lines.length; i += 1) {
    const start = i;
    i = endOfCommand(lines, i);
    const text = lines.slice(start, i + 1).join('\n');
    if (text.trim() !== '') commands.push({ text, output: [] });
  }
  return commands;
}

/** A session: commands behind `$ `, and below each what it prints. */
function session(lines: readonly string[]): readonly ShownCommand[] {
  const commands: { text: string; output: string[] }[] = [];
  for (let i = 0; i < lines.length; i += 1) {
    const line = lines[i] ?? '';
    if (line.startsWith('$ ')) {
      const plain = lines.map((one) => one.replace(/^\$ /, ''));
      const end = endOfCommand(plain, i);
      commands.push({ text: plain.slice(i, end + 1).join('\n'), output: [] });
      i = end;
    } else commands.at(-1)?.output.push(line);
  }
  return commands;
}

/** The last line of the command that begins at a line. */
function endOfCommand(lines: readonly string[], start: number): number {
  let end = start;
  while ((lines[end] ?? '').endsWith('\\')) end += 1;
  const word = /<<'?(\w+)'?/.exec(lines[end] ?? '')?.[1];
  return word === undefined ? end : lines.indexOf(word, end);
}

/** What of the shown lines is not in an output, in their order; `...` stands for any lines. */
export function missingLines(shown: readonly string[], printed: string): readonly string[] {
  const lines = printed.split('\n').map(comparable);
  let at = 0;
  return shown.filter((line) => {
    const wanted = comparable(line);
    if (/^(?:\.\.\.)?$/.test(wanted)) return false;
    const found = lines.indexOf(wanted, at);
    if (found < 0) return true;
    at = found + 1;
    return false;
  });
}

/** A line without what differs from run to run: digests, sizes of gaps, folders, times. */
function comparable(line: string): string {
  return (
    line
      .replace(/\b[0-9a-f]{64}\b|(?<=sha256:)[0-9a-f]{12,}|\b[0-9a-f]{12}\b/g, 'DIGEST')
      .replace(/\/(?:home\/me|tmp\/scoville-docs-\w+)(?:\/[^\s:]*)?\/(?=[^\s/]+)/g, 'FOLDER/')
      .replace(/-[0-9a-f]{8}\.html/, '-ID.html')
      // Stand-ins have the names that pages have, behind the address of the local registry.
      .replace(/\blocalhost:\d+\/library\//g, '')
      .replace(/\blocalhost:\d+(?=\/distroless\/)/g, 'gcr.io')
      .replace(/\blocalhost:\d+/g, 'localhost:PORT')
      .replace(/\s+/g, ' ')
      .trim()
  );
}
