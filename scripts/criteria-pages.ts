import { CATALOGUE } from '../src/criteria/catalogue.ts';
import { type Criterion, LEVEL_NAMES, SPEC_URL, VECTORS } from '../src/model/criterion.ts';
import { VECTOR_NAMES } from '../src/report/card.ts';
import { criterionTables } from './criteria-tables.ts';
import { wrapProse } from './wrap-prose.ts';

const GENERATED =
  '<!-- Made by scripts/generate-criteria-docs.mjs from src/criteria; do not edit. -->';

function levelName(level: number): string {
  return `${level} (${LEVEL_NAMES[level] ?? ''})`;
}

function remedyLines(criterion: Criterion): string[] {
  return criterion.remedies.flatMap(({ title, detail, example }) => [
    `**${title}.** ${detail}`,
    '',
    ...(example === undefined ? [] : ['```', example, '```', '']),
  ]);
}

function page(criterion: Criterion): string {
  const { id, title, vector, level, spec, why, decidedBy = '' } = criterion;
  return [
    GENERATED,
    '',
    `# ${title}`,
    '',
    `\`${id}\`, ${VECTOR_NAMES[vector]}, level ${levelName(level)}. [In the specification](${SPEC_URL}${spec}).`,
    '',
    why,
    '',
    '## What decides it',
    '',
    decidedBy,
    '',
    ...criterionTables(id),
    '## What to do',
    '',
    ...remedyLines(criterion),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

function overview(): string {
  const rows = VECTORS.flatMap((vector) =>
    CATALOGUE.filter((c) => c.vector === vector).map(
      (c) =>
        `| [${c.id}](${c.id}.md) | ${VECTOR_NAMES[vector]} | ${levelName(c.level)} | ${c.title} |`,
    ),
  );
  return [
    GENERATED,
    '',
    '# The criteria',
    '',
    `${CATALOGUE.length} criteria, as the [Container Hardening Priorities](${SPEC_URL}) name them. [How they become grades and levels](../grading.md).`,
    '',
    '| criterion | vector | level | |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** docs/criteria/: file name to text. */
export function criteriaPages(): ReadonlyMap<string, string> {
  return new Map([
    ['README.md', wrapProse(overview())],
    ...CATALOGUE.map((c): [string, string] => [`${c.id}.md`, wrapProse(page(c))]),
  ]);
}
