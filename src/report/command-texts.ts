import {
  type CriterionResult,
  type Level,
  LEVEL_NAMES,
  type Remedy,
  type Vector,
} from '../model/criterion.ts';
import { shellWord } from '../model/dockerfile.ts';
import type { BakeRow, BakeState } from '../model/events.ts';
import { printedCommand } from '../model/printed-command.ts';
import type { ProfileCheck, ProfileSummary } from '../model/profile.ts';
import { OUTCOME_WORDS, VECTOR_NAMES } from './card.ts';
import { padded, textWidth, wrapped } from './text-width.ts';
import { shownText, jsonText, shortDigest } from './text.ts';

const STATES: Readonly<Record<BakeState, string>> = {
  published: 'published',
  built: 'built',
  linked: 'built for others',
  held: 'not published',
  short: 'short of the gate',
  failed: 'failed',
  skipped: 'not built',
  planned: 'planned',
};

const HEAD = ['target', 'level', 'grade', 'result', 'digest', 'names'];

/** A bake's table, and why each unpublished target was not published. */
export function bakeTable(rows: readonly BakeRow[]): string {
  const table = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, i) => Math.max(...table.map((row) => textWidth(row[i] ?? ''))));
  const lines = table.map((row) =>
    row
      .map((cell, i) => padded(cell, widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const reasons = rows.flatMap(({ target, reason }) =>
    reason === undefined ? [] : [`  ${shownText(target)}: ${shownText(firstLine(reason))}`],
  );
  const graded = rows.find(({ scorecard }) => scorecard !== undefined)?.scorecard?.image;
  const details =
    graded === undefined ? [] : [`Details: ${shownText(printedCommand('report', [graded]))}`];
  return `${[...lines, ...reasons, ...details].join('\n')}\n`;
}

function cells({ target, state, digest, names, scorecard }: BakeRow): readonly string[] {
  const overall = scorecard?.overall;
  return [
    target,
    scorecard === undefined ? '-' : String(scorecard.level),
    overall === undefined ? '-' : `${overall.grade} (${overall.points}/${overall.total})`,
    STATES[state],
    digest === undefined ? '-' : shortDigest(digest),
    names.join(', ') || '-',
  ].map((text) => shownText(text));
}

function firstLine(text: string): string {
  return text.split('\n').find((line) => line.trim() !== '') ?? '';
}

export function bakeJson(rows: readonly BakeRow[]): string {
  return jsonText({ schemaVersion: '1', targets: rows });
}

/** The default refuses these already: for readers who miss them in the list. */
const REFUSED_ANYWAY = 'mount, bpf, keyctl, io_uring, userfaultfd, unshare';

/** Flags that were given and that printed commands need too, and what `docker run` starts. */
export interface ProfiledAgain {
  readonly run: readonly string[];
  readonly check: readonly string[];
  readonly image: string;
  /** The build of that image, where there was none yet. */
  readonly build?: readonly string[];
  /** The build that publishes the profile, where the settings here are of another project. */
  readonly attach?: readonly string[];
}

/** A written profile, for a person; ends with a newline. */
export function profileText(summary: ProfileSummary, again: ProfiledAgain): string {
  const build = again.build === undefined ? '' : `${printedCommand('build', again.build)} && `;
  const { image, file, calls, ofDefault, gone, refused, exercises, startsProcesses } = summary;
  const word = shellWord(file);
  return `${[
    `${file}: ${calls} of the ${ofDefault} system calls that Docker allows by default (${summary.platform})`,
    exercises.length === 0
      ? `seen: ${image} starts and stays up under it (${summary.confinement})`
      : `proven: ${image} answers under it (${summary.confinement}): ${exercises.join(', ')}`,
    '',
    'It can no longer',
    ...gone.map((right) => `  - ${right}`),
    '',
    `Docker’s default refuses already, and so does this: ${REFUSED_ANYWAY}.`,
    startsProcesses
      ? 'It starts processes, so the profile cannot refuse a shell.'
      : 'A process can still replace itself (execve): the engine needs that call to start it.',
    ...(refused.length === 0 ? [] : [`It tried, and the default refuses: ${refused.join(', ')}.`]),
    ...(exercises.length === 0
      ? [
          'Only its start was traced, and nobody asked it: whether it answers is not known. Ask it, with --exercise FILE or --smoke CMD.',
        ]
      : []),
    '',
    `Run it:    ${build}docker run --security-opt seccomp=${word} ${[...again.run, again.image].map(shellWord).join(' ')}`,
    ...(again.attach === undefined
      ? [
          `Attach it: scoville config attest.seccomp=${word}`,
          '           then commit both files, and build',
        ]
      : [`Attach it: ${printedCommand('build', again.attach)}`]),
    `Check it:  ${printedCommand('profile', ['--check', '--output', file, ...again.check, image])}`,
  ].join('\n')}\n`;
}

/** Result of a check, for a person; ends with a newline. */
export function checkText({
  file,
  image,
  holds,
  forbidden,
  wider,
  madeFrom,
}: ProfileCheck): string {
  if (holds) return `${file} still fits: it allows all that ${image} calls\n`;
  const since =
    madeFrom === undefined
      ? ''
      : `, since the build it was made from (${madeFrom.image}, ${madeFrom.when})`;
  return `${[
    ...(forbidden.length === 0
      ? []
      : [
          `${image} makes calls that ${file} forbids${since}:`,
          ...forbidden.map((one) => `  - ${one}`),
        ]),
    ...(wider.length === 0
      ? []
      : [`${file} allows what Docker’s default forbids:`, ...wider.map((one) => `  - ${one}`)]),
    'Make it again without --check, and review the difference in git.',
  ].join('\n')}\n`;
}

/** What was found where the command is typed, and the one command that helps. */
export interface ExplainedHere {
  readonly image: string;
  readonly outcome: CriterionResult['outcome'];
  readonly summary: string;
  /** Each place, whole. */
  readonly found: readonly string[];
  readonly help?: string;
  readonly command?: string;
}

/** What an id in a report means. */
export interface Explanation {
  readonly id: string;
  readonly title: string;
  /** Of a criterion; absent for ids of lint alone. */
  readonly level?: Level;
  readonly vector?: Vector;
  /** Level of the lint finding; absent if lint has no such rule. */
  readonly lint?: string;
  readonly why: string;
  readonly decidedBy: string;
  readonly remedies: readonly Partial<Remedy>[];
  /** A Dockerfile with the finding, and one without it. */
  readonly bad?: string;
  readonly good?: string;
  /** In the image that was graded here. */
  readonly here?: ExplainedHere;
  /** Address of its criterion in the specification. */
  readonly specification?: string;
}

/** A finding's meaning, why it matters and its fix, in `width` columns. Works without a network. */
export function explanationText(about: Explanation, width: number): string {
  const { id, title, level, vector, lint, why, remedies, bad, good, here, specification } = about;
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
    ...wrapped(`${title} (${id})`, width),
    ...(level === undefined || vector === undefined
      ? lint === undefined
        ? []
        : [`Checked by scoville lint alone: ${lint}`]
      : [`Level ${level}, ${LEVEL_NAMES[level]}; ${VECTOR_NAMES[vector]}`]),
    ...(here === undefined ? [] : hereLines(here, prose)),
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
    ...section('A Dockerfile that has it', code(bad)),
    ...section('The same without it', code(good)),
    ...(specification === undefined ? [] : ['', `Specification: ${specification}`]),
    '',
  ].join('\n');
}

/** What is wrong here: names are whole, to copy. */
function hereLines(
  { image, outcome, summary, found, help, command }: ExplainedHere,
  prose: (text: string) => readonly string[],
): readonly string[] {
  return [
    ...['', `In ${shownText(image)}: ${OUTCOME_WORDS[outcome]}`],
    ...(summary === '' ? [] : [`  ${shownText(summary)}`]),
    ...found.filter((one) => one !== summary).map((one) => `  - ${shownText(one)}`),
    ...(help === undefined ? [] : prose(shownText(help) + (command === undefined ? '' : ':'))),
    ...(command === undefined ? [] : [`      ${shownText(command)}`]),
  ];
}

/** Every id with its title: criteria by level, then the others. */
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
    'Of scoville lint, fix and reproduce',
    ...rows(undefined),
    '',
  ].join('\n');
}
