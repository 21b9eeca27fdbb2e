import { readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { settingsOf } from '../config/find-settings.ts';
import { isThere } from '../image/disk.ts';
import { openStored } from '../image/layout/open-layout.ts';
import { makeTemporaryFolder } from '../image/temporary-folder.ts';
import { Interrupted, messageOf, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { Turns } from '../lib/parallel.ts';
import type { SharedRecordings } from '../model/build-analysis.ts';
import type { PipelineContext } from '../model/context.ts';
import type { BakeRow, BakeState, LinkedTarget } from '../model/events.ts';
import { LOCK_FILE_NAME } from '../model/lock.ts';
import type { Digest } from '../model/reference.ts';
import type { ReportInput } from '../model/report.ts';
import { signingChoice, signingFile, withSigningChoice } from '../trust/signer.ts';
import { gateWords, type ParsedBake } from './bake-command-line.ts';
import { type BakeJob, dockerfileOf, jobWords } from './bake-definition.ts';
import { type BuildResult, type HeldBuild, holdBuild } from './build.ts';
import { parseBuildArgs, type ParsedBuild } from './command-line.ts';
import type { BuildPlan, PassthroughPlan } from './plan.ts';

interface Held {
  readonly job: BakeJob;
  readonly held: Extract<HeldBuild, { kind: 'ready' }>;
}

async function linksOf(job: BakeJob, bases: readonly Held[]): Promise<readonly LinkedTarget[]> {
  const links: LinkedTarget[] = [];
  for (const { context, job: id } of job.links) {
    const base = bases.find((one) => one.job.id === id);
    const image = base?.held.image;
    if (base === undefined || image === undefined) continue;
    const { store, dockerfile, analysis } = image.build;
    const { platforms } = await openStored(store.blobs, image.index);
    const layers = platforms.map(({ config }) => config.rootfs.diff_ids);
    const { digest } = image.index;
    const { name: target } = base.job.target;
    links.push({ context, target, digest, layers, dockerfile, analysis: analysis() });
  }
  return links;
}

/** The Dockerfile of a target that carries it in its definition, as a build's stdin. */
async function* inlineText({ target }: BakeJob): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  if (target.inline !== undefined) yield Buffer.from(target.inline);
}

export interface BakedJob {
  readonly job: BakeJob;
  readonly row: BakeRow;
  readonly report?: ReportInput;
  readonly plan?: BuildPlan | PassthroughPlan;
  readonly exitCode: number;
  /** Why it failed; a terminal can ask a person for what a signer needs. */
  readonly error?: unknown;
  readonly metadata?: unknown;
}

function baked(
  job: BakeJob,
  state: BakeState,
  exitCode: number,
  about: { readonly reason?: string; readonly digest?: Digest | undefined } & Partial<
    Pick<BakedJob, 'plan' | 'error'>
  > & { readonly report?: ReportInput | undefined },
): BakedJob {
  const { reason, digest, report, ...more } = about;
  const { name: target, tags: names } = job.target;
  const said = given({ reason, digest, scorecard: report?.scorecard });
  const row = { target, state, names, ...said };
  return { job, row, exitCode, ...given({ report }), ...more };
}

function over(job: BakeJob, result: BuildResult, digest?: Digest): BakedJob {
  switch (result.kind) {
    case 'planned':
      return baked(job, 'planned', 0, { plan: result.plan });
    case 'buildx':
      return result.exitCode === 0
        ? baked(job, 'built', 0, { reason: 'by buildx alone: no image' })
        : baked(job, 'failed', result.exitCode, { reason: 'the build failed' });
    case 'short': {
      const reason = result.shortfalls.map(({ message }) => message).join('; ');
      return baked(job, 'short', 1, { reason, report: result.report });
    }
    case 'done':
      return baked(job, 'published', 0, { digest, report: result.report });
  }
}

function failed(job: BakeJob, error: unknown, report?: ReportInput): BakedJob {
  const exitCode = error instanceof UserError ? error.exitCode : 2;
  return baked(job, 'failed', exitCode, { reason: messageOf(error), error, report });
}

export async function opensFirstKey(
  context: PipelineContext,
  { ownWords, dryRun }: { readonly ownWords: readonly string[]; readonly dryRun: boolean },
  jobs: readonly BakeJob[],
): Promise<boolean> {
  if (dryRun) return false;
  for (const job of jobs) {
    const command = parseBuildArgs([...ownWords, ...jobWords(job, new Map())], context.env);
    // What is wrong with a target shows when it is built.
    if (!command.ok || command.value.kind === 'help') continue;
    if ((await signingChoice(context, command.value)) === 'open') return true;
  }
  return false;
}

export async function withKeptSigner(
  context: PipelineContext,
  command: ParsedBuild,
): Promise<ParsedBuild> {
  const choice = await signingChoice(context, command);
  if (choice === undefined || choice === 'open') return command;
  if (choice.with === 'nothing')
    context.emit({
      kind: 'notice',
      text: `not signed, as kept in ${signingFile(context)}; --sign makes a key`,
    });
  return withSigningChoice(command, choice);
}

type Ended = { readonly done: BakedJob } | { readonly ready: Held };

const AT_ONCE = 4;

/**
 * Builds all jobs, each after those it is built from, several at once; then publishes. Without
 * `--keep-going` nothing is published unless every target was built and met its gate, and a build
 * that fails ends those under way. Links are OCI layouts of the finished images, so that an image
 * has the same base layers that its base is published with.
 * @param contextFor the outside as one target's build sees it
 */
export async function bake(
  jobs: readonly BakeJob[],
  parsed: ParsedBake,
  contextFor: (target: string, signal: AbortSignal) => PipelineContext,
  outer: AbortSignal,
): Promise<readonly BakedJob[]> {
  const { ownWords, gates, builder, progress, metadataFile, dryRun, pushes, keepGoing } = parsed;
  const stop = new AbortController();
  const ends = new Map<string, Promise<Ended>>();
  const all: HeldBuild[] = [];
  const turns = new Turns(AT_ONCE);
  const shared: SharedRecordings = new Map();
  const folders: Promise<string>[] = [];
  let stoppedBy = '';
  const isStopped = (): boolean => stop.signal.aborted;
  const skipped = (job: BakeJob, reason: string): Ended => ({
    done: baked(job, 'skipped', 0, { reason }),
  });
  const ended = (job: BakeJob, done: BakedJob): Ended => {
    if (done.row.state === 'failed' && !keepGoing && stoppedBy === '') {
      stoppedBy = job.target.name;
      stop.abort();
    }
    return { done };
  };

  function end(job: BakeJob): Promise<Ended> {
    const known = ends.get(job.id);
    if (known !== undefined) return known;
    const bases = jobs.filter(({ id }) => job.links.some((link) => link.job === id));
    const begun = Promise.all(bases.map(end)).then((found) => begin(job, found));
    ends.set(job.id, begun);
    return begun;
  }

  async function begin(job: BakeJob, bases: readonly Ended[]): Promise<Ended> {
    const bad = bases.find((base) => 'done' in base);
    if (bad !== undefined && !dryRun)
      return skipped(job, `${bad.done.job.target.name} could not be built`);
    return turns.take(await lockFolder(job), async () => {
      if (isStopped()) return skipped(job, `not begun: ${stoppedBy} failed`);
      outer.throwIfAborted();
      try {
        return await hold(
          job,
          bases.flatMap((base) => ('ready' in base ? [base.ready] : [])),
        );
      } catch (error) {
        outer.throwIfAborted();
        if (isStopped()) return skipped(job, `ended: ${stoppedBy} failed`);
        if (error instanceof Interrupted) throw error;
        return ended(job, failed(job, error));
      }
    });
  }

  async function hold(job: BakeJob, bases: readonly Held[]): Promise<Ended> {
    const context = contextFor(job.target.name, AbortSignal.any([outer, stop.signal]));
    const linked = await linksOf(job, bases);
    const values = linked.map(
      (one) => [one.context, `oci-layout://${context.paths.store}@${one.digest}`] as const,
    );
    const file = metadataFile === undefined || job.isLink ? undefined : await metadataPath(job);
    const words = [
      ...ownWords,
      ...(job.isLink ? [] : gateWords(gates, job.target.name)),
      ...(dryRun ? ['--dry-run'] : []),
      ...(builder === undefined ? [] : [`--builder=${builder}`]),
      ...(progress === 'rawjson' ? ['--progress=rawjson'] : []),
      ...(file === undefined ? [] : [`--metadata-file=${file}`]),
      ...jobWords(job, new Map(values), pushes),
    ];
    const command = parseBuildArgs(words, context.env);
    if (!command.ok)
      throw new UserError(command.error.message, { exitCode: command.error.exitCode });
    if (command.value.kind === 'help') throw new Error('a target is not a help text');
    context.signal.throwIfAborted();
    const build = await withKeptSigner(context, command.value);
    // A link goes nowhere: not even into Docker, as a build without an output does.
    const env = job.isLink ? { ...context.env, BUILDX_NO_DEFAULT_LOAD: '1' } : context.env;
    const held = await holdBuild({ ...context, env }, build, inlineText(job), { linked, shared });
    all.push(held);
    // An image that is short of its gate keeps nobody from being judged.
    return held.kind === 'ready' ? { ready: { job, held } } : ended(job, over(job, held.result));
  }

  async function metadataPath({ target }: BakeJob): Promise<string> {
    if (folders.length === 0) folders.push(makeTemporaryFolder('bake'));
    const [folder = ''] = await Promise.all(folders);
    return join(folder, `${target.name}.json`);
  }

  /** Targets that share a lock file take turns: each adds to it before the next one reads it. */
  async function lockFolder({ target }: BakeJob): Promise<string | undefined> {
    if (target.inline !== undefined) return undefined;
    const context = contextFor(target.name, outer);
    const place = dirname(resolve(context.cwd, dockerfileOf(target)));
    const isAsked =
      ownWords.some((word) => /^--(?:lock|record)\b/.test(word)) ||
      (await writesLock(context, place)) ||
      (await isThere(join(place, LOCK_FILE_NAME)));
    return isAsked ? place : undefined;
  }

  async function deliver({ job, held }: Held, holds: boolean): Promise<BakedJob> {
    const { report, index } = held.image ?? {};
    const digest = index?.digest;
    if (job.isLink) return baked(job, 'linked', 0, { digest, report });
    if (holds)
      return baked(job, 'held', 0, { digest, report, reason: 'good, but another target was not' });
    try {
      outer.throwIfAborted();
      const done = over(job, await held.deliver(), digest);
      const text =
        metadataFile === undefined
          ? undefined
          : await readFile(await metadataPath(job), 'utf8').catch(() => undefined);
      // eslint-disable-next-line no-restricted-syntax -- what buildx wrote on this machine
      return { ...done, metadata: text === undefined ? undefined : (JSON.parse(text) as unknown) };
    } catch (error) {
      outer.throwIfAborted();
      return failed(job, error, report);
    }
  }

  try {
    const found = await Promise.all(jobs.map(end));
    outer.throwIfAborted();
    const isBad = (one: Ended): boolean => 'done' in one && one.done.row.state !== 'planned';
    let holds = !keepGoing && found.some(isBad);
    const done: BakedJob[] = [];
    // Bases first. Without `--keep-going` a failure stops all of it.
    for (const one of found) {
      const baked = 'done' in one ? one.done : await deliver(one.ready, holds);
      if (baked.row.state === 'failed' && !keepGoing) holds = true;
      done.push(baked);
    }
    return done;
  } finally {
    for (const held of all) await held.release();
    for (const folder of folders) await rm(await folder, { recursive: true, force: true });
  }
}

/** Whether the target's project settings have builds keep a lock. Builds report bad settings. */
async function writesLock(
  { env, paths, now }: PipelineContext,
  startDir: string,
): Promise<boolean> {
  const where = { named: undefined, startDir, userDir: paths.config, task: 'project' } as const;
  return settingsOf({ ...where, env, now: now() }).then(
    ({ lock, hermetic }) => lock || hermetic !== 'off',
    () => false,
  );
}
