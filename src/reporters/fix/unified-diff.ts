import { type LineChange, lineChanges } from './line-changes.ts';

export interface DiffedFile {
  /** From the folder where the patch is applied, with slashes. */
  readonly path: string;
  /** Undefined for a file that is new. */
  readonly before: string | undefined;
  readonly after: string;
}

export interface DiffOptions {
  /** Lines around a change; 3 where nothing is said. */
  readonly context?: number;
  readonly color?: boolean;
}

/** Lines with what ends them. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** As git quotes a path that a patch could not hold as it is. */
function quotedPath(path: string): string {
  if (!/["\\\u0000-\u001f\u007f-\uffff]/.test(path)) return path;
  const bytes = [...Buffer.from(path, 'utf8')].map((byte) => {
    const c = String.fromCharCode(byte);
    if (c === '"' || c === '\\') return `\\${c}`;
    return byte < 0x20 || byte >= 0x7f ? `\\${byte.toString(8).padStart(3, '0')}` : c;
  });
  return `"${bytes.join('')}"`;
}

/** `--- a/PATH`: a tab ends a name with a blank in it. */
function header(mark: string, side: string, path: string): string {
  const name = quotedPath(`${side}/${path}`);
  return `${mark} ${name}${name.includes(' ') && !name.startsWith('"') ? '\t' : ''}\n`;
}

/** Changes whose context meets belong to one hunk. */
function grouped(changes: readonly LineChange[], context: number): readonly LineChange[][] {
  const hunks: LineChange[][] = [];
  for (const change of changes) {
    const last = hunks.at(-1)?.at(-1);
    if (last !== undefined && change.oldStart - last.oldEnd <= 2 * context)
      hunks.at(-1)?.push(change);
    else hunks.push([change]);
  }
  return hunks;
}

function counted(start: number, count: number): string {
  const first = count === 0 ? start : start + 1;
  return count === 1 ? String(first) : `${first},${count}`;
}

/**
 * What changes in a file as a unified diff that `patch -p1` and `git apply` take; '' where nothing does. Line endings are
 * kept, and a last line without one is marked.
 */
export function unifiedDiff(file: DiffedFile, options: DiffOptions = {}): string {
  const { context = 3, color = false } = options;
  const before = linesOf(file.before ?? '');
  const after = linesOf(file.after);
  const painted = (code: string, text: string): string =>
    color ? text.replace(/[^\n]+/g, (line) => `\u001b[${code}m${line}\u001b[0m`) : text;
  const line = (mark: string, text: string): string => {
    const whole = text.endsWith('\n') ? text : `${text}\n\\ No newline at end of file\n`;
    const code = { '-': '31', '+': '32' }[mark];
    return code === undefined ? `${mark}${whole}` : painted(code, `${mark}${whole}`);
  };
  const hunks = grouped(lineChanges(before, after), context).map((changes) => {
    const [first] = changes;
    const last = changes.at(-1);
    if (first === undefined || last === undefined) return '';
    const lead = Math.min(context, first.oldStart);
    const from = first.oldStart - lead;
    const to = Math.min(before.length, last.oldEnd + context);
    const newFrom = first.newStart - lead;
    const newTo = last.newEnd + (to - last.oldEnd);
    let body = '';
    let at = from;
    for (const { oldStart, oldEnd, newStart, newEnd } of changes) {
      body += before
        .slice(at, oldStart)
        .map((l) => line(' ', l))
        .join('');
      body += before
        .slice(oldStart, oldEnd)
        .map((l) => line('-', l))
        .join('');
      body += after
        .slice(newStart, newEnd)
        .map((l) => line('+', l))
        .join('');
      at = oldEnd;
    }
    body += before
      .slice(at, to)
      .map((l) => line(' ', l))
      .join('');
    const head = `@@ -${counted(from, to - from)} +${counted(newFrom, newTo - newFrom)} @@\n`;
    return painted('36', head) + body;
  });
  if (hunks.length === 0) return '';
  const old = file.before === undefined ? '--- /dev/null\n' : header('---', 'a', file.path);
  return painted('1', old + header('+++', 'b', file.path)) + hunks.join('');
}
