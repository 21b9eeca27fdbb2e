import { readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { settingsOf } from '../config/load-settings.ts';
import { isThere } from '../image/disk.ts';
import { openStored } from '../image/layout/open-layout.ts';
import { makeTemporaryFolder } from '../image/temporary-folder.ts';
import { Interrupted, messageOf, UserError } from '../lib/errors.ts';
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

/** A target as the context of another: for buildx, and for us. */
interface Link {
  readonly value: string;
  readonly link: LinkedTarget;
}

/** A link goes nowhere: not even into Docker, as a build without an output does. */
function forLink(context: PipelineContext, job: BakeJob): PipelineContext {
  return job.isLink
    ? { ...context, env: { ...context.env, BUILDX_NO_DEFAULT_LOAD: '1' } }
    : context;
}

/** The link for each context that is a target: layout and digest for buildx, content for us. */
async function linksOf(
  job: BakeJob,
  bases: readonly Held[],
  context: PipelineContext,
): Promise<ReadonlyMap<string, Link>> {
  const links = new Map<string, Link>();
  for (const { context: name, job: id } of job.links) {
    const base = bases.find((one) => one.job.id === id);
    const image = base?.held.image;
    if (base === undefined || image === undefined) continue;
    const { store, dockerfile, analysis } = image.build;
    const { platforms } = await openStored(store.blobs, image.index);
    links.set(name, {
      value: `oci-layout://${context.paths.store}@${image.index.digest}`,
      link: {
        context: name,
        target: base.job.target.name,
        digest: image.index.digest,
        layers: platforms.map(({ config }) => config.rootfs.diff_ids),
        dockerfile,
        analysis,
      },
    });
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
  about: {
    readonly reason?: string;
    readonly digest?: Digest | undefined;
    readonly report?: ReportInput | undefined;
    readonly plan?: BuildPlan | PassthroughPlan;
    readonly error?: unknown;
  },
): BakedJob {
  const { reason, digest, report, ...more } = about;
  const { name: target, tags: names } = job.target;
  const row = {
    target,
    state,
    names,
    ...(reason === undefined ? {} : { reason }),
    ...(digest === undefined ? {} : { digest }),
    ...(report === undefined ? {} : { scorecard: report.scorecard }),
  };
  return { job, row, exitCode, ...(report === undefined ? {} : { report }), ...more };
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

function skipped(job: BakeJob, reason: string): BakedJob {
  return baked(job, 'skipped', 0, { reason });
}

function failed(job: BakeJob, error: unknown, report?: ReportInput): BakedJob {
  const exitCode = error instanceof UserError ? error.exitCode : 2;
  return baked(job, 'failed', exitCode, { reason: messageOf(error), error, report });
}

/** True where a target of a bake would make the user's first key, which nobody chose. */
export async function opensFirstKey(
  context: PipelineContext,
  { ownWords, dryRun }: Pick<ParsedBake, 'ownWords' | 'dryRun'>,
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

/** A target's build, signed as the person once chose where nothing else says how. */
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
  const run = new BakeRun(parsed, contextFor, outer);
  try {
    const ended = await Promise.all(jobs.map((job) => run.end(job, jobs)));
    outer.throwIfAborted();
    return await run.publish(ended);
  } finally {
    await run.release();
  }
}

class BakeRun {
  readonly #parsed: ParsedBake;
  readonly #contextFor: (target: string, signal: AbortSignal) => PipelineContext;
  readonly #outer: AbortSignal;
  readonly #stop = new AbortController();
  readonly #ends = new Map<string, Promise<Ended>>();
  readonly #held: HeldBuild[] = [];
  readonly #turns = new Turns(AT_ONCE);
  #folder: Promise<string> | undefined;
  #stoppedBy = '';
  readonly #shared: SharedRecordings = new Map();

  constructor(
    parsed: ParsedBake,
    contextFor: (target: string, signal: AbortSignal) => PipelineContext,
    outer: AbortSignal,
  ) {
    this.#parsed = parsed;
    this.#contextFor = contextFor;
    this.#outer = outer;
  }

  /** The end of a job, which is begun where it was not yet. */
  end(job: BakeJob, jobs: readonly BakeJob[]): Promise<Ended> {
    const known = this.#ends.get(job.id);
    if (known !== undefined) return known;
    const bases = job.links.map((link) => jobs.find(({ id }) => id === link.job));
    const ended = Promise.all(
      bases.map((base) => (base === undefined ? Promise.resolve(undefined) : this.end(base, jobs))),
    ).then((ends) => this.#begin(job, ends));
    this.#ends.set(job.id, ended);
    return ended;
  }

  async #begin(job: BakeJob, bases: readonly (Ended | undefined)[]): Promise<Ended> {
    const bad = bases.find((base) => base === undefined || 'done' in base);
    const isDry = this.#parsed.dryRun;
    if (bad !== undefined && 'done' in bad && !isDry)
      return { done: skipped(job, `${bad.done.job.target.name} could not be built`) };
    const folder = await this.#lockFolder(job);
    return this.#turns.take(folder, async () => {
      if (this.#stop.signal.aborted)
        return { done: skipped(job, `not begun: ${this.#stoppedBy} failed`) };
      this.#outer.throwIfAborted();
      const ready = bases.flatMap((base) =>
        base !== undefined && 'ready' in base ? [base.ready] : [],
      );
      return this.#hold(job, ready);
    });
  }

  async #hold(job: BakeJob, bases: readonly Held[]): Promise<Ended> {
    const signal = AbortSignal.any([this.#outer, this.#stop.signal]);
    const context = this.#contextFor(job.target.name, signal);
    try {
      const linked = await linksOf(job, bases, context);
      const command = await this.#command(job, linked, context);
      const together = {
        linked: [...linked.values()].map(({ link }) => link),
        shared: this.#shared,
      };
      const held = await holdBuild(forLink(context, job), command, inlineText(job), together);
      this.#held.push(held);
      if (held.kind === 'ready') return { ready: { job, held } };
      const done = over(job, held.result);
      // An image that is short of its gate keeps nobody from being judged.
      if (done.row.state === 'failed') this.#failed(job);
      return { done };
    } catch (error) {
      this.#outer.throwIfAborted();
      if (this.#stop.signal.aborted)
        return { done: skipped(job, `ended: ${this.#stoppedBy} failed`) };
      if (error instanceof Interrupted) throw error;
      this.#failed(job);
      return { done: failed(job, error) };
    }
  }

  #failed(job: BakeJob): void {
    if (this.#parsed.keepGoing || this.#stoppedBy !== '') return;
    this.#stoppedBy = job.target.name;
    this.#stop.abort();
  }

  async #command(
    job: BakeJob,
    linked: ReadonlyMap<string, Link>,
    context: PipelineContext,
  ): Promise<ParsedBuild> {
    const { ownWords, gates, builder, progress, metadataFile, dryRun, pushes } = this.#parsed;
    const values = new Map([...linked].map(([name, { value }]) => [name, value]));
    const words = [
      ...ownWords,
      ...(job.isLink ? [] : gateWords(gates, job.target.name)),
      ...(dryRun ? ['--dry-run'] : []),
      ...(builder === undefined ? [] : [`--builder=${builder}`]),
      ...(progress === 'rawjson' ? ['--progress=rawjson'] : []),
      ...(metadataFile === undefined || job.isLink
        ? []
        : [`--metadata-file=${await this.#metadataPath(job)}`]),
      ...jobWords(job, values, pushes),
    ];
    const command = parseBuildArgs(words, context.env);
    if (!command.ok)
      throw new UserError(command.error.message, { exitCode: command.error.exitCode });
    if (command.value.kind === 'help') throw new Error('a target is not a help text');
    context.signal.throwIfAborted();
    return withKeptSigner(context, command.value);
  }

  async #metadataPath({ target }: BakeJob): Promise<string> {
    this.#folder ??= makeTemporaryFolder('bake');
    return join(await this.#folder, `${target.name}.json`);
  }

  /** Targets that share a lock file take turns: each adds to it before the next one reads it. */
  async #lockFolder({ target }: BakeJob): Promise<string | undefined> {
    if (target.inline !== undefined) return undefined;
    const context = this.#contextFor(target.name, this.#outer);
    const folder = dirname(resolve(context.cwd, dockerfileOf(target)));
    const isAsked = this.#parsed.ownWords.some((word) => /^--(?:lock|record)\b/.test(word));
    return isAsked ||
      (await writesLock(context, folder)) ||
      (await isThere(join(folder, LOCK_FILE_NAME)))
      ? folder
      : undefined;
  }

  /** Publishes what is ready, bases first. Without `--keep-going` a failure stops all of it. */
  async publish(ended: readonly Ended[]): Promise<readonly BakedJob[]> {
    const isBad = (end: Ended): boolean => 'done' in end && end.done.row.state !== 'planned';
    let holds = !this.#parsed.keepGoing && ended.some(isBad);
    const all: BakedJob[] = [];
    for (const end of ended) {
      const done = 'done' in end ? end.done : await this.#deliver(end.ready, holds);
      if (done.row.state === 'failed' && !this.#parsed.keepGoing) holds = true;
      all.push(done);
    }
    return all;
  }

  async #deliver({ job, held }: Held, holds: boolean): Promise<BakedJob> {
    const { report, index } = held.image ?? {};
    const digest = index?.digest;
    if (job.isLink) return baked(job, 'linked', 0, { digest, report });
    if (holds)
      return baked(job, 'held', 0, { digest, report, reason: 'good, but another target was not' });
    try {
      this.#outer.throwIfAborted();
      const done = over(job, await held.deliver(), digest);
      return { ...done, metadata: await this.#metadata(job) };
    } catch (error) {
      this.#outer.throwIfAborted();
      return failed(job, error, report);
    }
  }

  async #metadata(job: BakeJob): Promise<unknown> {
    if (this.#folder === undefined) return undefined;
    const text = await readFile(await this.#metadataPath(job), 'utf8').catch(() => undefined);
    // eslint-disable-next-line no-restricted-syntax -- what buildx wrote on this machine
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  }

  async release(): Promise<void> {
    for (const held of this.#held) await held.release();
    if (this.#folder !== undefined) await rm(await this.#folder, { recursive: true, force: true });
  }
}

/** Whether the target's project settings have builds keep a lock. Builds report bad settings. */
async function writesLock({ paths, now }: PipelineContext, startDir: string): Promise<boolean> {
  const where = { named: undefined, startDir, userDir: paths.config, task: 'project' } as const;
  return settingsOf({ ...where, now: now() }).then(
    ({ lock, hermetic }) => lock || hermetic !== 'off',
    () => false,
  );
}
