import type { CriterionResult } from '../model/criterion.ts';
import type { NextStep, ReadyEdits, Scorecard, Suggestion } from '../model/scorecard.ts';
import { shellWord } from '../model/shell-word.ts';
import { levelOf } from './score.ts';
import { gainsOf } from './suggestions.ts';

/** Suggestions that one action answers. */
interface Group {
  readonly first: Suggestion;
  readonly criteria: string[];
}

const EDITS = 'edits';

/** What makes two suggestions one step: the same edits, the same check, or the same command. */
function keyOf(suggestion: Suggestion, result: CriterionResult, edits?: ReadyEdits): string {
  if (edits?.criteria.includes(suggestion.criterion) === true) return EDITS;
  if (result.outcome === 'unknown') return `check ${result.settle ?? result.summary}`;
  return suggestion.example?.startsWith('scoville ') === true
    ? `run ${suggestion.example}`
    : `do ${suggestion.criterion}`;
}

function grouped(scorecard: Scorecard, edits?: ReadyEdits): Map<string, Group> {
  const groups = new Map<string, Group>();
  const results = new Map(scorecard.criteria.map((one) => [one.id, one]));
  for (const first of scorecard.suggestions) {
    const result = results.get(first.criterion);
    if (result === undefined) continue;
    const key = keyOf(first, result, edits);
    const group = groups.get(key) ?? { first, criteria: [] };
    group.criteria.push(first.criterion);
    groups.set(key, group);
  }
  return groups;
}

/** What the commands of steps can stand on. */
export interface StepSource {
  /** What `scoville fix` can change in the image's Dockerfile now; without it no step names it. */
  readonly edits?: ReadyEdits | undefined;
  /** The build that made the image, as words behind `scoville build`: `-t`, `app:1`, `.`. */
  readonly build?: readonly string[] | undefined;
  /** Path of a Dockerfile that the image may have been built from. */
  readonly dockerfile?: string | undefined;
}

const BUILDS = /^scoville (build|reproduce) (.*?)(?:-t IMAGE )?\.$/;
/** Words that a person would have to replace before a command runs. */
const OPEN_WORDS = /\b(?:NAME|VALUE|FILE|PATH)\b|, or /;

/** The command with the image's name and the build filled in; undefined where it would not run as it is. */
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

function wording(
  key: string,
  { first }: Group,
  { criteria, image }: Scorecard,
  source: StepSource,
): Wording {
  const { edits } = source;
  if (key === EDITS && edits !== undefined)
    return {
      text: edits.count === 1 ? '1 edit is ready' : `${edits.count} edits are ready`,
      command: edits.command,
    };
  const explain = `scoville explain ${first.criterion}`;
  const word = shellWord(image);
  const result = criteria.find(({ id }) => id === first.criterion);
  if (result?.outcome !== 'unknown') {
    const { title: text, example = '' } = first;
    return { text, command: wholeCommand(example, word, source) ?? explain };
  }
  const { settle = '', summary } = result;
  // "Install a scanner, then run: COMMAND"
  const [before = '', then] = settle.split(/, then run: /);
  const text = then === undefined ? summary : `${before}, then run this`;
  return { text, command: wholeCommand(then ?? settle, word, source) ?? explain };
}

/**
 * What to do next, best first: what completes a level, then what `scoville fix` does by itself, then
 * what the lowest level lacks, then what gains most. Criteria that one action answers are one step, and
 * each step has a whole command: where none does it, the one that explains how.
 */
export function nextSteps(scorecard: Scorecard, source: StepSource = {}): NextStep[] {
  const now = levelOf(scorecard.criteria);
  const levels = new Map(scorecard.criteria.map(({ id, level }) => [id, level]));
  const lowest = (ids: readonly string[]): number =>
    Math.min(...ids.map((id) => levels.get(id) ?? 0));
  return [...grouped(scorecard, source.edits)]
    .map(([key, group]) => {
      const gains = gainsOf(scorecard.criteria, group.criteria);
      const step = { ...wording(key, group, scorecard, source), criteria: group.criteria, gains };
      return { step, isEdits: key === EDITS };
    })
    .sort(
      ({ step: a, ...one }, { step: b, ...other }) =>
        Number(b.gains.level > now) - Number(a.gains.level > now) ||
        Number(other.isEdits) - Number(one.isEdits) ||
        lowest(a.criteria) - lowest(b.criteria) ||
        b.gains.points - a.gains.points,
    )
    .map(({ step }) => step);
}
