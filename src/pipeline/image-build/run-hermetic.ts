import { randomUUID } from 'node:crypto';
import { basename, join } from 'node:path';
import { UserError } from '../../model/errors.ts';
import type { PipelineEvent } from '../../model/events.ts';
import type { Fetches, Recording } from '../../model/fetches.ts';
import type { BlobStore } from '../../oci/blobs/blob-store.ts';
import { flag, withFlag } from '../../plans/build-invocation.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import {
  CACHE_NAMESPACE,
  HERMETIC_CONTEXT,
  injectHermetic,
  PROXY_ARGUMENTS,
  withoutFlags,
  YARN_ARGUMENTS,
} from '../../plans/hermetic/inject-hermetic.ts';
import { merged, recordingFor, UNKNOWN_STAGE } from '../../plans/hermetic/recorded-fetches.ts';
import { restoredProvenance, withoutInjected } from '../../plans/hermetic/restore-build.ts';
import { withoutWatch } from '../../plans/hermetic/watch-runs.ts';
import { asWritten, type InjectedDockerfile } from '../../plans/reproduce/inject-arguments.ts';
import type { BuildOutcome } from '../../tools/buildx/buildx.ts';
import type { PipelineContext } from '../context.ts';
import type { HermeticSession } from '../hermetic/hermetic-session.ts';
import type { BuiltPlatform } from '../image-under-build.ts';
import type { Prepared } from './prepare-build.ts';
import { readBuildFile } from './read-build-file.ts';
import { readExport } from './read-export.ts';
import { remoteAdds, requireHermetic } from './require-hermetic.ts';
import { runBuildKit } from './run-buildkit.ts';
import { writeDockerfile } from './send-dockerfile.ts';

export interface HermeticOutcome extends BuildOutcome {
  /** What the RUNs fetched, or were given; undefined where nobody looked. */
  readonly recording: Recording | undefined;
}

/**
 * Runs the planned build: as it is, or with each RUN behind a proxy that records or replays. Throws
 * UserError where that is not possible, and where the recording is not whole or the lock does not
 * have what was asked for.
 */
export async function runHermetic(
  context: PipelineContext,
  prepared: Prepared,
): Promise<HermeticOutcome> {
  const { plan, source, dockerfile } = prepared;
  requireInputs(plan);
  if (plan.hermetic === undefined)
    return { ...(await runBuildKit(context, prepared)), recording: undefined };
  requireHermetic(prepared);
  const lockPath = plan.lock?.path;
  if (lockPath === undefined || dockerfile === undefined) throw new Error('a lock is planned');
  // What the first build recorded, a second one is given.
  const isReplay = plan.hermetic === 'replay' || plan.recording !== undefined;
  const given = isReplay ? recordingFor(recordingOf(prepared, lockPath), dockerfile) : undefined;
  const replayed = given?.fetches;
  const shared = isReplay ? undefined : prepared.parsed.shared;
  const before = shared?.get(lockPath)?.recording;
  tellOfGaps(context, given);
  tellOfAdds(context, prepared);
  const dockerfileName = basename(source.dockerfilePath ?? 'Dockerfile');
  const { openSession } = await import('../hermetic/hermetic-session.ts');
  const session = await openSession(context, {
    ...{ lockPath, replayed, dockerfile, dockerfileName },
    known: before && recordingFor(before, dockerfile).fetches,
    store: prepared.replayed?.store,
  });
  try {
    const behind = await behindProxy(context, prepared, session, replayed);
    const outcome = await runBuildKit(behind.context, behind.prepared, session.watch);
    const errorText = withoutFlags(outcome.errorText);
    const own = await session.finish(outcome.exitCode !== 0);
    if (outcome.exitCode === 0) {
      const { refuseInjected } = await import('../hermetic/refuse-injected.ts');
      const { blobs } = prepared.store;
      const at = { blobs, dockerfile, file: dockerfileName };
      await refuseInjected(session.traces, at, await exportOf(plan, blobs));
    }
    if (own !== undefined)
      shared?.set(lockPath, { dockerfile: source.dockerfilePath, recording: merged(before, own) });
    return {
      ...outcome,
      errorText,
      recording: own && merged(given && { ...given, fetches: new Map() }, own),
    };
  } finally {
    await session.close();
  }
}

/** What is published beside an image is named by its signed provenance. */
function requireInputs({ own, hermetic, attest }: BuildPlan): void {
  if (!own.withInputs || (hermetic !== undefined && attest.sign.on && attest.provenance.on)) return;
  throw new UserError(
    hermetic === undefined
      ? '--with-inputs publishes what was recorded, and this build is not recorded'
      : '--with-inputs needs a signature and provenance, which name what is published',
    hermetic === undefined ? { nextStep: 'add --record' } : {},
  );
}

function recordingOf({ plan }: Prepared, path: string): Recording {
  if (plan.recording !== undefined) return plan.recording;
  const { fetches, incomplete = new Map<string, string[]>() } = plan.lock?.before ?? {};
  if (fetches === undefined)
    throw new UserError(`${path} does not have what the build fetched`, {
      nextStep: 'scoville build --record writes it',
    });
  return { fetches, incomplete };
}

/** A replay gives what there is; it is no proof of what is not. */
function tellOfGaps(context: PipelineContext, given: Recording | undefined): void {
  for (const text of new Set([...(given?.incomplete.values() ?? [])].flat()))
    context.emit({
      kind: 'warning',
      text: `what is replayed was not recorded completely: ${text}`,
      nextStep: 'it does not count as pinned or verified; scoville build --record records it again',
    });
}

/** The plan of a build that has run: a second one is given the same answers. */
export function withRecording(plan: BuildPlan, recording: Recording | undefined): BuildPlan {
  return recording === undefined ? plan : { ...plan, recording };
}

/** What BuildKit exported, as it would be without what was put into the build. */
export async function exportOf(
  plan: Pick<BuildPlan, 'layout' | 'hermetic'>,
  blobs: BlobStore,
): Promise<readonly BuiltPlatform[]> {
  const built = await readExport(plan.layout, blobs);
  return plan.hermetic === undefined ? built : built.map(restored);
}

function restored(built: BuiltPlatform): BuiltPlatform {
  const { config, provenance } = built;
  const history = config.history?.flatMap((entry) => withoutInjected(entry) ?? []);
  return {
    ...built,
    config: { ...config, ...(history === undefined ? {} : { history }) },
    provenance: provenance && {
      ...provenance,
      predicate: restoredProvenance(provenance.predicate),
    },
  };
}

/** Reports ADDs that BuildKit fetches itself. Throws UserError if a replay's lock lacks one. */
function tellOfAdds(context: PipelineContext, { plan, source, dockerfile }: Prepared): void {
  if (dockerfile === undefined) return;
  const file = basename(source.dockerfilePath ?? 'Dockerfile');
  const remotes = plan.lock?.before?.remotes;
  for (const { address, line } of remoteAdds(dockerfile)) {
    const isHeld = remotes?.has(address) === true;
    if (plan.hermetic === 'replay' && !isHeld)
      throw new UserError(`${file}:${line}: ADD ${address} is not in the lock`, {
        nextStep: 'scoville build --record',
      });
    context.emit({
      kind: 'notice',
      text: `${file}:${line}: ADD ${address} is fetched by BuildKit each time${isHeld ? ', with the checksum in the lock' : ''}; the recording does not have it`,
    });
  }
}

/** The build as sent, and a context whose messages have the lines of the user's Dockerfile. */
async function behindProxy(
  context: PipelineContext,
  prepared: Prepared,
  session: HermeticSession,
  fetches: Fetches | undefined,
): Promise<{ readonly context: PipelineContext; readonly prepared: Prepared }> {
  const { plan, source, dockerfile, parsed } = prepared;
  const text = source.dockerfileText;
  const injected =
    dockerfile === undefined || text === undefined
      ? undefined
      : injectHermetic(text, dockerfile, {
          hashedName: session.hashedName,
          offline: offlineRuns(prepared, fetches),
        });
  if (injected === undefined) return { context, prepared };
  const flags = [
    flag('build-context', `${HERMETIC_CONTEXT}=${session.mounts}`),
    ...plan.invocation.flags,
    ...[...PROXY_ARGUMENTS, ...YARN_ARGUMENTS].map((name) =>
      flag('build-arg', `${name}=${session.proxyUrl}`),
    ),
    ...['no_proxy', 'NO_PROXY'].map((name) => flag('build-arg', `${name}=localhost,127.0.0.1,::1`)),
    // Other builds fill cache mounts; nobody records what with.
    flag('build-arg', `${CACHE_NAMESPACE}=${HERMETIC_CONTEXT}-${randomUUID()}`),
  ];
  const bytes = Buffer.from(injected.text);
  const name = basename(source.dockerfilePath ?? 'Dockerfile');
  const isStdin = source.kind === 'stdin-dockerfile';
  const invocation = { ...plan.invocation, flags };
  const sent = isStdin
    ? invocation
    : withFlag(
        invocation,
        'file',
        await writeDockerfile(join(session.folder, 'sent'), name, bytes, source.dockerfilePath),
      );
  const changed = { ...source, dockerfileText: injected.text, stdin: isStdin ? bytes : undefined };
  return {
    context: withLines(context, injected, name, new URL(session.proxyUrl).password),
    prepared: {
      ...prepared,
      plan: { ...plan, invocation: sent },
      source: changed,
      dockerfile: readBuildFile(parsed, changed, context.env).model,
    },
  };
}

/** RUNs of stages that fetched nothing when they were recorded need no network, and get none. */
function offlineRuns({ dockerfile }: Prepared, fetches: Fetches | undefined): ReadonlySet<number> {
  if (fetches === undefined || dockerfile === undefined || fetches.has(UNKNOWN_STAGE))
    return new Set();
  const quiet = dockerfile.stages.filter(
    ({ name, index }) => !fetches.has(name ?? `stage-${index}`),
  );
  return new Set(
    quiet
      .flatMap(({ instructions }) => instructions)
      .filter(({ keyword }) => keyword === 'RUN')
      .map(({ range }) => range.startLine),
  );
}

/** What BuildKit and the commands say. */
const SENT = new Set(['raw', 'build-line', 'build-log']);

function withLines(
  context: PipelineContext,
  injected: InjectedDockerfile,
  file: string,
  password: string,
): PipelineContext {
  const emit = (event: PipelineEvent): void => {
    if (event.kind === 'build-step') {
      const name = withoutFlags(event.step.name);
      context.emit({ ...event, step: { ...event.step, name } });
    } else if ('text' in event && SENT.has(event.kind)) {
      // What a RUN prints of its variables.
      const shown = withoutWatch(withoutFlags(event.text).replaceAll(password, '***'));
      const isLine = event.kind !== 'build-log';
      const text = shown !== undefined && isLine ? asWritten(shown, injected, file) : shown;
      if (text !== undefined) context.emit({ ...event, text });
    } else context.emit(event);
  };
  return { ...context, emit };
}
