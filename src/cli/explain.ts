import { CATALOGUE, fixCommand, LINT_RULES } from '../criteria/catalogue.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { didYouMean } from '../lib/text.ts';
import { SPEC_URL } from '../model/criterion.ts';
import { type Explanation, explanationList, explanationText } from '../report/command-texts.ts';
import { jsonText } from '../report/text.ts';
import { type CommandSpec, exits } from './flag-table.ts';
import { command, JSON_FLAG } from './flags.ts';
import { writeProse } from './io.ts';

const ALL_IDS: readonly string[] = [...new Set([...CATALOGUE, ...LINT_RULES].map(({ id }) => id))];

export const EXPLAIN = {
  name: 'explain',
  usage: ['explain [flags] [ID...]'],
  about: `
Says what a finding means, why it matters and how to fix it. An ID is a criterion or a rule of scoville lint, as reports
name it; without one, every ID is listed. Works offline.`,
  examples: [
    ['scoville explain', 'list every ID'],
    ['scoville explain no-shell', 'one criterion'],
    ['scoville explain pinned-images no-secrets', 'several'],
  ],
  exits: exits({ 0: 'explained', 2: 'an ID that is not known' }),
  flags: { json: JSON_FLAG },
  operands: { choices: ALL_IDS },
} satisfies CommandSpec;

const WIDEST = 100;

export const explain = command(EXPLAIN, ({ json }, operands, io) => {
  const ids = operands.length === 0 ? ALL_IDS : [...new Set(operands)];
  const found = ids.map(explained);
  const width = Math.min(io.columns, WIDEST);
  if (json) io.writeOut(jsonText(found.map((one) => ({ schemaVersion: 1, ...one }))));
  else
    writeProse(
      io,
      operands.length === 0
        ? explanationList(found)
        : found.map((one) => explanationText(one, width)).join('\n'),
    );
  return Promise.resolve(EXIT.met);
});

/** Explains the criterion, with examples of the lint rule of that name; else explains the rule. */
export function explained(id: string): Explanation {
  const criterion = CATALOGUE.find((one) => one.id === id);
  const rule = LINT_RULES.find((one) => one.id === id);
  const examples = given({ bad: rule?.bad, good: rule?.good, fix: fixCommand(id) });
  if (criterion !== undefined) {
    const { title, level, vector, why, decidedBy = '', remedies, spec } = criterion;
    const lint = given({ lint: rule?.level });
    const known = { id, title, level, vector, ...lint, why, decidedBy, remedies };
    return { ...known, ...examples, specification: SPEC_URL + spec };
  }
  if (rule !== undefined) {
    const { title, level, help, remedy } = rule;
    const remedies = [{ title: remedy }];
    return { id, title, lint: level, why: help, decidedBy: help, remedies, ...examples };
  }
  const near = didYouMean(id, ALL_IDS);
  const meant = near === undefined ? '' : `; did you mean ${near}?`;
  throw new UserError(`no criterion or lint rule is called ${JSON.stringify(id)}${meant}`, {
    nextStep: 'List them: scoville explain',
  });
}
