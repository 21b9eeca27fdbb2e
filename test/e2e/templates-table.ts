import { baseImage } from '../../src/init/template.ts';
import type { Template } from '../../src/model/template.ts';

const LEVELS = ['none', 'Pimiento', 'Jalapeno', 'Scotch Bonnet', 'Nagabon', 'Ghost'] as const;
const START = '<!-- made by npm run templates -->\n';
const END = '<!-- end -->\n';

/** What a trial says in the table. */
export interface TriedRow {
  readonly level: number;
  readonly short: readonly string[];
  readonly isReproducible: boolean;
  readonly isVerified: boolean;
}

/** A Dockerfile of a template as a row of docs/templates.md; one that was not built says so. */
export function templateRow(template: Template, from: string, tried: TriedRow | undefined): string {
  const { title, questions, bases, files } = template;
  const when = files.find((file) => file.from === from)?.when ?? {};
  const by = Object.values(when).join(', ');
  const answers = new Map(questions.map(({ id, byDefault }) => [id, byDefault ?? '']));
  const runtime = baseImage(bases['runtime'] ?? '', template, answers);
  const cells = [
    title,
    `\`${template.name}\``,
    by === '' ? '' : `\`${by}\``,
    `\`${runtime}\``,
    ...(tried === undefined ? ['lint only', '', '', ''] : triedCells(tried)),
  ];
  return `|${cells.map((cell) => (cell === '' ? ' ' : ` ${cell} `)).join('|')}|`;
}

function triedCells({ level, short, isReproducible, isVerified }: TriedRow): readonly string[] {
  return [
    `${level} (${LEVELS[level] ?? ''})`,
    short.map((id) => `\`${id}\``).join(', '),
    isReproducible ? 'yes' : 'no',
    isVerified ? 'yes' : 'no',
  ];
}

const HEAD = `| stack | \`--stack\` | built by | runtime base | level | short of level 5 | reproduced | by key, offline |
|---|---|---|---|---|---|---|---|
`;

/** The page with its table in place of the one that is there. */
export function withTable(page: string, rows: readonly string[]): string {
  const start = page.indexOf(START);
  const end = page.indexOf(END);
  if (start < 0 || end < start) throw new Error('docs/templates.md has no place for its table');
  return `${page.slice(0, start)}${START}\n${HEAD}${rows.join('\n')}\n\n${page.slice(end)}`;
}

/** The row of a Dockerfile as the page has it; undefined where it has none. */
export function rowOnPage(page: string, template: Template, from: string): string | undefined {
  const start = templateRow(template, from, undefined).replace(/ \| lint only .*$/, ' | ');
  return page.split('\n').find((line) => line.startsWith(start));
}

/** Every Dockerfile of the templates, in the order of the table. */
export function dockerfilesOf(
  templates: readonly Template[],
): readonly { readonly template: Template; readonly from: string }[] {
  return templates.flatMap((template) =>
    template.files.filter(({ to }) => to === 'Dockerfile').map(({ from }) => ({ template, from })),
  );
}
