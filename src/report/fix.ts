import { join } from 'node:path';
import { type Change, diffLines, FILE_HEADERS_ONLY, formatPatch, structuredPatch } from 'diff';
import picocolors from 'picocolors';
import { quantity } from '../lib/text.ts';
import { LEVEL_NAMES } from '../model/criterion.ts';
import type {
  FixFile,
  FixProof,
  Gain,
  PlannedEdit,
  ProvenBuild,
  Refusal,
  TakenBack,
} from '../model/fix.ts';
import type { Scorecard } from '../model/scorecard.ts';
import { shownText, jsonText } from './text.ts';

interface DiffedFile {
  /** From the folder of `patch -p1`; absolute outside it, for `patch -p1 -d /`. */
  readonly path: string;
  /** Undefined for a new file. */
  readonly before: string | undefined;
  readonly after: string;
}

interface DiffOptions {
  /** Lines around a change; default 3. */
  readonly context?: number;
  readonly color?: boolean;
}

/**
 * Time grows with the square of the differing lines: 0.3 s here. Above, all lines count as changed.
 */
const MOST_EDITS = 1000;

/**
 * A file's change as a unified diff for `patch -p1` and `git apply`; '' for none. Line endings are
 * kept; a last line without one is marked.
 */
export function unifiedDiff(file: DiffedFile, options: DiffOptions = {}): string {
  const { before = '', after, path } = file;
  if (before === after) return '';
  const patch = {
    oldFileName: file.before === undefined ? '/dev/null' : join('a', path),
    newFileName: join('b', path),
    oldHeader: undefined,
    newHeader: undefined,
    hunks: hunksOf(before, after, options.context ?? 3),
  };
  const [from = '', to = '', ...body] = formatPatch(patch, FILE_HEADERS_ONLY).split('\n');
  const lines = [...[from, to].map(withTab), ...body];
  return (options.color === true ? lines.map(painted) : lines).join('\n');
}

/** Maps lines of the new text to those of the old one they came from; both from 1. */
export function oldLines(before: string, after: string): (line: number) => number {
  const changes = diffLines(before, after, { maxEditLength: MOST_EDITS });
  const places = changes === undefined ? [] : placesOf(changes);
  const last = Math.max(1, before.split('\n').length);
  return (line) => Math.min(places[line - 1] ?? line, last);
}

function placesOf(changes: readonly Change[]): readonly number[] {
  const places: number[] = [];
  let [kept, gone] = [0, 0];
  for (const { added, removed, count } of changes) {
    if (removed) gone = count;
    else if (added)
      for (let i = 0; i < count; i += 1) places.push(Math.max(1, kept + Math.min(i + 1, gone)));
    if (removed) continue;
    kept += gone;
    gone = 0;
    if (added) continue;
    for (let i = 0; i < count; i += 1) places.push(kept + i + 1);
    kept += count;
  }
  return places;
}

function hunksOf(before: string, after: string, context: number) {
  const options = { context, maxEditLength: MOST_EDITS };
  const patch = structuredPatch('', '', before, after, '', '', options);
  if (patch !== undefined) return patch.hunks;
  const [gone, come] = [
    structuredPatch('', '', before, '', '', '').hunks,
    structuredPatch('', '', '', after, '', '').hunks,
  ];
  const lines = [...gone, ...come].flatMap((hunk) => hunk.lines);
  return gone.map((hunk) => ({ ...hunk, newStart: 1, newLines: come[0]?.newLines ?? 0, lines }));
}

/** GNU patch cuts a name at a space, unless a tab follows the name. */
function withTab(head: string): string {
  return /^.{4}[^"]* /.test(head) ? `${head}\t` : head;
}

function painted(line: string, i: number): string {
  const codes: Readonly<Record<string, number>> = { '-': 31, '+': 32, '@': 36 };
  const code = i < 2 ? 1 : codes[line.charAt(0)];
  return code === undefined ? line : `\u001b[${code}m${line}\u001b[0m`;
}

interface FixTextOptions {
  readonly color: boolean;
}

/** `3 points, grade B, level 2: no-shell, nonroot-user, minimal-base`, and the edits it needs. */
export function gainText({ criteria, points, grade, level, together }: Gain): string {
  const counted = [
    quantity(points, 'point'),
    ...(grade === undefined ? [] : [`grade ${grade}`]),
    ...(level === undefined ? [] : [`level ${level}`]),
  ].join(', ');
  const worth = criteria.length > 1 ? `${counted}: ${criteria.join(', ')}` : counted;
  if (together.length === 0) return worth;
  const others = together.length === 1 ? (together[0] ?? '') : `${together.length} other edits`;
  return `${worth}, together with ${others}`;
}

/** An edit to ask about: what it does, why, its risk and its gain. */
export function editText(edit: PlannedEdit, { color }: FixTextOptions): string {
  const colors = picocolors.createColors(color);
  const { id, title, why, risk, riskReason, gain, criterion } = edit;
  const rows = [
    ['why', why],
    ['risk', `${risk}: ${riskReason}`],
    ...(gain === undefined ? [] : [['gain', gainText(gain)]]),
    ['id', criterion === undefined ? id : `${id} (${criterion})`],
  ];
  const lines = rows.map(
    ([name = '', text = '']) => `  ${colors.dim(name.padEnd(4))}  ${shownText(text)}`,
  );
  return `${colors.bold(shownText(title))}\n${lines.join('\n')}\n`;
}

/** Refusals, a line each, with what would decide them. */
export function refusalsText(refusals: readonly Refusal[], name: string): string {
  return refusals
    .map(({ rule, reason, line, settle }) => {
      const next = settle === undefined ? '' : `\n  next: ${settle}`;
      return `${shownText(`${name}:${line} ${rule}: left alone: ${reason}`)}${next}\n`;
    })
    .join('');
}

/** What the builds showed, and each undone edit with the end of its failure. */
export function fixProofText({ before, after, takenBack, builds }: FixProof): string {
  const [was, is] = [before.scorecard, after.scorecard];
  const lines = takenBack.flatMap(takenBackLines);
  return [
    ...lines,
    `verified by ${quantity(builds, 'build')}: ${levelText(was)} → ${levelText(is)}, grade ${was.overall.grade} → ${is.overall.grade}, ${was.overall.points} → ${is.overall.points} of ${is.overall.total} points; ${answerText(after)}`,
    '',
  ].join('\n');
}

function levelText({ level }: Scorecard): string {
  return level === 0 ? 'level 0' : `level ${level} (${LEVEL_NAMES[level] ?? ''})`;
}

function answerText({ smoke }: ProvenBuild): string {
  if (!smoke.answers) return `whether it answers is not known: ${shownText(smoke.reason)}`;
  const how = {
    'smoke command': 'it answers the smoke command',
    HEALTHCHECK: 'its HEALTHCHECK is healthy',
    'staying up': 'it stays up (--smoke would ask it)',
    'ending well': 'it ends with 0',
  }[smoke.judge];
  return smoke.rights === 'none' ? `${how}, without any capability` : how;
}

const BROKE = {
  build: 'it breaks the build',
  answer: 'the image does not answer any more',
  grade: 'the image is graded lower',
} as const;

function takenBackLines({ edit, broke, reason, log }: TakenBack): readonly string[] {
  return [
    `taken back: ${shownText(edit.id)}: ${BROKE[broke]}: ${shownText(reason)}`,
    ...log
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => `  | ${shownText(line)}`),
  ];
}

function fixProofJson({ before, after, takenBack, builds }: FixProof): object {
  return {
    builds,
    before: buildJson(before),
    after: buildJson(after),
    takenBack: takenBack.map(({ edit, ...why }) => ({ id: edit.id, ...why })),
  };
}

function buildJson({ scorecard, smoke }: ProvenBuild): object {
  const { level, overall, criteria } = scorecard;
  return {
    level,
    grade: overall.grade,
    points: overall.points,
    total: overall.total,
    criteria: Object.fromEntries(criteria.map(({ id, outcome }) => [id, outcome])),
    smoke,
  };
}

interface FixOutcome {
  readonly applied: readonly PlannedEdit[];
  /** Edits that were declined, or whose risk is too high. */
  readonly left: readonly PlannedEdit[];
  readonly refusals: readonly Refusal[];
  readonly written: readonly { readonly name: string; readonly before: string | null }[];
  /** Gain of all applied edits; absent if unknown. */
  readonly gain?: Gain;
  /** All applied edits as one diff: a patch, unless something in it is masked. */
  readonly diff: string;
  readonly isMasked: boolean;
  readonly proof?: FixProof;
}

/**
 * The outcome as JSON. Edits lack offsets, which are valid only at one point of the composition.
 */
export function fixJson(
  { applied, left, refusals, written, gain, diff, isMasked, proof }: FixOutcome,
  {
    version,
    names,
  }: { readonly version: string; readonly names: Readonly<Record<FixFile, string>> },
): string {
  const shown = (edit: PlannedEdit): object => {
    const { id, rule, criterion, title, why, risk, riskReason, line, gain } = edit;
    const said = { id, rule, criterion, title, why, risk, riskReason };
    return { ...said, file: names[edit.file], line, gain };
  };
  return jsonText({
    schemaVersion: '1',
    tool: { name: 'scoville', version },
    file: names.Dockerfile,
    edits: applied.map(shown),
    left: left.map(shown),
    refusals,
    written: written.map(({ name, before }) => ({ name, isNew: before === null })),
    ...(gain === undefined ? {} : { gain }),
    diff,
    masked: isMasked,
    ...(proof === undefined ? {} : { verified: fixProofJson(proof) }),
  });
}
