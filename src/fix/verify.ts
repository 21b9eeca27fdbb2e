import { randomBytes } from 'node:crypto';
// eslint-disable-next-line no-restricted-imports -- a temporary folder of ours
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from '../build/build.ts';
import { parseBuildArgs } from '../build/command-line.ts';
import { noStdin } from '../build/context-source.ts';
import {
  type Attempt,
  containerLog,
  type ContainerState,
  createContainer,
  dropContainer,
  type ImageService,
  imageService,
  removeLocalTag,
  requirePorts,
  runSmokeCommand,
  startContainer,
  untilAnswered,
} from '../build/docker-containers.ts';
import { readLockText } from '../build/lock-file.ts';
import { codeReads } from '../criteria/code-reads.ts';
import { inTemporaryFolder } from '../image/temporary-folder.ts';
import { err, messageOf, ok, type Result, ToolError, UserError } from '../lib/errors.ts';
import { groupBy } from '../lib/parallel.ts';
import { phase, type PipelineContext } from '../model/context.ts';
import type { CodeReads, FixProof, PlannedEdit, ProvenBuild, TakenBack } from '../model/fix.ts';
import { LOCK_FILE_NAME } from '../model/lock.ts';
import type { Scorecard } from '../model/scorecard.ts';
import { RIGHTS, type Rights, type SmokeRequest, type SmokeResult } from '../model/template.ts';
import { withSecretFiles } from '../profile/secret-files.ts';
import type { AppliedFixes, FixFiles } from './compose.ts';
import { applyWanted, type FixTask } from './plan.ts';

/** Time to keep running, for a container of which nothing else is known. */
const STAYING_MS = 3_000;

/**
 * Runs an image of the engine's store in a container of its own and finds out whether its program
 * answers. It asks the user's command, else the image's HEALTHCHECK, else whether the program stays
 * up. No capabilities are given at first, and those of `most` where it does not answer so. The
 * container is removed whatever happens. Throws Interrupted, UserError and ToolError.
 */
export async function smokeImage(
  context: PipelineContext,
  image: string,
  request: SmokeRequest,
  most: Rights,
): Promise<SmokeResult> {
  const service = await imageService(context.run, image, context.signal);
  if (request.command !== undefined)
    await requirePorts(context, request.port === undefined ? service.ports : [request.port]);
  for (const rights of RIGHTS) {
    const found = await inContainer(context, image, request, service, rights);
    if (found.answers || rights === most) return found;
  }
  throw new Error(`no such rights: ${most}`);
}

async function inContainer(
  context: PipelineContext,
  image: string,
  request: SmokeRequest,
  service: ImageService,
  rights: Rights,
): Promise<SmokeResult> {
  const { run, signal, cwd, now } = context;
  const { command, port, env, timeoutMs } = request;
  const name = `scoville-smoke-${randomBytes(6).toString('hex')}`;
  const ports = [...new Set([...(port === undefined ? [] : [port]), ...service.ports])];
  const judge =
    command !== undefined ? 'smoke command' : service.hasHealthcheck ? 'HEALTHCHECK' : 'staying up';
  const failed = async (reason: string): Promise<SmokeResult> => ({
    answers: false,
    judge,
    reason,
    log: await containerLog(run, name),
  });
  try {
    signal.throwIfAborted();
    const quickHealth = judge === 'HEALTHCHECK';
    await createContainer(run, { name, image, rights, ports, env, quickHealth });
    const refused = await startContainer(run, name, signal);
    if (refused !== undefined) return await failed(refused);
    const startedAt = now();
    const deadline = startedAt + timeoutMs;
    const look = async ({ health, healthOutput, published }: ContainerState): Promise<Attempt> => {
      if (judge === 'HEALTHCHECK') {
        if (health === 'healthy') return 'answered';
        return health === 'unhealthy'
          ? { failure: `the HEALTHCHECK says unhealthy: ${healthOutput}` }
          : { said: healthOutput };
      }
      if (command === undefined) return now() - startedAt < STAYING_MS ? { said: '' } : 'answered';
      const inside = port ?? service.ports[0];
      const place = {
        container: name,
        image,
        port: inside === undefined ? undefined : published[inside],
      };
      const left = Math.max(1_000, deadline - now());
      const said = await runSmokeCommand(run, command, place, { timeoutMs: left, signal, cwd });
      return said === undefined ? 'answered' : { said };
    };
    const { failure, exitCode } = await untilAnswered(context, name, look, deadline);
    if (judge === 'staying up' && exitCode === 0)
      return { answers: true, judge: 'ending well', rights };
    return failure === undefined ? { answers: true, judge, rights } : await failed(failure);
  } finally {
    await dropContainer(context, name);
  }
}

export interface VerifyRequest {
  readonly smoke: SmokeRequest;
  /** Files that the project's settings name. */
  readonly secretFiles: readonly string[];
  readonly buildFlags: readonly string[];
  /** Time for one build, in milliseconds. */
  readonly buildTimeoutMs: number;
}

interface VerifiedFixes {
  readonly fixes: AppliedFixes;
  readonly proof: FixProof;
}

type Failure = Omit<TakenBack, 'edit'>;
type BuildFailure = Omit<Failure, 'broke'>;

/**
 * Builds the Dockerfile as it is and with the edits, and keeps those with which it builds, answers
 * as before, and is not graded lower. The edit that broke something is found by halves, taken back
 * and reported, and the others are planned again without it. Nothing is written. `isWanted` decides
 * on edits that come up then. Throws UserError where the Dockerfile does not build or answer as it
 * is, for then nothing is proven.
 */
export async function verifyFixes(
  own: PipelineContext,
  task: FixTask,
  fixes: AppliedFixes,
  request: VerifyRequest,
  isWanted: (edit: PlannedEdit) => boolean,
): Promise<VerifiedFixes> {
  const context = sayingOnce(own);
  let builds = 0;
  // If nothing more breaks, and if one edit does.
  let planned = { least: 2, most: 3 + Math.ceil(Math.log2(unitsOf(fixes.applied).length || 1)) };
  const startedAt = context.now();
  const prove = (what: string, files: FixFiles, most: Rights) => {
    const soFar = Math.round((context.now() - startedAt) / 1000);
    const left = Math.round((soFar / builds) * (planned.least - builds));
    builds += 1;
    const least = Math.max(planned.least, builds);
    const title = `${builds} of ${least}, ${what}`;
    const more = planned.most > least ? `; ${planned.most} if an edit breaks something` : '';
    const time = builds > 1 ? `; ${soFar} s so far, about ${left} s left` : '';
    return phase(
      context,
      'build',
      () => trial(context, task, files, request, most, title),
      ({ ok: builds }) => ({ detail: builds ? title : `${title}: it fails` }),
      { detail: `${title}${more}${time}` },
    );
  };
  const before = sound(await prove('as it is', task.opened.files, 'default'));
  const most = before.smoke.answers ? before.smoke.rights : 'default';
  const proveWith = async ({
    applied,
    files,
  }: AppliedFixes): Promise<Result<ProvenBuild, Failure>> => {
    const what = applied.length === 1 ? (applied[0]?.id ?? '') : `${applied.length} edits`;
    const built = await prove(`with ${what}`, files, most);
    if (!built.ok) return err({ broke: 'build', ...built.error });
    // Who takes a health check away knows that nothing asks it any more.
    const isDecided = applied.some(({ risk }) => risk === 'high');
    const failure = worse(before, built.value, isDecided);
    return failure === undefined ? built : err(failure);
  };
  const failsWith = async (edits: readonly PlannedEdit[]): Promise<Failure | undefined> => {
    const wanted = new Set(edits.map(({ id }) => id));
    const some = await proveWith(await applyWanted(task, ({ id }) => wanted.has(id)));
    return some.ok ? undefined : some.error;
  };
  const takenBack: TakenBack[] = [];
  for (let now = fixes; ;) {
    const units = unitsOf(now.applied);
    const halves = Math.ceil(Math.log2(units.length || 1));
    planned = { least: builds + 1, most: builds + 2 + halves };
    const all = units.length === 0 ? ok(before) : await proveWith(now);
    if (all.ok) return { fixes: now, proof: { before, after: all.value, takenBack, builds } };
    planned = { least: planned.most, most: planned.most };
    const found = await firstCulprit(units.length, all.error, (first) =>
      failsWith(units.slice(0, first).flat()),
    );
    const unit = units[found.index] ?? [];
    const working = units.slice(0, found.index).flat();
    const { index, failure } = await firstCulprit(unit.length, found.failure, (first) =>
      failsWith([...working, ...unit.slice(0, first)]),
    );
    const edit = unit[index];
    if (edit === undefined) throw new Error('no edit broke it');
    takenBack.push({ ...failure, edit });
    const broken = new Set(takenBack.map((one) => one.edit.id));
    now = await applyWanted(task, (one) => !broken.has(one.id) && isWanted(one));
  }
}

/** Each build would say again what the one before it said. */
function sayingOnce(context: PipelineContext): PipelineContext {
  const said = new Set<string>();
  return {
    ...context,
    emit: (event) => {
      const isText = event.kind === 'notice' || event.kind === 'warning';
      if (isText && said.has(event.text)) return;
      if (isText) said.add(event.text);
      context.emit(event);
    },
  };
}

/** What is tried together: edits that change nothing that runs cannot be in each other's way. */
export function unitsOf(edits: readonly PlannedEdit[]): readonly (readonly PlannedEdit[])[] {
  return [...groupBy(edits, ({ risk, id }) => (risk === 'none' ? risk : id)).values()];
}

/** The Dockerfile as it is has to build, and to answer where that can be seen. */
function sound(built: Result<ProvenBuild, BuildFailure>): ProvenBuild {
  if (!built.ok) {
    const { reason, log } = built.error;
    const [, secret] = /secret ([\w.-]+): not found/.exec(log) ?? [];
    throw new UserError(
      `the Dockerfile does not build as it is, so that nothing can be proven: ${reason}\n${log}`,
      {
        nextStep: secret
          ? `scoville fix --verify -- --secret id=${secret},src=FILE`
          : 'scoville build, or scoville fix without --verify',
      },
    );
  }
  const { smoke } = built.value;
  if (!smoke.answers && smoke.judge !== 'staying up')
    throw new UserError(
      `the image does not answer as it is, so that nothing can be proven: ${smoke.reason}\n${smoke.log}`,
      { nextStep: 'fix the smoke command (--smoke, --smoke-port, --smoke-env, --smoke-timeout)' },
    );
  return built.value;
}

/** How the new build is worse; undefined where it is not. */
function worse(before: ProvenBuild, after: ProvenBuild, isDecided: boolean): Failure | undefined {
  const { smoke } = after;
  if (before.smoke.answers) {
    if (!smoke.answers) return { broke: 'answer', reason: smoke.reason, log: smoke.log };
    if (smoke.judge !== before.smoke.judge && !isDecided) {
      const reason = `before, it was judged by ${before.smoke.judge}, now only by ${smoke.judge}`;
      return { broke: 'answer', reason, log: '' };
    }
  }
  const [was, is] = [before.scorecard, after.scorecard];
  if (is.level >= was.level && is.overall.points >= was.overall.points) return undefined;
  const reason = `level ${is.level} with ${is.overall.points} points, before level ${was.level} with ${was.overall.points}`;
  return { broke: 'grade', reason, log: '' };
}

/**
 * Finds by halves the item with which something begins to fail that works without any of `count`
 * items and fails with all: about log2(count) trials. `fails` tries the first so many items;
 * undefined where they work.
 */
export async function firstCulprit<Failure>(
  count: number,
  failure: Failure,
  fails: (first: number) => Promise<Failure | undefined>,
): Promise<{ readonly index: number; readonly failure: Failure }> {
  let found = { index: count - 1, failure };
  let working = 0;
  while (found.index > working) {
    const middle = Math.floor((working + found.index + 1) / 2);
    const said = await fails(middle);
    if (said === undefined) working = middle;
    else found = { index: middle - 1, failure: said };
  }
  return found;
}

/**
 * Builds the files as `scoville build` would, into the engine, and starts the image. The project is
 * not written to: the files lie in a folder of their own, and a gate keeps nothing back.
 */
async function trial(
  context: PipelineContext,
  { opened, around }: FixTask,
  files: FixFiles,
  { buildFlags, buildTimeoutMs, smoke, secretFiles }: VerifyRequest,
  most: Rights,
  title: string,
): Promise<Result<ProvenBuild, BuildFailure>> {
  const tag = `scoville-fix-${randomBytes(6).toString('hex')}:trial`;
  const { contextFolder } = opened;
  const hasLock = (await readLockText(join(contextFolder, LOCK_FILE_NAME))) !== undefined;
  try {
    return await inTemporaryFolder('fix', async (folder) => {
      const file = join(folder, 'Dockerfile');
      await writeFile(file, files.dockerfile);
      // BuildKit prefers this one to that of the context.
      if (files.ignoreFile !== undefined) await writeFile(`${file}.dockerignore`, files.ignoreFile);
      const flags = [
        ...Object.entries(around.buildArgs).map(([name, value]) => `--build-arg=${name}=${value}`),
        ...(around.target === undefined ? [] : [`--target=${around.target}`]),
        ...buildFlags,
        ...(hasLock ? [] : ['--lock=false']),
        '--min-level=0',
        '--min-grade=D',
        '--grade',
        '--load',
        `--file=${file}`,
        `--tag=${tag}`,
        contextFolder,
      ];
      const built = await buildOnce(context, flags, buildTimeoutMs, title);
      if (!built.ok) return built;
      const env = [...madeUp(codeReads(around.context), files.dockerfile), ...smoke.env];
      const service = await imageService(context.run, tag, context.signal);
      const secrets = { image: tag, env, volumes: [], secretFiles };
      const found = await withSecretFiles(context, secrets, service, (image) =>
        smokeImage(context, image, { ...smoke, env }, most),
      );
      return ok({ scorecard: built.value, smoke: found });
    });
  } finally {
    await removeLocalTag(context.run, tag);
  }
}

/**
 * Secrets that the code names and the image does not set: without any value many programs do not
 * start.
 */
function madeUp({ secrets }: CodeReads, dockerfile: string): readonly string[] {
  const isSet = (name: string): boolean =>
    new RegExp(`^[ \\t]*ENV\\b(?:[^\\n]*\\\\\\r?\\n)*[^\\n]*\\b${name}[= ]`, 'im').test(dockerfile);
  return secrets
    .filter(({ name }) => /^\w+$/.test(name) && !isSet(name))
    .map(
      ({ name, isFile }) =>
        `${name}=${isFile ? `/run/secrets/${name}` : 'made-up-by-scoville-fix'}`,
    );
}

const LOG_LINES = 40;
/** The present step is named so often, at most. */
const SAY_AFTER_MS = 3_000;

/** Throws Interrupted; that the build fails, or takes longer than it may, is data. */
async function buildOnce(
  context: PipelineContext,
  flags: readonly string[],
  timeoutMs: number,
  title: string,
): Promise<Result<Scorecard, BuildFailure>> {
  const parsed = parseBuildArgs(flags, context.env);
  if (!parsed.ok) throw new UserError(parsed.error.message);
  if (parsed.value.kind === 'help') throw new UserError('--help is not a flag of a build');
  const lines: string[] = [];
  const failed = (reason: string): Result<never, BuildFailure> =>
    err({ reason, log: lines.slice(-LOG_LINES).join('\n').trim() });
  const tooLong = AbortSignal.timeout(timeoutMs);
  let said = context.now();
  let isRepeated = false;
  const own: PipelineContext = {
    ...context,
    signal: AbortSignal.any([context.signal, tooLong]),
    emit: (event) => {
      // At the end BuildKit says the failed step's lines again, between two rules.
      if (event.kind === 'raw' && /^-+$/.test(event.text)) isRepeated = !isRepeated;
      else if (event.kind === 'build-log' || (event.kind === 'raw' && !isRepeated))
        lines.push(event.text);
      if (lines.length > 2 * LOG_LINES) lines.splice(0, LOG_LINES);
      if (event.kind === 'warning') context.emit(event);
      if (event.kind !== 'build-step' || event.step.state !== 'started') return;
      if (context.now() - said < SAY_AFTER_MS) return;
      said = context.now();
      context.emit({
        kind: 'phase-started',
        phase: 'build',
        detail: `${title}: ${event.step.name}`,
      });
    },
  };
  try {
    const result = await build(own, parsed.value, noStdin());
    if (result.kind === 'done' && result.report !== undefined) return ok(result.report.scorecard);
    const code = result.kind === 'buildx' ? result.exitCode : 'of no image';
    return failed(`the build failed, exit code ${code}`);
  } catch (thrown) {
    if (context.signal.aborted) throw thrown;
    if (tooLong.aborted) return failed(`the build took longer than ${timeoutMs / 1000} s`);
    if (thrown instanceof UserError || thrown instanceof ToolError)
      return failed(messageOf(thrown));
    throw thrown;
  }
}
