import { CATALOGUE, FIX_RULES, LINT_RULES } from '../criteria/catalogue.ts';
import { declaredSettings } from '../criteria/declared-settings.ts';
import { keptReport } from '../grade/kept-report.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { didYouMean } from '../lib/text.ts';
import { type CriterionResult, isMet, SPEC_URL } from '../model/criterion.ts';
import { shellWord } from '../model/dockerfile.ts';
import type { Vulnerability } from '../model/facts.ts';
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
import { type CommandIo, pathsOf, writeProse } from './io.ts';
import { projectSettings } from './operands.ts';

const KINDS = [
  { kind: 'criterion', ids: CATALOGUE.map(({ id }) => id) },
  { kind: 'rule', ids: LINT_RULES.map(({ id }) => id) },
  { kind: 'edit', ids: FIX_RULES.map(({ id }) => id) },
  { kind: 'cause', ids: [...CAUSES.keys()] },
] as const;
/** Of an id that several have, the first counts. */
const ALL_IDS: readonly string[] = [...new Set(KINDS.flatMap(({ ids }) => ids))];

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
  const found = await Promise.all(ids.map((id) => explained(id, report, io)));
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

/** With `report` and `io`, what is wrong in the image that was graded here, and in this folder. */
export async function explained(
  id: string,
  report?: ReportInput,
  io?: CommandIo,
): Promise<Explanation> {
  // `slim-base:base` is an edit of the rule `slim-base`.
  const [rule = ''] = id.split(':', 1);
  const kind = KINDS.find(({ ids }) => ids.includes(id))?.kind;
  if (kind === 'criterion') return ofCriterion(id, report);
  if (kind === 'rule') return ofRule(id, io);
  if (kind === 'cause') return ofCause(id);
  if (FIX_RULES.some((one) => one.id === rule)) return ofEdit(id, rule, report, io);
  const cve = ofVulnerability(id, report);
  if (cve !== undefined) return cve;
  const near = didYouMean(id, ALL_IDS);
  const meant = near === undefined ? '' : `; did you mean ${near}?`;
  const where = /^[A-Z]+-/.test(id) ? ', and no image graded here has it' : '';
  throw new UserError(`nothing is called ${JSON.stringify(id)}${where}${meant}`, {
    nextStep: 'List them: scoville explain',
  });
}

/** The criterion, with examples of the lint rule of that name. */
function ofCriterion(id: string, report: ReportInput | undefined): Explanation {
  const criterion = CATALOGUE.find((one) => one.id === id);
  if (criterion === undefined) throw new Error(`no criterion ${id}`);
  const rule = LINT_RULES.find((one) => one.id === id);
  const { title, level, vector, why, decidedBy = '', spec } = criterion;
  const here = report && criterionHere(id, report);
  // Of commands the one counts that helps here.
  const remedies = criterion.remedies.map(({ example = '', ...one }) =>
    example === '' || (here !== undefined && /^(?:scoville|cosign) /.test(example))
      ? one
      : { ...one, example },
  );
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
  const { outcome, summary, evidence } = result;
  const about = { image: scorecard.image, outcome, summary, found: evidence.map(evidenceText) };
  if (isMet(outcome)) return about;
  const step = steps.find(({ criteria }) => criteria.includes(id));
  if (step !== undefined && !step.command.startsWith('scoville explain '))
    return {
      ...about,
      help: `${step.text} (${step.cost})`,
      command: step.command,
    };
  const declared = declaredSettings(result);
  if (declared.length === 0) return { ...about, ...checking(result, scorecard) };
  const settings = declared.map(
    ({ setting, value = setting === 'image.source' ? 'URL' : 'NAME' }) => `${setting}=${value}`,
  );
  return {
    ...about,
    help: `If this is right: ${declared.map(({ text }) => text).join('; ')}`,
    command: printedCommand('config', settings),
  };
}

/** How to check what is not known, with words that only a person can fill in. */
function checking(
  { settle = '' }: CriterionResult,
  { image }: ReportInput['scorecard'],
): Pick<ExplainedHere, 'help' | 'command'> {
  const [, help = 'What checks it', command] = /^(?:(.*): )?(scoville .*)$/.exec(settle) ?? [];
  return command === undefined
    ? {}
    : { help, command: command.replaceAll(/\bIMAGE\b/g, () => shellWord(image)) };
}

async function ofRule(id: string, io: CommandIo | undefined): Promise<Explanation> {
  const rule = LINT_RULES.find((one) => one.id === id);
  if (rule === undefined) throw new Error(`no rule ${id}`);
  const { title, level, help, remedy, bad, good } = rule;
  const about = { id, title, lint: level, why: help, decidedBy: help };
  return {
    ...about,
    remedies: [{ title: remedy }],
    bad,
    good,
    ...given({ here: io && (await ruleHere(id, io)) }),
  };
}

/** Where a rule finds something in the Dockerfile of this folder. */
async function ruleHere(id: string, io: CommandIo): Promise<ExplainedHere | undefined> {
  const { lintFile } = await import('../lint/lint.ts');
  const image = 'Dockerfile';
  try {
    const settings = await projectSettings(undefined, io);
    const options = { cwd: io.cwd, buildArgs: [], target: undefined, settings, now: io.now() };
    const { findings } = await lintFile(image, { ...options, stdin: io.stdin });
    const found = findings
      .filter(({ rule }) => rule === id)
      .map(({ range, message }) => `line ${range.startLine}: ${message}`);
    return { image, outcome: found.length === 0 ? 'pass' : 'fail', summary: '', found };
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function ofCause(id: string): Explanation {
  const causes = CAUSES.get(id) ?? [];
  return {
    ...{ id, title: 'A cause by which two builds differ', decidedBy: '' },
    why: 'An image that another build gives too can be checked by anybody.',
    remedies: causes.map(({ cause, remedy }) => ({ title: cause, ...given({ detail: remedy }) })),
  };
}

async function ofEdit(
  id: string,
  rule: string,
  report: ReportInput | undefined,
  io: CommandIo | undefined,
): Promise<Explanation> {
  const { criterion, lint = '' } = FIX_RULES.find((one) => one.id === rule) ?? {};
  const about = criterion === undefined ? await ofRule(lint, io) : ofCriterion(criterion, report);
  return { ...about, id, title: `An edit of scoville fix, for ${criterion ?? lint}` };
}

/** A vulnerability of the image that was graded here. */
function ofVulnerability(id: string, report: ReportInput | undefined): Explanation | undefined {
  const all = (report?.contents ?? []).flatMap(
    ({ facts: { vulnerabilities } }): readonly Vulnerability[] =>
      vulnerabilities.known ? vulnerabilities.value.vulnerabilities : [],
  );
  const found = all.filter((one) => one.id === id || one.aliases?.includes(id) === true);
  const [first] = found;
  if (first === undefined || report === undefined) return undefined;
  const { image } = report.scorecard;
  const fixed = found.flatMap(({ package: name, fixedIn }) =>
    fixedIn === undefined ? [] : [`Update ${name} to ${fixedIn}`],
  );
  const names = [first.id, ...(first.aliases ?? [])].join(', ');
  const says = [
    '--vulnerability',
    first.id,
    '--justification',
    'vulnerable_code_not_in_execute_path',
  ];
  return {
    ...{ id, title: `A vulnerability of severity ${first.severity}`, decidedBy: '' },
    why: `${names}${first.url === undefined ? '' : `: ${first.url}`}`,
    remedies: [...new Set(fixed.length === 0 ? ['No version fixes it yet'] : fixed)].map(
      (title) => ({ title }),
    ),
    here: {
      image,
      outcome: 'fail',
      summary: '',
      found: [
        ...new Set(
          found.map(({ package: name, version, path }) =>
            [`${name} ${version}`, path ?? ''].join(' ').trim(),
          ),
        ),
      ],
      help: 'If it cannot be reached in this image, say so in a VEX document',
      command: printedCommand('vex', [...says, image]),
    },
  };
}
