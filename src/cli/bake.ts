import { resolve } from 'node:path';
import { fitsNone, parseBakeArgs, type ParsedBake } from '../build/bake-command-line.ts';
import {
  type BakeJob,
  bakeJobs,
  missingGrants,
  outputFolders,
  parseBakeDefinition,
  printBake,
  tokenTaker,
} from '../build/bake-definition.ts';
import { bake as runBake, type BakedJob, opensFirstKey } from '../build/bake.ts';
import { passThrough } from '../build/build.ts';
import { styleOf } from '../build/plan.ts';
import { isAddress } from '../build/shown-command.ts';
import { reportFiles, requireWritable, writeFileBeside } from '../config/project-files.ts';
import { nextSteps } from '../criteria/next-steps.ts';
import { keepReport } from '../grade/kept-report.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import type { PipelineContext } from '../model/context.ts';
import type { BakeDefinition } from '../model/events.ts';
import type { ReportInput } from '../model/report.ts';
import { requireCosign } from '../trust/cosign.ts';
import { forgetSigningChoice, keepSigningChoice } from '../trust/signer.ts';
import { askingSigner } from './asking-signer.ts';
import { conversation, isForPerson, pipelineContext } from './conversation.ts';
import { saidWrong } from './flags.ts';
import { ALL_HELP, type Command, type CommandIo, readStream, writeHelp } from './io.ts';
import { pathsOf } from './paths.ts';
import { writeReports } from './render-report.ts';

export const bake: Command = async (args, io) => {
  const parsed = parseBakeArgs(args);
  if (!parsed.ok) return saidWrong(parsed.error, io);
  if (parsed.value.kind === 'help') {
    const { BAKE } = await import('../build/bake-command-line.ts');
    await writeHelp(io, BAKE, args.includes(ALL_HELP));
    return EXIT.met;
  }
  const { evaluates, words } = parsed.value;
  if (evaluates === undefined) return bakeParsed(parsed.value, io);
  const context = pipelineContext(io);
  return passThrough(context, ['buildx', 'bake', ...words], undefined);
};

async function bakeParsed(parsed: ParsedBake, io: CommandIo): Promise<number> {
  const style = styleOf(parsed.progress, false, io.env);
  if (!style.ok) throw new UserError(style.error, { exitCode: 1 });
  const definition = await definitionOf(parsed, io);
  const jobs = bakeJobs(definition);
  if (!jobs.ok) throw new UserError(jobs.error, { exitCode: 1 });
  const files = [parsed.metadataFile, ...reportFiles(parsed.reports)];
  await requireWritable(io.cwd, files, outputFolders(jobs.value));
  for (const gate of parsed.gates)
    if (fitsNone(gate, definition.wanted))
      throw new UserError(`--${gate.flag} ${gate.targets}=${gate.value} is for no target`, {
        nextStep: `the targets are ${definition.wanted.join(', ')}`,
      });
  if (parsed.ownWords.some((word) => word.startsWith('--lock=') && !/=(true|false)$/.test(word)))
    throw new UserError('a lock file belongs to one Dockerfile, and cannot be named for a bake', {
      nextStep: '--lock keeps scoville.lock beside each Dockerfile',
    });
  const first = await askSigner(jobs.value, parsed, io, style.value);
  const { value: ended } = await askingSigner(
    io,
    { style: style.value, interactive: true, json: parsed.json },
    (own) => runAll(jobs.value, parsed, own, style.value),
    (targets) => targets.find(({ error }) => error !== undefined)?.error,
  ).catch(async (error: unknown) => {
    if (first !== undefined) await forgetSigningChoice(first);
    throw error;
  });
  // An answer that did not work once is not kept.
  const worked = ended.some(({ exitCode }) => exitCode === EXIT.met || exitCode === EXIT.short);
  if (first !== undefined && !worked) await forgetSigningChoice(first);
  await tell(ended, parsed, io);
  return Math.max(...ended.map(({ exitCode }) => exitCode));
}

/** Asks once how to sign, before the first key is made, and keeps the answer for all targets. */
async function askSigner(
  jobs: readonly BakeJob[],
  parsed: ParsedBake,
  io: CommandIo,
  style: string,
): Promise<PipelineContext | undefined> {
  if (!(await isForPerson(io, { style, interactive: true, json: parsed.json }))) return undefined;
  const context = pipelineContext(io);
  if (!(await opensFirstKey(context, parsed, jobs))) return undefined;
  requireCosign(context);
  const { askFirstKey } = await import('./signer-questions.ts');
  await keepSigningChoice(context, await askFirstKey(context, io));
  return context;
}

async function definitionOf(parsed: ParsedBake, io: CommandIo): Promise<BakeDefinition> {
  const remote = parsed.names.find(isAddress);
  if (remote !== undefined)
    throw new UserError('a definition at an address is not built here', {
      nextStep: `git clone it, and run scoville bake there; or: docker buildx bake ${remote}`,
    });
  const context = pipelineContext(io);
  const stdin = parsed.files.includes('-')
    ? await readStream(io.stdin, 'the definition on stdin')
    : undefined;
  const { cwd, signal } = io;
  const text = await printBake(context.run, parsed.printWords, {
    cwd,
    signal,
    ...given({ stdin }),
  });
  const definition = parseBakeDefinition(text);
  if (!definition.ok)
    throw new UserError(definition.error, {
      nextStep: 'docker buildx bake --print shows what buildx makes of the definition',
    });
  await requireGrants(definition.value, parsed, io);
  // buildx prints the services of a compose file in another order each time.
  return { ...definition.value, wanted: definition.value.wanted.toSorted() };
}

async function requireGrants(
  { targets }: BakeDefinition,
  parsed: ParsedBake,
  io: CommandIo,
): Promise<void> {
  const taker = tokenTaker([...targets.values()]);
  if (taker !== undefined && (io.env['ACTIONS_RUNTIME_TOKEN'] ?? '') !== '')
    throw new UserError(`the definition would send this job's token to ${taker}`, {
      nextStep: "use GitHub's own cache: type=gha without url",
    });
  const files = !/^(?:0|f|false)$/i.test(io.env['BUILDX_BAKE_ENTITLEMENTS_FS'] ?? '');
  const missing = await missingGrants([...targets.values()], parsed.allow, { cwd: io.cwd, files });
  if (missing.length > 0)
    throw new UserError('additional privileges requested', {
      nextStep: `read the definition, then grant them:  ${missing.map((text) => `--allow=${text}`).join(' ')}`,
      exitCode: 1,
    });
}

async function runAll(
  jobs: readonly BakeJob[],
  parsed: ParsedBake,
  io: CommandIo,
  style: Parameters<typeof conversation>[1],
): Promise<readonly BakedJob[]> {
  const alone = jobs.length === 1;
  // Several builds cannot share a drawn screen: lines then, each with its target's name.
  const shown = alone || (style !== 'auto' && style !== 'tty') ? style : 'plain';
  const talks = new Map<string, Awaited<ReturnType<typeof conversation>>>();
  for (const { target } of jobs)
    talks.set(target.name, await conversation(alone ? io : prefixed(io, target.name), shown, true));
  try {
    return await runBake(
      jobs,
      parsed,
      (target, signal) => ({
        ...pipelineContext(io, talks.get(target)?.sink ?? (() => undefined)),
        signal,
      }),
      io.signal,
    );
  } finally {
    for (const { stop } of talks.values()) stop();
  }
}

function prefixed(io: CommandIo, target: string): CommandIo {
  return {
    ...io,
    writeErr: (text) => {
      io.writeErr(text.replace(/^(?=.)/gm, `[${target}] `));
    },
  };
}

async function tell(ended: readonly BakedJob[], parsed: ParsedBake, io: CommandIo): Promise<void> {
  const rows = ended.map(({ row }) => row);
  for (const { row, plan } of ended)
    if (plan !== undefined && !parsed.json) {
      const { describePlan } = await import('../build/describe-plan.ts');
      io.writeOut(`${row.target}\n${describePlan(plan)}\n`);
    }
  const toStdout = parsed.reports.some(({ file }) => file === undefined);
  if (parsed.json) io.writeOut((await import('../report/command-texts.ts')).bakeJson(rows));
  else
    (toStdout ? io.writeErr : io.writeOut)(
      (await import('../report/command-texts.ts')).bakeTable(rows),
    );
  const images = ended.flatMap(({ report }): readonly ReportInput[] =>
    report === undefined ? [] : [report],
  );
  for (const image of images)
    await keepReport(
      { paths: pathsOf(io), cwd: io.cwd },
      { ...image, steps: nextSteps(image.scorecard) },
    );
  const [first] = images;
  if (first !== undefined && parsed.reports.length > 0)
    await writeReports(
      images.length === 1 ? { kind: 'image', image: first } : { kind: 'comparison', images },
      parsed.reports,
      io,
      toStdout ? io.writeOut : () => undefined,
    );
  if (parsed.metadataFile !== undefined) {
    const metadata = ended.flatMap(({ row, metadata: facts }) =>
      facts === undefined ? [] : [[row.target, facts] as const],
    );
    const text = JSON.stringify(Object.fromEntries(metadata), null, 2);
    await writeFileBeside(resolve(io.cwd, parsed.metadataFile), text);
  }
}
