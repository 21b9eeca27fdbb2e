/** A line or paragraph of a page that people read as prose. */
export type Passage = { readonly line: number; readonly text: string };

/**
 * Lines of a page that are prose: without code blocks, HTML comments and what is quoted from
 * others.
 */
function proseLines(page: string): readonly Passage[] {
  let fence = false;
  let comment = false;
  const found: Passage[] = [];
  page.split('\n').forEach((text, index) => {
    if (/^\s*(?:```|~~~)/.test(text)) {
      fence = !fence;
      return;
    }
    if (fence) return;
    if (text.startsWith('<!--')) comment = true;
    if (!comment) found.push({ line: index + 1, text });
    if (text.includes('-->')) comment = false;
  });
  return found;
}

/** Text without code spans and the targets of links; both count as a word. */
function plain(text: string): string {
  return text
    .replace(/`[^`]*`/g, 'CODE')
    .replace(/\]\([^)]*\)/g, ']')
    .replace(/<https?:[^>]*>/g, 'LINK')
    .replace(/“[^”]*”/g, 'QUOTED');
}

/** The passages of a page: paragraphs, list items, headings, and the cells of tables. */
export function passages(page: string): readonly Passage[] {
  const found: { line: number; text: string }[] = [];
  let open = false;
  for (const { line, text } of proseLines(page)) {
    const trimmed = text.trim();
    if (trimmed === '') open = false;
    else if (trimmed.startsWith('|')) {
      open = false;
      for (const cell of plain(trimmed).split('|')) found.push({ line, text: cell.trim() });
    } else {
      const starts = !open || /^(?:[-*+]|\d+\.|#+|>) /.test(trimmed);
      const last = found.at(-1);
      if (starts || last === undefined) found.push({ line, text: trimmed });
      else last.text += ` ${trimmed}`;
      open = !trimmed.startsWith('#');
    }
  }
  return found.map(({ line, text }) => ({ line, text: plain(text) }));
}

/** True where a line has a space to break it at: code spans and links stay whole. */
function isBreakable(text: string): boolean {
  const whole = text
    .trim()
    .replace(/`[^`]*`|\[[^\]]*\]\([^)]*\)/g, (part) => 'x'.repeat(part.length));
  return /\s/.test(whole.replace(/^(?:[-*+]|\d+\.) /, ''));
}

/** Lines of over `width` characters that could be broken: not in code, a table or a heading. */
export function longLines(page: string, width: number): readonly number[] {
  return proseLines(page)
    .filter(({ text }) => text.length > width && !/^\s*[|#]/.test(text) && isBreakable(text))
    .map(({ line }) => line);
}
