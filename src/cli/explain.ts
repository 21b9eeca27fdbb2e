import { CATALOGUE, FIX_RULES, LINT_RULES } from '../criteria/catalogue.ts';
import { declaredSettings } from '../criteria/declared-settings.ts';
import { keptReport } from '../grade/kept-report.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { didYouMean } from '../lib/text.ts';
import { SPEC_URL } from '../model/criterion.ts';
import { printedCommand } from '../model/printed-command.ts';
import type { ReportInput } from '../model/report.ts';
import {
  type Explanation,
  type ExplainedHere,
  explanationList,
  explanationText,
} from '../report/command-texts.ts';
import { evidenceText } from '../report/evidence.ts';
import { jsonText } from '../report/text.ts';
import { CAUSES } from '../reproduce/causes.ts';
import { type CommandSpec, exits } from './flag-table.ts';
import { command, JSON_FLAG } from './flags.ts';
import { pathsOf, writeProse } from './io.ts';

const ALL_IDS: readonly string[] = [
  ...new Set([
    ...[...CATALOGUE, ...LINT_RULES, ...FIX_RULES].map(({ id }) => id),
    ...CAUSES.keys(),
  ]),
];

export const EXPLAIN = {
  name: 'explain',
  usage: ['explain [flags] [ID...]'],
  about: `
Says what a finding means, why it matters and how to fix it; in a folder where an image was graded, what is wrong with
that image, whole, and the command that helps. An ID is a criterion, a rule of scoville lint, an edit of scoville fix, a
cause of scoville reproduce or a vulnerability of that image, as reports name it; without one, every ID is listed. Works
offline.`,
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

export const explain = command(EXPLAIN, async ({ json }, operands, io) => {
  const ids = operands.length === 0 ? ALL_IDS : [...new Set(operands)];
  const report =
    operands.length === 0
      ? undefined
      : await keptReport({ paths: pathsOf(io), cwd: io.cwd }, undefined);
  const found = ids.map((id) => explained(id, report));
  const width = Math.min(io.columns, WIDEST);
  if (json) io.writeOut(jsonText(found.map((one) => ({ schemaVersion: 1, ...one }))));
  else
    writeProse(
      io,
      operands.length === 0
        ? explanationList(found)
        : found.map((one) => explanationText(one, width)).join('\n'),
    );
  return EXIT.met;
});

/** `report`: of the image that was graded here. */
export function explained(id: string, report?: ReportInput): Explanation {
  // `slim-base:base` is an edit of the rule `slim-base`.
  const edit = FIX_RULES.find((one) => id === one.id || id.startsWith(`${one.id}:`));
  const found =
    ofCriterion(id, report) ??
    ofRule(id) ??
    ofCause(id) ??
    (edit && ofCriterion(edit.criterion, report)) ??
    (edit && ofRule(edit.lint)) ??
    ofVulnerability(id, report);
  if (found !== undefined) return found.id === id ? found : { ...found, id };
  const near = didYouMean(id, ALL_IDS);
  const meant = near === undefined ? '' : `; did you mean ${near}?`;
  const where = /^[A-Z]+-/.test(id) ? ', and no image graded here has it' : '';
  throw new UserError(`nothing is called ${JSON.stringify(id)}${where}${meant}`, {
    nextStep: 'List them: scoville explain',
  });
}

/** The criterion, with examples of the lint rule of that name. */
function ofCriterion(id = '', report: ReportInput | undefined): Explanation | undefined {
  const criterion = CATALOGUE.find((one) => one.id === id);
  if (criterion === undefined) return undefined;
  const rule = LINT_RULES.find((one) => one.id === id);
  const { title, level, vector, why, decidedBy = '', remedies, spec } = criterion;
  const here = report && criterionHere(id, report);
  return {
    ...{ id, title, level, vector, ...given({ lint: rule?.level }), why, decidedBy, remedies },
    ...given({ bad: rule?.bad, good: rule?.good, here }),
    specification: SPEC_URL + spec,
  };
}

/** What was found of a criterion in the image that was graded here, and what helps. */
function criterionHere(
  id: string,
  { scorecard, steps = [] }: ReportInput,
): ExplainedHere | undefined {
  const result = scorecard.criteria.find((one) => one.id === id);
  if (result === undefined) return undefined;
  const { outcome, summary, evidence, settle = '' } = result;
  const { image } = scorecard;
  const about = { image, outcome, summary, found: evidence.map(evidenceText) };
  const step = steps.find(({ criteria }) => criteria.includes(id));
  if (step !== undefined && !step.command.startsWith('scoville explain '))
    return { ...about, help: `${step.text} (${step.cost})`, command: step.command };
  const declared = declaredSettings(result);
  // What only a person can fill in.
  const settings = declared.map(
    ({ setting, value = setting === 'image.source' ? 'URL' : 'NAME' }) => `${setting}=${value}`,
  );
  if (settings.length > 0)
    return {
      ...about,
      help: `If this is right: ${declared.map(({ text }) => text).join('; ')}`,
      command: printedCommand('config', settings),
    };
  const [, help = 'What checks it', command] = /^(?:(.*): )?(scoville .*)$/.exec(settle) ?? [];
  return command === undefined ? about : { ...about, help, command };
}

function ofRule(id = ''): Explanation | undefined {
  const rule = LINT_RULES.find((one) => one.id === id);
  if (rule === undefined) return undefined;
  const { title, level: lint, help, remedy, bad, good } = rule;
  return { id, title, lint, why: help, decidedBy: help, remedies: [{ title: remedy }], bad, good };
}

function ofCause(id: string): Explanation | undefined {
  const remedies = CAUSES.get(id)?.map(({ cause, remedy }) => ({
    title: cause,
    ...given({ detail: remedy }),
  }));
  const why = 'Two builds that give the same image show that it comes from its source.';
  return remedies && { id, title: 'Two builds differ', why, decidedBy: '', remedies };
}

/** A vulnerability of the image that was graded here. */
function ofVulnerability(id: string, report: ReportInput | undefined): Explanation | undefined {
  const found = (report?.contents ?? [])
    .flatMap(({ facts: { vulnerabilities } }) =>
      vulnerabilities.known ? [...vulnerabilities.value.vulnerabilities] : [],
    )
    .filter((one) => one.id === id || one.aliases?.includes(id) === true);
  const [first] = found;
  if (first === undefined || report === undefined) return undefined;
  const { image } = report.scorecard;
  const places = found.map(({ package: name, version, path = '' }) => `${name} ${version} ${path}`);
  const fixes = found.map(({ package: name, fixedIn }) =>
    fixedIn === undefined ? `No version of ${name} fixes it yet` : `Update ${name} to ${fixedIn}`,
  );
  const says = ['--justification', 'vulnerable_code_not_in_execute_path', image];
  return {
    ...{ id, title: `A vulnerability of severity ${first.severity}`, decidedBy: '' },
    why: [first.id, ...(first.aliases ?? []), first.url ?? ''].join(' ').trim(),
    remedies: [...new Set(fixes)].map((title) => ({ title })),
    here: {
      ...{ image, outcome: 'fail', summary: '' },
      found: [...new Set(places.map((one) => one.trim()))],
      help: 'If the program never reaches it, say so in a VEX document',
      command: printedCommand('vex', ['--vulnerability', first.id, ...says]),
    },
  };
}
