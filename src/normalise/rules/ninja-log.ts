import type { RewriteRule } from '../rule.ts';

const START = '# ninja log ';
/** A command's start and end (milliseconds), output time (nanoseconds), file, and command hash. */
const LINE = /^\d+\t\d+\t(\d+)\t([^\t]*)\t[\da-f]+$/;

export const ninjaLog: RewriteRule = {
  id: 'ninja-log',
  touches:
    'Ninja’s log of what it built (.ninja_log, versions 5 to 7). How long commands took becomes zero, ' +
    'times of files later than the epoch become the epoch, and lines are in the order of files.',
  safeBecause:
    'Ninja compares the times with those of the files, which become the epoch too, and shows the durations. Of two lines about one file the later one still stands later.',
  answers: 'Build folders that stay in the image',
  mode: 'aggressive',
  kind: 'rewrite',
  applies: ({ path }) => /(?:^|\/)\.ninja_log$/.test(path),
  startsWith: [Buffer.from(START, 'latin1')],
  rewrite: (bytes, { epoch }) => {
    // latin-1 keeps every byte.
    const before = Buffer.from(bytes).toString('latin1');
    const [head = '', ...lines] = before.replace(/\n$/, '').split('\n');
    if (!/^# ninja log v[567]$/.test(head)) return undefined;
    const records = lines.map((line) => ({ line, found: LINE.exec(line) }));
    if (records.some(({ found }) => found === null)) return undefined;
    const latest = BigInt(epoch) * 1_000_000_000n;
    const after = records
      .map(({ line, found }) => {
        const [, time = '0', file = ''] = found ?? [];
        const clamped = BigInt(time) > latest ? latest : BigInt(time);
        return { file, text: `0\t0\t${clamped}\t${line.split('\t').slice(3).join('\t')}` };
      })
      .sort((a, b) => (a.file < b.file ? -1 : Number(a.file > b.file)))
      .map(({ text }) => `${text}\n`);
    return Buffer.from(`${head}\n${after.join('')}`, 'latin1');
  },
};
