import { execCommands, scriptCommands } from '../../dockerfile/script-commands.ts';
import type { FixKnowledge } from '../../model/fix-rule.ts';
import { LINT_KNOWLEDGE } from '../lint/lint-knowledge.ts';

/** What rules are handed of other rooms. */
export const FIX_KNOWLEDGE: FixKnowledge = {
  ...LINT_KNOWLEDGE,
  scriptCommands,
  execCommands,
};
