import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, ToolError, UserError } from '../../model/errors.ts';
import type { PipelineEvent } from '../../model/events.ts';
import { LOCK_FILE_NAME } from '../../model/lock.ts';
import { err, ok, type Result } from '../../model/result.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import { parseBuildArgs } from '../../plans/flags/parse-build-args.ts';
import { removeLocalTag } from '../../tools/docker/docker-container.ts';
import type { PipelineContext } from '../context.ts';
import { noStdin } from '../contexts/context-source.ts';
import { build } from '../image-build/build.ts';
import { readLockText } from '../lock/lock-file.ts';
import { inTemporaryFolder } from '../temporary-folder.ts';
import type { FixFiles } from './compose-fixes.ts';

/** How a Dockerfile is built for a trial. */
interface TrialBuild {
  /** The build context's folder, absolute. */
  readonly contextFolder: string;
  /** Flags of `scoville build`. */
  readonly flags: readonly string[];
  readonly timeoutMs: number;
  /** The tag that the image has in the engine for as long as it is checked. */
  readonly tag: string;
}

interface BuildFailure {
  readonly reason: string;
  readonly log: string;
}

const LOG_LINES = 40;

/**
 * Builds the files as `scoville build` would, signed and graded as the settings have it, into the
 * engine, and hands the image to `use`. The project is not written to: the files lie in a folder of
 * their own, and a gate keeps nothing back. Throws Interrupted; that the build fails, or takes
 * longer than it may, is data.
 */
export async function withTrialBuild<T>(
  context: PipelineContext,
  files: FixFiles,
  trial: TrialBuild,
  use: (scorecard: Scorecard) => Promise<T>,
): Promise<Result<T, BuildFailure>> {
  const build = async (folder: string): Promise<Result<T, BuildFailure>> => {
    const file = join(folder, 'Dockerfile');
    await writeFile(file, files.dockerfile);
    // BuildKit prefers this one to that of the context.
    if (files.ignoreFile !== undefined) await writeFile(`${file}.dockerignore`, files.ignoreFile);
    const built = await buildOnce(context, file, trial);
    return built.ok ? ok(await use(built.value)) : built;
  };
  try {
    return await inTemporaryFolder('fix', build);
  } finally {
    await removeLocalTag(context.run, trial.tag);
  }
}

async function buildOnce(
  context: PipelineContext,
  file: string,
  { contextFolder, flags, timeoutMs, tag }: TrialBuild,
): Promise<Result<Scorecard, BuildFailure>> {
  const parsed = parseBuildArgs(
    [
      ...flags,
      ...((await readLockText(join(contextFolder, LOCK_FILE_NAME))) === undefined
        ? ['--lock=false']
        : []),
      '--min-level=0',
      '--min-grade=D',
      '--grade',
      '--load',
      `--file=${file}`,
      `--tag=${tag}`,
      contextFolder,
    ],
    context.env,
  );
  if (!parsed.ok) throw new UserError(parsed.error.message);
  if (parsed.value.kind === 'help') throw new UserError('--help is not a flag of a build');
  const log = new BuildLog(context.emit);
  const tooLong = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([context.signal, tooLong]);
  try {
    const result = await build({ ...context, signal, emit: log.take }, parsed.value, noStdin());
    if (result.kind === 'done' && result.report !== undefined) return ok(result.report.scorecard);
    const code = result.kind === 'buildx' ? result.exitCode : 'of no image';
    return err({ reason: `the build failed, exit code ${code}`, log: log.text() });
  } catch (thrown) {
    if (context.signal.aborted) throw thrown;
    if (tooLong.aborted)
      return err({ reason: `the build took longer than ${timeoutMs / 1000} s`, log: log.text() });
    if (thrown instanceof UserError || thrown instanceof ToolError)
      return err({ reason: messageOf(thrown), log: log.text() });
    throw thrown;
  }
}

/** Keeps the end of what a build prints; warnings are handed on. */
class BuildLog {
  readonly #lines: string[] = [];
  readonly #emit: PipelineContext['emit'];

  constructor(emit: PipelineContext['emit']) {
    this.#emit = emit;
  }

  readonly take = (event: PipelineEvent): void => {
    if (event.kind === 'build-log' || event.kind === 'raw' || event.kind === 'build-line')
      this.#lines.push(event.text);
    if (this.#lines.length > 2 * LOG_LINES) this.#lines.splice(0, LOG_LINES);
    if (event.kind === 'warning') this.#emit(event);
  };

  text(): string {
    return this.#lines.slice(-LOG_LINES).join('\n').trim();
  }
}
