/** The widest line of prose in a page, in characters. */
const WIDTH = 100;

/** Code spans and links stay whole: a space in one of them does not break a line. */
const WORDS = /(?:`[^`]*`|\[[^\]]*\]\([^)]*\)|\S)+/g;

function wrapLine(line: string): string {
  const [, indent = '', mark = ''] = /^(\s*)((?:[-*] |\d+\. )?)/.exec(line) ?? [];
  const below = ' '.repeat(indent.length + mark.length);
  const lines: string[] = [];
  let now = indent + mark;
  let isEmpty = true;
  for (const [word] of line.slice(now.length).matchAll(WORDS)) {
    if (!isEmpty && now.length + 1 + word.length > WIDTH) {
      lines.push(now);
      now = below + word;
    } else now += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, now].join('\n');
}

/** A page of Markdown whose lines of prose fit; code, tables, headings and comments stay as they are. */
export function wrapProse(page: string): string {
  let isCode = false;
  return page
    .split('\n')
    .map((line) => {
      if (/^\s*```/.test(line)) isCode = !isCode;
      const stays = isCode || line.length <= WIDTH || /^\s*(?:\||#|<!--|```)/.test(line);
      return stays ? line : wrapLine(line);
    })
    .join('\n');
}
