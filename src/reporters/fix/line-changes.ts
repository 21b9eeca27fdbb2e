/** A run of lines: kept, or taken out of the old text and put into the new one. Indexes from 0. */
export interface LineChange {
  readonly oldStart: number;
  readonly oldEnd: number;
  readonly newStart: number;
  readonly newEnd: number;
}

/** Above this many cells of the table, what lies between the first and the last change counts as one change. */
const LARGEST_TABLE = 4_000_000;

/** Where two lists of lines differ, in order: the fewest lines changed, by their longest common subsequence. */
export function lineChanges(
  before: readonly string[],
  after: readonly string[],
): readonly LineChange[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (
    tail < before.length - head &&
    tail < after.length - head &&
    before[before.length - 1 - tail] === after[after.length - 1 - tail]
  )
    tail += 1;
  const a = before.slice(head, before.length - tail);
  const b = after.slice(head, after.length - tail);
  if (a.length === 0 && b.length === 0) return [];
  const whole = { oldStart: 0, oldEnd: a.length, newStart: 0, newEnd: b.length };
  const changes = a.length * b.length > LARGEST_TABLE ? [whole] : betweenCommon(a, b);
  return changes.map((change) => ({
    oldStart: change.oldStart + head,
    oldEnd: change.oldEnd + head,
    newStart: change.newStart + head,
    newEnd: change.newEnd + head,
  }));
}

/** The line of the old text that a line of the new one is, or stands for; both from 1. */
export function oldLine(changes: readonly LineChange[], line: number): number {
  const at = line - 1;
  const last = changes.findLast(({ newStart }) => newStart <= at);
  if (last === undefined) return line;
  if (at >= last.newEnd) return at - last.newEnd + last.oldEnd + 1;
  const inside = last.oldStart + at - last.newStart;
  return Math.max(1, Math.min(inside + 1, last.oldEnd));
}

function betweenCommon(a: readonly string[], b: readonly string[]): readonly LineChange[] {
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width);
  const cell = (i: number, j: number): number => table[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      table[i * width + j] =
        a[i] === b[j] ? cell(i + 1, j + 1) + 1 : Math.max(cell(i + 1, j), cell(i, j + 1));
  const changes: LineChange[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      i += 1;
      j += 1;
      continue;
    }
    const [oldStart, newStart] = [i, j];
    while ((i < a.length || j < b.length) && !(i < a.length && j < b.length && a[i] === b[j])) {
      if (j >= b.length || (i < a.length && cell(i + 1, j) >= cell(i, j + 1))) i += 1;
      else j += 1;
    }
    changes.push({ oldStart, oldEnd: i, newStart, newEnd: j });
  }
  return changes;
}
