import { readFileSync, writeFileSync } from 'node:fs';

const HEAD = [
  'Dockerfile',
  'before',
  'after',
  'it answers',
  'edits',
  'what is still open',
  'taken back',
];
const MARKS = ['<!-- fixes: begin -->', '<!-- fixes: end -->'];

/** Two levels up, or level 3, and it answers. */
export function isLifted({ error, before, after }) {
  if (error !== undefined) return false;
  return after.smoke.answers && (after.level >= 3 || after.level >= before.level + 2);
}

/** The rows as a Markdown table, with a line of counts below. */
export function tableText(rows) {
  const lines = [HEAD, HEAD.map(() => '---'), ...rows.map(cells)].map(
    (row) => `| ${row.join(' | ')} |`,
  );
  const lifted = rows.filter(isLifted).length;
  return [
    ...lines,
    '',
    `Lifted by two levels or to level 3, and answering: ${lifted} of ${rows.length}.`,
  ].join('\n');
}

function cells(row) {
  if (row.error !== undefined) return [row.name, 'error', '', '', '', '', ''];
  const { name, before, after, edits, takenBack } = row;
  return [
    name,
    scoreText(before),
    scoreText(after),
    after.smoke.answers ? 'yes' : 'no',
    String(edits.length),
    stillOpen(after)
      .map((id) => `\`${id}\``)
      .join(' '),
    takenBack.map(({ id, broke }) => `\`${id}\` (${broke})`).join(' '),
  ];
}

function scoreText({ level, grade, points, total }) {
  return `level ${level}, ${grade}, ${points}/${total}`;
}

function stillOpen({ criteria }) {
  return Object.entries(criteria)
    .filter(([, outcome]) => outcome !== 'pass' && outcome !== 'not-applicable')
    .map(([id]) => id);
}

/** Puts the table between the marks of a page. */
export function writeBetweenMarks(file, table) {
  const page = readFileSync(file, 'utf8');
  const [begin, end] = MARKS.map((mark) => page.indexOf(mark));
  if (begin < 0 || end < begin) throw new Error(`${file} has no marks ${MARKS.join(' and ')}`);
  writeFileSync(
    file,
    `${page.slice(0, begin + MARKS[0].length)}\n\n${table}\n\n${page.slice(end)}`,
  );
}
