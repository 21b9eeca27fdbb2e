import { basename, join } from 'node:path';
import { UserError } from '../../model/errors.ts';
import type { PipelineEvent } from '../../model/events.ts';
import type { Fetches } from '../../model/fetches.ts';
import type { BlobStore } from '../../oci/blobs/blob-store.ts';
import { flag, withFlag } from '../../plans/build-invocation.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import {
  HERMETIC_CONTEXT,
  injectHermetic,
  PROXY_ARGUMENTS,
  withoutFlags,
  withoutInjected,
} from '../../plans/hermetic/inject-hermetic.ts';
import { UNKNOWN_STAGE } from '../../plans/hermetic/recorded-fetches.ts';
import { restoredProvenance } from '../../plans/hermetic/restore-build.ts';
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
  readonly fetches: Fetches | undefined;
}

/**
 * Runs the planned build: as it is, or with each RUN behind a proxy that records or replays. Throws
 * UserError where that is not possible, and where the recording is not whole or the lock does not have
 * what was asked for.
 */
export async function runHermetic(
  context: PipelineContext,
  prepared: Prepared,
): Promise<HermeticOutcome> {
  const { plan, source, dockerfile } = prepared;
  if (plan.hermetic === undefined)
    return { ...(await runBuildKit(context, prepared)), fetches: undefined };
  requireHermetic(prepared);
  const lockPath = plan.lock?.path;
  if (lockPath === undefined || dockerfile === undefined) throw new Error('a lock is planned');
  // What the first build recorded, a second one is given.
  const isReplay = plan.hermetic === 'replay' || plan.fetches !== undefined;
  const fetches = isReplay ? recordedFetches(prepared, lockPath) : undefined;
  tellOfAdds(context, prepared);
  const dockerfileName = basename(source.dockerfilePath ?? 'Dockerfile');
  const { openSession } = await import('../hermetic/hermetic-session.ts');
  const session = await openSession(context, { lockPath, fetches, dockerfile, dockerfileName });
  try {
    const behind = await behindProxy(context, prepared, session, fetches);
    const outcome = await runBuildKit(behind.context, behind.prepared, session.watch);
    return { ...outcome, fetches: await session.finish(outcome.exitCode !== 0) };
  } finally {
    await session.close();
  }
}

function recordedFetches({ plan }: Prepared, path: string): Fetches {
  const found = plan.fetches ?? plan.lock?.before?.fetches;
  if (found === undefined)
    throw new UserError(`${path} does not have what the build fetched`, {
      nextStep: 'scoville build --record writes it',
    });
  return found;
}

/** The plan of a build that has run: a second one is given the same answers. */
export function withFetches(plan: BuildPlan, fetches: Fetches | undefined): BuildPlan {
  return fetches === undefined ? plan : { ...plan, fetches };
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

/** What BuildKit fetches itself never comes by the proxy. Throws UserError where no lock holds it in a replay. */
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

/** The build as it is sent, and a context whose messages have the lines of the user's Dockerfile. */
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
    ...PROXY_ARGUMENTS.map((name) => flag('build-arg', `${name}=${session.proxyUrl}`)),
    ...['no_proxy', 'NO_PROXY'].map((name) => flag('build-arg', `${name}=localhost,127.0.0.1,::1`)),
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
    context: withLines(context, injected, name),
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

function withLines(
  context: PipelineContext,
  injected: InjectedDockerfile,
  file: string,
): PipelineContext {
  const emit = (event: PipelineEvent): void => {
    if (event.kind === 'build-step') {
      const name = withoutFlags(event.step.name);
      context.emit({ ...event, step: { ...event.step, name } });
    } else if (event.kind === 'raw' || event.kind === 'build-line') {
      const text = asWritten(event.text, injected, file);
      if (text !== undefined) context.emit({ ...event, text: withoutFlags(text) });
    } else context.emit(event);
  };
  return { ...context, emit };
}
