import type { JudgedLine } from '../verdict/line-verdicts.ts';
import { withoutCredentials } from '../verdict/verdict.ts';
import type { RuleFinding } from './rule.ts';

const LONGEST_COMMAND = 100;

/** Commands that fall short of a criterion, each judged alone, and those that it cannot judge. */
export function lineFindings(judged: readonly JudgedLine[]): readonly RuleFinding[] {
  return judged.flatMap(({ range, command, state, reason }): readonly RuleFinding[] => {
    if (state === 'held') return [];
    const text = withoutCredentials(command);
    const shown = text.length > LONGEST_COMMAND ? `${text.slice(0, LONGEST_COMMAND - 1)}…` : text;
    const found = { range, message: `${shown}: ${reason}` };
    return [state === 'open' ? { ...found, severity: 'info' } : found];
  });
}
