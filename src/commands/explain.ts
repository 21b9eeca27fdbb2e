import { didYouMean } from '../config/did-you-mean.ts';
import { CATALOGUE } from '../criteria/catalogue.ts';
import { EXIT, UserError } from '../model/errors.ts';
import { LINT_RULES } from '../pipeline/lint/lint-catalogue.ts';
import { fixCommand } from '../plans/fix/fixable.ts';
import {
  explanation,
  explanationJson,
  explanationList,
  type Explained,
} from '../reporters/explanation.ts';
import { readFlags } from './flags.ts';
import type { Command } from './io.ts';

const HELP = `Usage: scoville explain [--json] [ID...]

  scoville explain               list every id
  scoville explain no-shell      what it means, why it matters, how to fix it

An ID is a criterion or a rule of scoville lint, as reports name it. Works offline.

Options:
  --json       print JSON
  -h, --help   show this help
`;

const WIDEST = 100;

/** `scoville explain [ID...]`. Throws UserError for an id that is not known. */
export const explain: Command = (args, io) => {
  const { values, positionals } = readFlags('explain', args, {
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  });
  if (values.help) {
    io.writeOut(HELP);
    return Promise.resolve(EXIT.met);
  }
  if (positionals.length === 0 && !values.json) {
    io.writeOut(explanationList(CATALOGUE, LINT_RULES));
    return Promise.resolve(EXIT.met);
  }
  const ids = positionals.length === 0 ? ALL_IDS : [...new Set(positionals)];
  const found = ids.map(explained);
  const width = Math.min(io.columns, WIDEST);
  io.writeOut(
    values.json
      ? `${JSON.stringify(found.map(explanationJson), null, 2)}\n`
      : found.map((one) => explanation(one, width)).join('\n'),
  );
  return Promise.resolve(EXIT.met);
};

/** Every id that can be explained. */
const ALL_IDS: readonly string[] = [...new Set([...CATALOGUE, ...LINT_RULES].map(({ id }) => id))];

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
