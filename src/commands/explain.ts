import { didYouMean } from '../config/did-you-mean.ts';
import { CATALOGUE } from '../criteria/catalogue.ts';
import { EXIT, UserError } from '../model/errors.ts';
import { LINT_RULES } from '../pipeline/lint/lint-catalogue.ts';
import { fixCommand } from '../plans/fix/fixable.ts';
import type { CommandSpec } from '../plans/flags/command-spec.ts';
import {
  explanation,
  explanationJson,
  explanationList,
  type Explained,
} from '../reporters/explanation.ts';
import { command } from './flags.ts';
import { JSON_FLAG } from './shared-flags.ts';

/** Every id that can be explained. */
const ALL_IDS: readonly string[] = [...new Set([...CATALOGUE, ...LINT_RULES].map(({ id }) => id))];

export const EXPLAIN = {
  name: 'explain',
  usage: ['explain [--json] [ID...]'],
  about: `
Says what a finding means, why it matters and how to fix it. An ID is a criterion or a rule of scoville lint, as reports
name it; without one, every ID is listed. Works offline.`,
  flags: { json: JSON_FLAG },
  operands: { choices: ALL_IDS },
} satisfies CommandSpec;

const WIDEST = 100;

/** `scoville explain [ID...]`. Throws UserError for an id that is not known. */
export const explain = command(EXPLAIN, ({ json }, operands, io) => {
  if (operands.length === 0 && !json) {
    io.writeOut(explanationList(CATALOGUE, LINT_RULES));
    return Promise.resolve(EXIT.met);
  }
  const ids = operands.length === 0 ? ALL_IDS : [...new Set(operands)];
  const found = ids.map(explained);
  const width = Math.min(io.columns, WIDEST);
  io.writeOut(
    json
      ? `${JSON.stringify(found.map(explanationJson), null, 2)}\n`
      : found.map((one) => explanation(one, width)).join('\n'),
  );
  return Promise.resolve(EXIT.met);
});

function explained(id: string): Explained {
  const criterion = CATALOGUE.find((one) => one.id === id);
  const rule = LINT_RULES.find((one) => one.id === id);
  if (criterion === undefined && rule === undefined) {
    const near = didYouMean(id, ALL_IDS);
    const meant = near === undefined ? '' : `; did you mean ${near}?`;
    throw new UserError(`no criterion or lint rule is called ${JSON.stringify(id)}${meant}`, {
      nextStep: 'List them: scoville explain',
    });
  }
  return { id, criterion, rule, fix: fixCommand(id) };
}
