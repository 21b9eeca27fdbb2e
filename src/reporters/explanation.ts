import { type Level, LEVEL_NAMES, type Remedy, type Vector } from '../model/criterion.ts';
import { wrapped } from './terminal/text-width.ts';
import { VECTOR_NAMES } from './vector-names.ts';

/** What is known of an id that reports name. */
export interface Explanation {
  readonly id: string;
  readonly title: string;
  /** Of a criterion; what has none is found by lint alone. */
  readonly level?: Level;
  readonly vector?: Vector;
  /** How much a finding of `scoville lint` weighs; absent where lint has no rule of that name. */
  readonly lint?: string;
  readonly why: string;
  readonly decidedBy: string;
  readonly remedies: readonly Partial<Remedy>[];
  /** A Dockerfile in which lint finds it, and one in which it does not. */
  readonly bad?: string;
  readonly good?: string;
  /** The command that edits a Dockerfile for it. */
  readonly fix?: string;
  /** Address of the criterion in the specification. */
  readonly specification?: string;
}

/** A finding's meaning, why it matters and its fix, in `width` columns. Works without a network. */
export function explanationText(about: Explanation, width: number): string {
  const { id, title, level, vector, lint, why, remedies, bad, good, fix, specification } = about;
  const prose = (text: string): string[] =>
    wrapped(text, width - 2)
      .filter((line) => line.trim() !== '')
      .map((line) => `  ${line}`);
  const code = (text = ''): string[] =>
    text === ''
      ? []
      : text
          .trimEnd()
          .split('\n')
          .map((line) => `      ${line}`);
  const section = (heading: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', heading, ...lines];
  return [
    `${title} (${id})`,
    level === undefined || vector === undefined
      ? `Checked by scoville lint alone: ${lint ?? ''}`
      : `Level ${level}, ${LEVEL_NAMES[level]}; ${VECTOR_NAMES[vector]}`,
    ...section('Why', prose(why)),
    ...section('What is checked', about.decidedBy === why ? [] : prose(about.decidedBy)),
    ...section(
      'How to fix it',
      remedies.flatMap((remedy) => [
        ...prose(remedy.title ?? ''),
        ...prose(remedy.detail ?? ''),
        ...code(remedy.example),
      ]),
    ),
    ...section('Let Scoville edit the Dockerfile', fix === undefined ? [] : [`  ${fix}`]),
    ...section('Found in this Dockerfile', code(bad)),
    ...section('Not found in this one', code(good)),
    ...(specification === undefined ? [] : ['', `Specification: ${specification}`]),
    '',
  ].join('\n');
}

/** Every id with its title: criteria by level, then what only lint finds. */
export function explanationList(
  all: readonly Pick<Explanation, 'id' | 'title' | 'level'>[],
): string {
  const width = Math.max(...all.map(({ id }) => id.length)) + 2;
  const rows = (wanted: Level | undefined): string[] =>
    all
      .filter(({ level }) => level === wanted)
      .map(({ id, title }) => `  ${id.padEnd(width)}${title}`);
  return [
    ...([1, 2, 3, 4, 5] as const).flatMap((level) => [
      `Level ${level}, ${LEVEL_NAMES[level]}`,
      ...rows(level),
      '',
    ]),
    'Found by scoville lint alone',
    ...rows(undefined),
    '',
  ].join('\n');
}
