import { randomBytes } from 'node:crypto';
import { UserError } from '../../model/errors.ts';
import type { PlannedEdit } from '../../model/planned-edit.ts';
import { err, type Result } from '../../model/result.ts';
import type { SmokeRequest } from '../../model/smoke.ts';
import type { FixProof, ProvenBuild, TakenBack } from '../../model/verified-fix.ts';
import type { PipelineContext } from '../context.ts';
import { applyWanted } from './apply-fixes.ts';
import { withTrialBuild } from './build-trial.ts';
import type { FixFiles, AppliedFixes } from './compose-fixes.ts';
import type { FixTask } from './plan-fixes.ts';
import { smokeImage } from './smoke-image.ts';

/** How edits are proven. */
export interface VerifyRequest {
  readonly smoke: SmokeRequest;
  /** More flags for the builds. */
  readonly buildFlags: readonly string[];
  /** Time for one build, in milliseconds. */
  readonly buildTimeoutMs: number;
}

export interface VerifiedFixes {
  readonly fixes: AppliedFixes;
  readonly proof: FixProof;
}

type Failure = Omit<TakenBack, 'edit'>;

/**
 * Builds the Dockerfile as it is and with the edits, and keeps those with which it builds, answers
 * as before, and is not graded lower. The edit that broke something is found by halves, taken back
 * and reported, and the others are planned again without it. Nothing is written. `isWanted` decides
 * on edits that come up then. Throws UserError where the Dockerfile does not build or answer as it
 * is, for then nothing is proven.
 */
export async function verifyFixes(
  context: PipelineContext,
  task: FixTask,
  fixes: AppliedFixes,
  request: VerifyRequest,
  isWanted: (edit: PlannedEdit) => boolean,
): Promise<VerifiedFixes> {
  const trials = new Trials(context, task, request);
  const before = await trials.before();
  const takenBack: TakenBack[] = [];
  for (let now = fixes; ;) {
    if (now.applied.length === 0)
      return { fixes: now, proof: { before, after: before, takenBack, builds: trials.builds } };
    const all = await trials.with(now, before);
    if (all.ok)
      return {
        fixes: now,
        proof: { before, after: all.value, takenBack, builds: trials.builds },
      };
    const { applied } = now;
    const { index, failure } = await firstCulprit(applied.length, all.error, async (first) => {
      const wanted = new Set(applied.slice(0, first).map(({ id }) => id));
      const some = await applyWanted(task, ({ id }) => wanted.has(id));
      const trial = await trials.with(some, before);
      return trial.ok ? undefined : trial.error;
    });
    const edit = applied[index];
    if (edit === undefined) throw new Error('no edit broke it');
    takenBack.push({ ...failure, edit });
    const broken = new Set(takenBack.map((one) => one.edit.id));
    now = await applyWanted(task, (one) => !broken.has(one.id) && isWanted(one));
  }
}

class Trials {
  builds = 0;
  readonly #context: PipelineContext;
  readonly #task: FixTask;
  readonly #request: VerifyRequest;

  constructor(context: PipelineContext, task: FixTask, request: VerifyRequest) {
    this.#context = context;
    this.#task = task;
    this.#request = request;
  }

  async before(): Promise<ProvenBuild> {
    this.#tell('as it is');
    const built = await this.#build(this.#task.opened.files, 'default');
    if (!built.ok)
      throw new UserError(
        `the Dockerfile does not build as it is, so that nothing can be proven: ${built.error.reason}\n${built.error.log}`,
        { nextStep: 'scoville build, or scoville fix without --verify' },
      );
    const { smoke } = built.value;
    if (!smoke.answers && smoke.judge !== 'staying up')
      throw new UserError(
        `the image does not answer as it is, so that nothing can be proven: ${smoke.reason}\n${smoke.log}`,
        {
          nextStep: 'fix the smoke command (--smoke, --smoke-port, --smoke-env, --smoke-timeout)',
        },
      );
    return built.value;
  }

  async with(
    { applied, files }: AppliedFixes,
    before: ProvenBuild,
  ): Promise<Result<ProvenBuild, Failure>> {
    this.#tell(
      applied.length === 1 ? `with ${applied[0]?.id ?? ''}` : `with ${applied.length} edits`,
    );
    const most = before.smoke.answers ? before.smoke.rights : 'default';
    const built = await this.#build(files, most);
    if (!built.ok) return err({ broke: 'build', ...built.error });
    const failure = worse(before, built.value);
    return failure === undefined ? built : err(failure);
  }

  async #build(files: FixFiles, most: 'none' | 'default') {
    this.builds += 1;
    const { opened, around } = this.#task;
    const tag = `scoville-fix-${randomBytes(6).toString('hex')}:trial`;
    const flags = [
      ...Object.entries(around.buildArgs).map(([name, value]) => `--build-arg=${name}=${value}`),
      ...(around.target === undefined ? [] : [`--target=${around.target}`]),
      ...this.#request.buildFlags,
    ];
    const { contextFolder } = opened;
    const trial = { contextFolder, flags, timeoutMs: this.#request.buildTimeoutMs, tag };
    return withTrialBuild(this.#context, files, trial, async (scorecard) => ({
      scorecard,
      smoke: await smokeImage(this.#context, tag, this.#request.smoke, most),
    }));
  }

  #tell(what: string): void {
    this.#context.emit({ kind: 'notice', text: `building ${what}` });
  }
}

/** What is worse than before, where something is. */
function worse(before: ProvenBuild, after: ProvenBuild): Failure | undefined {
  const { smoke } = after;
  if (before.smoke.answers) {
    if (!smoke.answers) return { broke: 'answer', reason: smoke.reason, log: smoke.log };
    if (smoke.judge !== before.smoke.judge)
      return {
        broke: 'answer',
        reason: `before, it was judged by ${before.smoke.judge}, now only by ${smoke.judge}`,
        log: '',
      };
  }
  const [was, is] = [before.scorecard, after.scorecard];
  if (is.level >= was.level && is.overall.points >= was.overall.points) return undefined;
  return {
    broke: 'grade',
    reason: `level ${is.level} with ${is.overall.points} points, before level ${was.level} with ${was.overall.points}`,
    log: '',
  };
}

/** How many of the first items were tried, and how that failed. */
interface Culprit<Failure> {
  /** Index of the item with which it began to fail. */
  readonly index: number;
  readonly failure: Failure;
}

/**
 * Finds by halves the item with which something begins to fail that works without any and fails, as
 * `failure` tells, with all `count` of them: about log2(count) trials. `fails` is given how many of
 * the first items are tried; undefined where they work.
 */
export async function firstCulprit<Failure>(
  count: number,
  failure: Failure,
  fails: (first: number) => Promise<Failure | undefined>,
): Promise<Culprit<Failure>> {
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
