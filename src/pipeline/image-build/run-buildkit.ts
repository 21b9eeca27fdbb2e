import { writeFile } from 'node:fs/promises';
import { SecretMask } from '../../attestations/masked-secrets.ts';
import type { BuildInvocation } from '../../model/build-invocation.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import type { PipelineEvent } from '../../model/events.ts';
import { flag } from '../../plans/build-invocation.ts';
import type { ParsedBuild } from '../../plans/flags/parse-build-args.ts';
import { maskText } from '../../plans/mask.ts';
import { withoutClock } from '../../plans/reproduce/inject-clock.ts';
import { type BuildOutcome, runBuild } from '../../tools/buildx/buildx.ts';
import type { SolveStatus } from '../../tools/buildx/progress-rawjson.ts';
import type { PipelineContext } from '../context.ts';
import { builderForPlatforms } from './builder-platforms.ts';
import type { Prepared } from './prepare-build.ts';
import { givenArguments } from './read-build-file.ts';
import { runByPlatform } from './run-by-platform.ts';
import { sendDockerfile } from './send-dockerfile.ts';

/** An export that fails after a good build, now and then during a cache prune. A retry passes. */
const PASSING_FAILURE = /failed to solve: (?:failed to compute cache key: )?not found\s*$/m;

/**
 * Runs the planned build; a failure has buildx' exit code. `onStatus` gets BuildKit's messages.
 * Retries once if BuildKit lost content during the export.
 */
export async function runBuildKit(
  context: PipelineContext,
  prepared: Prepared,
  onStatus?: (status: SolveStatus) => void,
): Promise<BuildOutcome> {
  const { plan, builder, docker } = prepared;
  const target = await builderForPlatforms(context, prepared);
  if (plan.sourcePolicy !== undefined)
    await writeFile(plan.sourcePolicy.file, JSON.stringify(plan.sourcePolicy.policy)).catch(
      (cause: unknown) => {
        throw new UserError(`the source policy could not be written: ${messageOf(cause)}`, {
          cause,
        });
      },
    );
  const { invocation, stdin, line } = await sendDockerfile(context, prepared);
  const masked = progressMask(prepared.parsed, context.env);
  const mask = (text: string): string => withoutClock(masked(text));
  const run = (one: BuildInvocation): Promise<BuildOutcome> =>
    runBuild(context.run, {
      invocation:
        builder === undefined ? one : { ...one, flags: [flag('builder', builder), ...one.flags] },
      cwd: context.cwd,
      ...(docker?.buildx === undefined ? {} : { plugin: docker.buildx.path }),
      progress: 'events',
      onEvent: (event) => {
        const shown = maskedEvent(event, mask);
        const text = shown.kind === 'raw' ? line(shown.text) : undefined;
        if (shown.kind !== 'raw') context.emit(shown);
        else if (text !== undefined) context.emit({ kind: 'raw', text });
      },
      onLine: (said) => {
        const text = line(mask(said));
        if (text !== undefined) context.emit({ kind: 'build-line', text });
      },
      ...(plan.progress === 'rawjson'
        ? {
            onJsonLine: (text: string) => {
              context.emit({ kind: 'build-json', text });
            },
          }
        : {}),
      signal: context.signal,
      ...(onStatus === undefined ? {} : { onStatus }),
      ...(stdin === undefined ? {} : { stdin }),
    }).then((outcome) => ({ ...outcome, errorText: mask(outcome.errorText) }));
  const canRepeat = stdin === undefined || stdin instanceof Uint8Array;
  const { layout, platforms } = plan;
  const apart = platforms.length > 1 && (target?.nodes ?? 1) > 1;
  if (apart && !canRepeat)
    throw new UserError('a context on stdin cannot be sent to several nodes', {
      nextStep: 'unpack it and name the folder, or name one platform',
    });
  const once = (): Promise<BuildOutcome> =>
    apart
      ? runByPlatform(layout, prepared.store.blobs, invocation, platforms, run)
      : run(invocation);
  const outcome = await once();
  if (outcome.exitCode === 0 || !canRepeat || !PASSING_FAILURE.test(outcome.errorText))
    return outcome;
  context.emit({
    kind: 'notice',
    text: 'BuildKit lost content during the export; trying once more',
  });
  return once();
}

/** Outputs that are no image, of what has been built just now (see requireRepeatable). */
export function runOthers(
  context: PipelineContext,
  prepared: Prepared,
  invocation: BuildInvocation,
): Promise<BuildOutcome> {
  // Of several nodes buildx itself puts the files together, and what a RUN needs has been checked.
  const plan = { ...prepared.plan, invocation, platforms: [] };
  return runBuildKit(context, { ...prepared, plan });
}

/** Throws UserError if outputs other than images need the context again, and it is a stream. */
export function requireRepeatable({ plan, source }: Prepared): void {
  if (plan.others === undefined) return;
  if (source.stdin !== undefined && !(source.stdin instanceof Uint8Array))
    throw new UserError(
      'a context on stdin cannot be sent twice, for an image and for other outputs',
      {
        nextStep: 'unpack it and name the folder, or ask for the outputs one by one',
      },
    );
}

/** Lets buildx alone run a build without an image, in the terminal. `words` follow `docker`. */
export async function runPassthrough(
  context: PipelineContext,
  words: readonly string[],
  stdin: Uint8Array | AsyncIterable<Uint8Array> | undefined,
): Promise<number> {
  const result = await context.run({
    command: 'docker',
    args: words,
    cwd: context.cwd,
    stdin: stdin ?? 'inherit',
    stdout: 'inherit',
    stderr: 'inherit',
    timeoutMs: { unlimited: 'a build runs as long as it runs' },
    signal: context.signal,
  });
  if (result.ended === 'exit') return result.exitCode;
  if (result.ended === 'not-found')
    throw new UserError('docker is not installed', { nextStep: 'scoville doctor' });
  context.signal.throwIfAborted();
  throw new UserError(`docker buildx build was ended (${result.ended})`);
}

/**
 * BuildKit puts the values of build arguments into the names of its steps, and a RUN may print
 * them: those whose names say that they hold a secret are masked in what people read, and so are
 * credentials in addresses.
 */
function progressMask(
  parsed: ParsedBuild,
  env: Readonly<Record<string, string | undefined>>,
): (text: string) => string {
  const given = Object.entries(givenArguments(parsed, env));
  const mask = new SecretMask(
    Object.fromEntries(given.map(([name, value]) => [`build-arg:${name}`, value])),
  );
  return (text) => maskText(mask.known(text));
}

/** An event of a build with its texts masked. */
export function maskedEvent(event: PipelineEvent, mask: (text: string) => string): PipelineEvent {
  if (event.kind === 'build-log' || event.kind === 'build-warning' || event.kind === 'raw')
    return { ...event, text: mask(event.text) };
  if (event.kind !== 'build-step') return event;
  const { step } = event;
  const error = step.error === undefined ? {} : { error: mask(step.error) };
  return { ...event, step: { ...step, name: mask(step.name), ...error } };
}
