import { type Criterion, LEVEL_NAMES, type Remedy, SPEC_URL } from '../model/criterion.ts';
import type { LintRule } from '../model/lint.ts';
import { wrapped } from './terminal/text-width.ts';
import { VECTOR_NAMES } from './vector-names.ts';

/** What is known of an id: the criterion, the lint rule of that name, and the command that edits a Dockerfile for it. */
export interface Explained {
  readonly id: string;
  readonly criterion?: Criterion | undefined;
  readonly rule?: LintRule | undefined;
  readonly fix?: string | undefined;
}

/** `scoville explain --json`. */
export function explanationJson({ id, criterion, rule, fix }: Explained): object {
  const { title, level, vector, why, decidedBy, remedies } = criterion ?? {};
  return {
    schemaVersion: 1,
    id,
    title: title ?? rule?.title,
    ...(criterion === undefined ? {} : { level, vector }),
    ...(rule === undefined ? {} : { lint: rule.level }),
    why: why ?? rule?.help,
    decidedBy: decidedBy ?? rule?.help,
    remedies: remedies ?? (rule === undefined ? [] : [{ title: rule.remedy }]),
    ...(rule === undefined ? {} : { bad: rule.bad, good: rule.good }),
    ...(fix === undefined ? {} : { fix }),
    ...(criterion === undefined ? {} : { specification: SPEC_URL + criterion.spec }),
  };
}

/** What a finding means, why it matters and how to fix it, in `width` columns. Works without a network. */
export function explanation({ id, criterion, rule, fix }: Explained, width: number): string {
  const prose = (text: string): string[] => wrapped(text, width - 2).map((line) => `  ${line}`);
  const code = (text: string): string[] =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => `      ${line}`);
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', title, ...lines];
  const remedies = criterion?.remedies ?? (rule === undefined ? [] : [{ title: rule.remedy }]);
  return [
    `${criterion?.title ?? rule?.title ?? id} (${id})`,
    criterion === undefined
      ? `Checked by scoville lint alone: ${rule?.level ?? 'info'}`
      : `Level ${criterion.level}, ${LEVEL_NAMES[criterion.level]}; ${VECTOR_NAMES[criterion.vector]}`,
    ...section('Why', prose(criterion?.why ?? rule?.help ?? '')),
    ...section('What is checked', prose(criterion?.decidedBy ?? '').filter(Boolean)),
    ...section(
      'How to fix it',
      remedies.flatMap(({ title = '', detail = '', example = '' }: Partial<Remedy>) => [
        ...prose(title),
        ...prose(detail).filter((line) => line.trim() !== ''),
        ...(example === '' ? [] : code(example)),
      ]),
    ),
    ...(fix === undefined ? [] : ['', `Let Scoville edit the Dockerfile: ${fix}`]),
    ...section('Found in this Dockerfile', rule === undefined ? [] : code(rule.bad)),
    ...section('Not found in this one', rule === undefined ? [] : code(rule.good)),
    ...(criterion === undefined ? [] : ['', `Specification: ${SPEC_URL}${criterion.spec}`]),
    '',
  ].join('\n');
}

/** Every id with its title: criteria by level, then what only lint finds. */
export function explanationList(
  criteria: readonly Criterion[],
  rules: readonly LintRule[],
): string {
  const isCriterion = new Set(criteria.map(({ id }) => id));
  const own = rules.filter(({ id }) => !isCriterion.has(id));
  const width = Math.max(...[...criteria, ...own].map(({ id }) => id.length)) + 2;
  const row = ({ id, title }: { id: string; title: string }): string =>
    `  ${id.padEnd(width)}${title}`;
  return [
    ...[1, 2, 3, 4, 5].flatMap((level) => [
      `Level ${level}, ${LEVEL_NAMES[level] ?? ''}`,
      ...criteria.filter((one) => one.level === level).map(row),
      '',
    ]),
    'Found by scoville lint alone',
    ...own.map(row),
    '',
  ].join('\n');
}
