import type { CriterionResult } from '../model/criterion.ts';
import { shellWord } from '../model/dockerfile.ts';
import type { NextStep, ReadyStep, Scorecard, Suggestion } from '../model/scorecard.ts';
import { gainsOf, levelOf } from './score.ts';

/** Suggestions that one action answers. */
interface Group {
  readonly first: Suggestion;
  readonly criteria: string[];
}

/** What makes two suggestions one step: the same ready step, check or command. */
function keyOf(
  { criterion, example }: Suggestion,
  result: CriterionResult,
  ready: readonly ReadyStep[],
): string {
  const index = ready.findIndex(
    ({ criteria, partly = [] }) => criteria.includes(criterion) || partly.includes(criterion),
  );
  if (index >= 0) return `ready ${index}`;
  if (result.outcome === 'unknown') return `check ${result.settle ?? result.summary}`;
  return example?.startsWith('scoville ') === true ? `run ${example}` : `do ${criterion}`;
}

function grouped(scorecard: Scorecard, ready: readonly ReadyStep[]): Map<string, Group> {
  const groups = new Map<string, Group>();
  const results = new Map(scorecard.criteria.map((one) => [one.id, one]));
  for (const first of scorecard.suggestions) {
    const result = results.get(first.criterion);
    if (result === undefined) continue;
    const key = keyOf(first, result, ready);
    const group = groups.get(key) ?? { first, criteria: [] };
    group.criteria.push(first.criterion);
    groups.set(key, group);
  }
  return groups;
}

/** What the commands of steps refer to. */
export interface StepSource {
  /** Steps that are ready; of two for one criterion the first. */
  readonly ready?: readonly ReadyStep[];
  /** The build that made the image, as words behind `scoville build`: `-t`, `app:1`, `.`. */
  readonly build?: readonly string[] | undefined;
  /** Path of a Dockerfile that the image may have been built from. */
  readonly dockerfile?: string | undefined;
}

const BUILDS = /^scoville (build|reproduce) (.*?)(?:-t IMAGE )?\.$/;
/** Words that a person would have to replace before a command runs. */
const OPEN_WORDS = /\b(?:NAME|VALUE|FILE|PATH)\b|, or /;

/** The command with image name and build filled in; undefined where it cannot run as it is. */
function wholeCommand(
  text: string,
  image: string,
  { build, dockerfile }: StepSource,
): string | undefined {
  if (!text.startsWith('scoville ') || OPEN_WORDS.test(text)) return undefined;
  const [, name = '', flags = ''] = BUILDS.exec(text) ?? [];
  if (name === '') {
    if (dockerfile === undefined && text.includes('--file Dockerfile')) return undefined;
    return text
      .replace('--file Dockerfile', () => `--file ${shellWord(dockerfile ?? '')}`)
      .replace(/\bIMAGE\b/g, () => image);
  }
  return build === undefined
    ? undefined
    : `scoville ${name} ${flags}${build.map(shellWord).join(' ')}`;
}

type Wording = Required<Pick<NextStep, 'text' | 'command'>>;

function wording({ first }: Group, { criteria, image }: Scorecard, source: StepSource): Wording {
  const explain = `scoville explain ${first.criterion}`;
  const word = shellWord(image);
  const result = criteria.find(({ id }) => id === first.criterion);
  if (result?.outcome !== 'unknown') {
    const { title: text, example = '' } = first;
    return { text, command: wholeCommand(result?.settle ?? example, word, source) ?? explain };
  }
  const { settle = '', summary } = result;
  // "Install a scanner, then run: COMMAND"
  const [before = '', then] = settle.split(/, then run: /);
  const text = then === undefined ? summary : `${before}, then run this`;
  return { text, command: wholeCommand(then ?? settle, word, source) ?? explain };
}

/**
 * What to do next, best first: what completes a level, then commands that do something, then what
 * the lowest level lacks, then what gains most. Criteria that one action answers are one step, and
 * each step has a whole command: where none does it, the one that explains how.
 */
export function nextSteps(scorecard: Scorecard, source: StepSource = {}): NextStep[] {
  const { ready = [] } = source;
  const now = levelOf(scorecard.criteria);
  const levels = new Map(scorecard.criteria.map(({ id, level }) => [id, level]));
  const lowest = (ids: readonly string[]): number =>
    Math.min(...ids.map((id) => levels.get(id) ?? 0));
  return [...grouped(scorecard, ready)]
    .map(([key, group]) => {
      const step = key.startsWith('ready ') ? ready[Number(key.slice(6))] : undefined;
      const passing = step?.criteria ?? group.criteria;
      const { text, command } = step ?? wording(group, scorecard, source);
      const gains = gainsOf(scorecard.criteria, passing);
      return { text, command, criteria: group.criteria, gains };
    })
    .sort(
      (a, b) =>
        Number(b.gains.level > now) - Number(a.gains.level > now) ||
        Number(isExplained(a)) - Number(isExplained(b)) ||
        lowest(a.criteria) - lowest(b.criteria) ||
        b.gains.points - a.gains.points,
    );
}

/** True where nothing does it: the command only says how. */
function isExplained({ command, criteria }: NextStep): boolean {
  return criteria.some((id) => command === `scoville explain ${id}`);
}
