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

/** What makes two suggestions one step: the same edits, the same check, or the same command. */
function keyOf(suggestion: Suggestion, result: CriterionResult, edits?: ReadyEdits): string {
  if (edits?.criteria.includes(suggestion.criterion) === true) return 'edits';
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

function wording(
  key: string,
  { first }: Group,
  { criteria }: Scorecard,
  edits?: ReadyEdits,
): Pick<NextStep, 'text' | 'command'> {
  if (key === 'edits' && edits !== undefined)
    return {
      text: edits.count === 1 ? '1 edit is ready' : `${edits.count} edits are ready`,
      command: edits.command,
    };
  const result = criteria.find(({ id }) => id === first.criterion);
  if (result?.outcome !== 'unknown') {
    const { title: text, example = '' } = first;
    return example.startsWith('scoville ') ? { text, command: example } : { text };
  }
  const { settle, summary } = result;
  if (settle === undefined) return { text: summary };
  return settle.startsWith('scoville ') ? { text: summary, command: settle } : { text: settle };
}

/**
 * What to do next, best first: what completes a level, then what the lowest level lacks, then what
 * gains most. Criteria that one action answers are one step. `edits`: what `scoville fix` can change
 * in the image's Dockerfile now; without it no step names `scoville fix`.
 */
export function nextSteps(scorecard: Scorecard, edits?: ReadyEdits): NextStep[] {
  const now = levelOf(scorecard.criteria);
  const levels = new Map(scorecard.criteria.map(({ id, level }) => [id, level]));
  const word = shellWord(scorecard.image);
  const lowest = (ids: readonly string[]): number =>
    Math.min(...ids.map((id) => levels.get(id) ?? 0));
  return [...grouped(scorecard, edits)]
    .map(([key, group]): NextStep => {
      const criteria = group.criteria;
      const { text, command } = wording(key, group, scorecard, edits);
      const named = (one: string): string => one.replace(/\bIMAGE\b/g, () => word);
      return {
        text: named(text),
        ...(command === undefined ? {} : { command: named(command) }),
        criteria,
        gains: gainsOf(scorecard.criteria, criteria),
      };
    })
    .sort(
      (a, b) =>
        Number(b.gains.level > now) - Number(a.gains.level > now) ||
        lowest(a.criteria) - lowest(b.criteria) ||
        b.gains.points - a.gains.points,
    );
}
