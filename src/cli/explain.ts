import { buildContext, contextFile } from '../build/context-source.ts';
import { CATALOGUE, FIX_RULES, LINT_RULES } from '../criteria/catalogue.ts';
import { codeReads } from '../criteria/code-reads.ts';
import { declaredSettings } from '../criteria/declared-settings.ts';
import { CREDENTIAL_FILES, KEY_STORES } from '../facts/secrets/credential-files.ts';
import { SECRET_RULES } from '../facts/secrets/secret-rules.ts';
import { keptReport } from '../grade/kept-report.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { didYouMean } from '../lib/text.ts';
import { SPEC_URL } from '../model/criterion.ts';
import type { LintFinding, SecretRead } from '../model/fix.ts';
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
import { type CommandIo, writeProse } from './io.ts';
import { projectSettings } from './operands.ts';
import { pathsOf } from './paths.ts';

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
that image, whole, and the command that helps; else the lines of its Dockerfile that scoville lint finds. An ID is a criterion, a rule of scoville lint, an edit of scoville fix, a
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
  const folder = operands.length === 0 ? undefined : await folderHere(io);
  const found = ids.map((id) => explained(id, report, folder));
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

/** What the folder itself says: findings of lint in its Dockerfile, and its code. */
interface FolderHere {
  readonly findings: readonly LintFinding[];
  readonly reads: () => readonly SecretRead[];
}

async function folderHere(io: CommandIo): Promise<FolderHere> {
  const context = buildContext(io.cwd);
  const reads = () => codeReads(context).secrets;
  const text = contextFile(io.cwd, 'Dockerfile');
  if (text === undefined) return { findings: [], reads };
  const { declared, lintDockerfile } = await import('../lint/lint.ts');
  const declarations = declared({ settings: await projectSettings(undefined, io), now: io.now() });
  return { ...lintDockerfile({ name: 'Dockerfile', text, context, declarations }), reads };
}

/** `report`: of the image that was graded here. */
export function explained(
  id: string,
  report?: ReportInput,
  folder: FolderHere = { findings: [], reads: () => [] },
): Explanation {
  const found =
    ofCriterion(id, report, folder) ??
    ofRule(id, folder) ??
    ofCause(id, report, folder) ??
    ofSecret(id, report, folder) ??
    ofEdit(id, report, folder) ??
    ofVulnerability(id, report);
  if (found !== undefined) return found;
  const near = didYouMean(id, ALL_IDS);
  const meant = near === undefined ? '' : `; did you mean ${near}?`;
  const where = /^[A-Z]+-/.test(id) ? ', and no image graded here has it' : '';
  throw new UserError(`nothing is called ${JSON.stringify(id)}${where}${meant}`, {
    nextStep: 'List them: scoville explain',
  });
}

/** The criterion, with examples of the lint rule of that name. */
function ofCriterion(
  id = '',
  report: ReportInput | undefined,
  folder: FolderHere,
): Explanation | undefined {
  const criterion = CATALOGUE.find((one) => one.id === id);
  if (criterion === undefined) return undefined;
  const rule = LINT_RULES.find((one) => one.id === id);
  const { title, level, vector, why, decidedBy = '', remedies, spec } = criterion;
  const here = (report && criterionHere(id, report, folder.reads)) ?? lintHere(id, folder);
  return {
    id,
    title,
    level,
    vector,
    ...given({ lint: rule?.level }),
    why,
    decidedBy,
    remedies,
    ...given({ bad: rule?.bad, good: rule?.good, here }),
    specification: SPEC_URL + spec,
  };
}

/** What was found of a criterion in the image that was graded here, and what helps. */
function criterionHere(
  id: string,
  { scorecard, steps = [] }: ReportInput,
  reads: FolderHere['reads'],
): ExplainedHere | undefined {
  const result = scorecard.criteria.find((one) => one.id === id);
  if (result === undefined) return undefined;
  const { outcome, summary, evidence, settle = '' } = result;
  const { image } = scorecard;
  const about = { image, outcome, summary, found: evidence.map(evidenceText) };
  const step = steps.find(({ criteria }) => criteria.includes(id));
  if (step !== undefined && !step.command.startsWith('scoville explain '))
    return { ...about, help: `${step.text} (${step.cost})`, command: step.command };
  const declared = declaredSettings(result, reads);
  const change = declared.find((one) => one.change !== undefined)?.change;
  // What only a person can fill in.
  const settings = declared.map(
    ({ setting, value = setting === 'image.source' ? 'URL' : 'NAME' }) => `${setting}=${value}`,
  );
  if (settings.length > 0)
    return {
      ...about,
      help:
        change === undefined
          ? `If this is right: ${declared.map(({ text }) => text).join('; ')}`
          : `A person must decide: ${change}`,
      command: printedCommand('config', settings),
    };
  const [, help = 'What checks it', command] = /^(?:(.*): )?(scoville .*)$/.exec(settle) ?? [];
  if (command !== undefined) return { ...about, help, command };
  return step === undefined ? about : { ...about, help: `${step.text} (${step.cost})` };
}

/** Where lint finds it in the folder's Dockerfile. */
function lintHere(id: string, { findings }: FolderHere): ExplainedHere | undefined {
  const found = findings
    .filter(({ rule }) => rule === id)
    .map(({ range, message }) => `line ${range.startLine}: ${message}`);
  if (found.length === 0) return undefined;
  return { image: 'Dockerfile', outcome: 'fail', summary: '', found };
}

function ofRule(id = '', folder: FolderHere): Explanation | undefined {
  const rule = LINT_RULES.find((one) => one.id === id);
  if (rule === undefined) return undefined;
  const { title, level: lint, help, remedy, bad, good } = rule;
  const here = lintHere(id, folder);
  const remedies = [{ title: remedy }];
  return { id, title, lint, why: help, decidedBy: help, remedies, bad, good, ...given({ here }) };
}

/** What an edit does, and why by the criterion or lint rule that it serves. */
function ofEdit(
  id: string,
  report: ReportInput | undefined,
  folder: FolderHere,
): Explanation | undefined {
  // `slim-base:base` is an edit of the rule `slim-base`.
  const edit = FIX_RULES.find((one) => id === one.id || id.startsWith(`${one.id}:`));
  if (edit === undefined) return undefined;
  const { title, why, criterion, lint } = edit;
  const remedies = [{ title: 'Apply it', example: printedCommand('fix', ['--only', id]) }];
  if (why !== undefined) return { id, title, why, decidedBy: '', remedies };
  const served = ofCriterion(criterion, report, folder) ?? ofRule(lint, folder);
  return served && { ...served, id, title, remedies: [...remedies, ...served.remedies] };
}

/** Kinds of secrets that cards and `lint` name, with what each is. */
const SECRET_KINDS: ReadonlyMap<string, string> = new Map([
  ...[...SECRET_RULES, ...CREDENTIAL_FILES, ...KEY_STORES].map(
    ({ id, what }) => [id, what] as const,
  ),
  ['git-directory', 'The history of git, with all that was ever committed'],
  ['env-file', 'A file of variables, with a value for a name of a secret'],
  ['named-secret', 'A value for a name of a secret'],
  ['login-in-command', 'A password in the words of a command'],
]);

function titleOf(what: string): string {
  return what.replace(/^./, (letter) => letter.toUpperCase());
}

/** A kind of secret: what it is, and what the criterion says of all of them. */
function ofSecret(
  id: string,
  report: ReportInput | undefined,
  folder: FolderHere,
): Explanation | undefined {
  const what = SECRET_KINDS.get(id);
  if (what === undefined) return undefined;
  const criterion = ofCriterion('no-secrets', report, folder);
  return criterion && { ...criterion, id, title: titleOf(what) };
}

function ofCause(
  id: string,
  report: ReportInput | undefined,
  folder: FolderHere,
): Explanation | undefined {
  const causes = CAUSES.get(id);
  const remedies = causes?.map(({ cause, remedy }) => ({
    title: cause,
    ...given({ detail: remedy }),
  }));
  const why =
    'Why two builds differ. Two that give the same image show that it comes from its source.';
  const [first = ''] = (causes?.[0]?.cause ?? '').split(/[,:;(]| where /);
  const title = titleOf(first.trim());
  const secret = ofSecret(id, report, folder);
  // `private-key` and `password-hash` are both.
  const also =
    secret === undefined ? [] : [{ title: `As a secret: ${secret.title}` }, ...secret.remedies];
  return remedies && { id, title, why, decidedBy: '', remedies: [...remedies, ...also] };
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
    id,
    title: `A vulnerability of severity ${first.severity}`,
    decidedBy: '',
    why: [first.id, ...(first.aliases ?? []), first.url ?? ''].join(' ').trim(),
    remedies: [...new Set(fixes)].map((title) => ({ title })),
    here: {
      image,
      outcome: 'fail',
      summary: '',
      found: [...new Set(places.map((one) => one.trim()))],
      help: 'If the program never reaches it, say so in a VEX document',
      command: printedCommand('vex', ['--vulnerability', first.id, ...says]),
    },
  };
}
