import { given } from '../lib/json.ts';
import type { CriterionResult } from '../model/criterion.ts';
import { shellWord } from '../model/dockerfile.ts';
import { printedCommand, withoutFlags } from '../model/printed-command.ts';
import type { NextStep, ReadyStep, Scorecard, Suggestion } from '../model/scorecard.ts';
import { REPLAY } from './judged-lines.ts';
import { hasFixedCves } from './known-cves.ts';
import { costOf, firstDone, gainsOf } from './score.ts';

/** What the commands of steps refer to. */
export interface StepSource {
  /** Steps that are ready; of two for one criterion the first. */
  readonly ready?: readonly ReadyStep[];
  /** The build that made the image, as words behind `scoville build`: `-t`, `app:1`, `.`. */
  readonly build?: readonly string[] | undefined;
  /** Path of a Dockerfile that the image may have been built from. */
  readonly dockerfile?: string | undefined;
  /** Flags with which the image is graded again. */
  readonly grade?: readonly string[];
}

const COUNTING = `, then build with ${REPLAY}`;
const BUILDS = /^scoville (build|reproduce) (.*?)(?:-t IMAGE )?\.$/;
/** Words that a person would have to replace before a command runs. */
const OPEN_WORDS = /\b(?:NAME|VALUE|FILE|FOLDER|PATH|KEY|HOST)\b|, or /;
/** All edits of a Dockerfile. They bring other bases, so that whom to trust is asked after them. */
const EDITS = /^scoville fix (?!.*--only )/;
/** What a signed build attaches, unless a flag turns it off. */
const ATTACHED = new Set(['signed', 'provenance', 'sbom']);

/** The command with image name, build and given flags filled in; undefined where it cannot run. */
function wholeCommand(
  text: string,
  image: string,
  { build, dockerfile, grade = [] }: StepSource,
): string | undefined {
  if (!text.startsWith('scoville ') || OPEN_WORDS.test(text)) return undefined;
  const [, name = '', flags = ''] = BUILDS.exec(text) ?? [];
  if (name === '') {
    if (dockerfile === undefined && text.includes('--file Dockerfile')) return undefined;
    return text
      .replace('--file Dockerfile', () => `--file ${shellWord(dockerfile ?? '')}`)
      .replace('scoville grade', () => printedCommand('grade', grade))
      .replace('scoville db update', () => ['scoville db update', ...policyWords(grade)].join(' '))
      .replace(/\bIMAGE\b/g, () => image);
  }
  const more = flags.split(' ').filter((flag) => flag !== '');
  // A build that was proven is not proven twice in one command.
  return build && printedCommand(name, [...more, ...withoutFlags(build, ['prove'])]);
}

/** The settings file of a grade, for the commands that fetch what it needs. */
function policyWords(grade: readonly string[]): readonly string[] {
  const at = grade.findIndex((word) => /^--(?:policy|config)$/.test(word));
  return at < 0 ? [] : ['--policy', shellWord(grade[at + 1] ?? '')];
}

/**
 * Two builds that see each download: what was recorded is replayed. None where this one did, unless
 * that could not count.
 */
function replayCommand(build: readonly string[], counts: boolean): string | undefined {
  if (counts && build.some((word) => /^--replay(?:=true)?$/.test(word))) return undefined;
  const words = withoutFlags(build, ['record', 'replay', 'prove']);
  return ['--record', '--replay']
    .map((flag) => printedCommand('build', [flag, ...words]))
    .join(' && ');
}

/** What helps against CVEs that have a fix: newer bases, as far as a build takes any. */
function updateCommand({ criteria }: Scorecard, build: readonly string[]): string | undefined {
  const bases = criteria.find(({ id }) => id === 'pinned-images');
  if (bases?.outcome === 'not-applicable') return undefined;
  if (bases?.outcome !== 'pass') return printedCommand('build', ['--pull', ...build]);
  const isLocked = bases.evidence.some(
    (one) => one.kind === 'image' && one.detail?.endsWith('by this build') === true,
  );
  const [lock, again] = [printedCommand('lock', build), printedCommand('build', build)];
  return isLocked ? `${lock} && ${again}` : undefined;
}

/** How a criterion is met or checked, in words, and the command for it. */
function answerOf(
  first: Suggestion,
  result: CriterionResult,
  scorecard: Scorecard,
  source: StepSource,
): Pick<NextStep, 'text' | 'command' | 'cost'> {
  const { build } = source;
  const { id, outcome, settle = '' } = result;
  const [before = '', then] = settle.split(/, then run: /);
  const isUnknown = outcome === 'unknown';
  const isSeen = settle.includes(REPLAY) || id === 'pinned-packages';
  const [obstacle, counting] = settle.split(COUNTING);
  const replay = build && isSeen ? replayCommand(build, counting === undefined) : undefined;
  if (replay !== undefined)
    return counting === undefined
      ? {
          text: 'Record what the build fetches, and build from that',
          command: replay,
          cost: costOf(replay),
        }
      : {
          text: `A person must decide: ${obstacle}, then run this`,
          command: replay,
          cost: 'a hand edit',
        };
  const text = !isUnknown || then === undefined ? first.title : `${before}, then run this`;
  const image = shellWord(scorecard.image);
  const found =
    isUnknown || settle !== ''
      ? wholeCommand(then ?? settle, image, source)
      : build !== undefined && ATTACHED.has(id)
        ? printedCommand('build', [
            '--sign',
            ...withoutFlags(build, ['sign'], ['provenance', 'sbom']),
          ])
        : result.vector === 'vulnerabilities'
          ? build && (hasFixedCves(result) ? updateCommand(scorecard, build) : undefined)
          : wholeCommand(first.example ?? '', image, source);
  const command = found ?? `scoville explain ${id}`;
  const asked = costOf(settle);
  return { text, command, cost: asked === 'an install' ? asked : costOf(command) };
}

/** What makes two answers one step: the same command, or the same reason for not knowing. */
function keyOf({ id, outcome, summary }: CriterionResult, command: string): string {
  if (!command.startsWith('scoville explain ')) return command;
  return outcome === 'unknown' ? `unknown ${summary}` : id;
}

/**
 * What to do next, in the order of `firstDone`, but edits before what is said of their result.
 * Criteria that one action answers are one step, and each step has a whole command: where none does
 * it, the one that explains how.
 */
export function nextSteps(scorecard: Scorecard, source: StepSource = {}): NextStep[] {
  const { ready = [] } = source;
  const results = new Map(scorecard.criteria.map((one) => [one.id, one]));
  const steps = new Map<string, NextStep>();
  for (const first of scorecard.suggestions) {
    const result = results.get(first.criterion);
    if (result === undefined) continue;
    const { id, level } = result;
    const step = ready.find(
      ({ criteria, partly = [] }) => criteria.includes(id) || partly.includes(id),
    );
    const answer = step ?? answerOf(first, result, scorecard, source);
    const key = keyOf(result, answer.command);
    const before = steps.get(key);
    const criteria = [...(before?.criteria ?? []), id];
    const isLeast = before?.isLeast === true || step?.criteria.includes(id) === false;
    steps.set(key, {
      text: before?.text ?? answer.text,
      command: before?.command ?? answer.command,
      cost: answer.cost,
      level: Math.min(before?.level ?? level, level),
      criteria,
      gains: gainsOf(scorecard.criteria, step?.criteria ?? criteria),
      ...(isLeast && { isLeast }),
    });
  }
  const isEdit = ({ command }: NextStep): number => Number(EDITS.test(command));
  return [...steps.values()].sort(
    (a, b) => a.level - b.level || isEdit(b) - isEdit(a) || firstDone(a, b),
  );
}

/** A result with commands that run here: of those that help in general, none is left. */
function withCommand(
  result: CriterionResult,
  image: string,
  { command }: NextStep,
): CriterionResult {
  const helps = command.startsWith('scoville explain ') ? undefined : command;
  // What a person has to change first is not lost.
  const isFirst = helps?.startsWith('scoville fix ') === true || result.settle?.includes(COUNTING);
  const checks = isFirst ? undefined : helps;
  const settle = result.settle && (checks ?? result.settle.replaceAll(/\bIMAGE\b/g, () => image));
  const remedies = result.remedies.map(({ example, ...remedy }) => ({
    ...remedy,
    ...given({ example: example?.startsWith('scoville ') === true ? helps : example }),
  }));
  return { ...result, ...given({ settle }), remedies };
}

/**
 * The scorecard with its suggestions in the order of the steps, each with its command. What is said
 * of a criterion names that command too.
 */
export function withSteps(scorecard: Scorecard, steps: readonly NextStep[]): Scorecard {
  const at = (id: string): number => steps.findIndex(({ criteria }) => criteria.includes(id));
  const suggestions = scorecard.suggestions
    .map((one) => {
      const step = steps[at(one.criterion)];
      if (step === undefined) return one;
      const { command, cost } = step;
      return { ...one, cost, command, ...(/^scoville fix /.test(command) && { fix: command }) };
    })
    .sort((a, b) => at(a.criterion) - at(b.criterion));
  const criteria = scorecard.criteria.map((one) => {
    const step = steps[at(one.id)];
    return step === undefined ? one : withCommand(one, shellWord(scorecard.image), step);
  });
  return { ...scorecard, criteria, suggestions };
}
