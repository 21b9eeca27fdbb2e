import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { valuesOf } from '../cli/flag-table.ts';
import { UserError } from '../lib/errors.ts';
import { given as onlyGiven } from '../lib/json.ts';
import type { Fetches, Recording } from '../model/build-analysis.ts';
import type { PipelineContext } from '../model/context.ts';
import type { DockerfileModel } from '../model/dockerfile.ts';
import { printedCommand, withoutFlags } from '../model/printed-command.ts';
import { merged, recordingFor, UNKNOWN_STAGE } from '../reproduce/recorded-fetches.ts';
import { exportOf } from './normalise-built.ts';
import { type BuildPlan, flag } from './plan.ts';
import {
  CACHE_NAMESPACE,
  HERMETIC_CONTEXT,
  PROXY_ARGUMENTS,
  YARN_ARGUMENTS,
} from './sent-dockerfile.ts';
import type { Build } from './states.ts';

/** A proxy that attaches to one run of BuildKit: RUNs reach the network through it alone. */
export type RecordingHook = Awaited<ReturnType<typeof openRecording>>;

/** Starts the proxy. Throws UserError for a build that can get around it. */
export async function openRecording(context: PipelineContext, build: Build) {
  requireHermetic(build);
  const { plan, source, dockerfile, attached, together, store } = build;
  const lockPath = plan.lock?.path;
  if (lockPath === undefined || dockerfile === undefined) throw new Error('a lock is planned');
  const isReplay = plan.hermetic === 'replay' || attached.replayed !== undefined;
  const all = isReplay
    ? (attached.replayed?.recording ?? lockedRecording(plan, lockPath))
    : undefined;
  const given = all && recordingFor(all, dockerfile);
  const shared = isReplay ? undefined : together.shared;
  const before = shared?.get(lockPath)?.recording;
  warnOfGaps(context, given);
  noticeAdds(context, build, dockerfile);
  const dockerfileName = basename(source.dockerfilePath ?? 'Dockerfile');
  const { openSession } = await import('../reproduce/hermetic-session.ts');
  const session = await openSession(context, {
    lockPath,
    replayed: given?.fetches,
    dockerfile,
    dockerfileName,
    known: before && recordingFor(before, dockerfile).fetches,
    store: attached.replayed?.store,
    record: recordCommand(build),
  });
  const { mounts, proxyUrl, hashedName, mark, watch, close } = session;
  const args = [
    ...[...PROXY_ARGUMENTS, ...YARN_ARGUMENTS].map((name) => `${name}=${proxyUrl}`),
    ...['no_proxy', 'NO_PROXY'].map((name) => `${name}=localhost,127.0.0.1,::1`),
    // Other builds fill cache mounts; nobody records what with.
    `${CACHE_NAMESPACE}=${HERMETIC_CONTEXT}-${randomUUID()}`,
  ];
  return {
    injection: { hashedName, mark, offline: offlineRuns(dockerfile, given?.fetches) },
    flags: [
      flag('build-context', `${HERMETIC_CONTEXT}=${mounts}`),
      ...args.map((arg) => flag('build-arg', arg)),
    ],
    /** The proxy's password: a RUN may print its variables. */
    secret: new URL(proxyUrl).password,
    watch,
    close,
    /** What RUNs fetched. Throws UserError if not whole, or if a layer has what was put in. */
    finish: async (exitCode: number): Promise<Recording | undefined> => {
      const own = await session.finish(exitCode !== 0);
      if (exitCode !== 0) return undefined;
      const { refuseInjected } = await import('../reproduce/refuse-injected.ts');
      const at = { blobs: store.blobs, dockerfile, file: dockerfileName };
      await refuseInjected(session.traces, at, await exportOf(plan, store.blobs));
      if (own === undefined) return undefined;
      shared?.set(lockPath, { dockerfile: source.dockerfilePath, recording: merged(before, own) });
      return merged(given && { ...given, fetches: new Map() }, own);
    },
  };
}

function lockedRecording({ lock }: BuildPlan, path: string): Recording {
  const { fetches, incomplete = new Map<string, string[]>() } = lock?.before ?? {};
  if (fetches === undefined)
    throw new UserError(`${path} does not have what the build fetched`, {
      nextStep: 'scoville build --record writes it',
    });
  return { fetches, incomplete };
}

/** A replay offers what was recorded; it does not prove what is missing. */
function warnOfGaps(context: PipelineContext, given: Recording | undefined): void {
  for (const text of new Set([...(given?.incomplete.values() ?? [])].flat()))
    context.emit({
      kind: 'warning',
      text: `what is replayed was not recorded completely: ${text}`,
      nextStep: 'it does not count as pinned or verified; scoville build --record records it again',
    });
}

/** This build, recorded. */
function recordCommand({ parsed: { again = [] } }: Build): string {
  return printedCommand('build', [
    '--record',
    ...withoutFlags(again, ['record', 'replay', 'locked']),
  ]);
}

/** Reports ADDs that BuildKit fetches itself. Throws UserError if a replay's lock lacks one. */
function noticeAdds(context: PipelineContext, build: Build, dockerfile: DockerfileModel): void {
  const { plan, source } = build;
  const file = basename(source.dockerfilePath ?? 'Dockerfile');
  const remotes = plan.lock?.before?.remotes;
  for (const { address, line } of remoteAdds(dockerfile)) {
    const isHeld = remotes?.has(address) === true;
    const add = `${file}:${line}: ADD ${address}`;
    if (plan.hermetic === 'replay' && !isHeld)
      throw new UserError(`${add} is not in the lock`, { nextStep: recordCommand(build) });
    const held = isHeld ? ', with the checksum in the lock' : '';
    const text = `${add} is fetched by BuildKit each time${held}; the recording does not have it`;
    context.emit({ kind: 'notice', text });
  }
}

/** What ADD takes from the network: BuildKit fetches it without the RUNs' proxy. */
export function remoteAdds(
  model: DockerfileModel,
): readonly { readonly address: string; readonly line: number }[] {
  return model.reached
    .flatMap((index) => model.stages[index]?.instructions ?? [])
    .filter(({ keyword }) => keyword === 'ADD')
    .flatMap((add) =>
      add.arguments
        .slice(0, -1)
        .filter((source) => /^(?:https?:\/\/|git:\/\/|ssh:\/\/|git@)/.test(source))
        .map((address) => ({ address, line: add.range.startLine })),
    );
}

/** RUNs of stages that fetched nothing when they were recorded need no network, and get none. */
function offlineRuns(
  { stages }: DockerfileModel,
  fetches: Fetches | undefined,
): ReadonlySet<number> {
  if (fetches === undefined || fetches.has(UNKNOWN_STAGE)) return new Set();
  return new Set(
    stages
      .filter(({ name, index }) => !fetches.has(name ?? `stage-${index}`))
      .flatMap(({ instructions }) => instructions)
      .filter(({ keyword }) => keyword === 'RUN')
      .map(({ range }) => range.startLine),
  );
}

/** Throws UserError for a build whose RUNs can get around the proxy, with the reason. */
function requireHermetic(build: Build): void {
  const { plan, source, dockerfile, engine } = build;
  const done = plan.hermetic === 'record' ? 'recorded' : 'replayed';
  const cannot = (why: string, nextStep?: string): UserError =>
    new UserError(`the build cannot be ${done}: ${why}`, onlyGiven({ nextStep }));
  if (dockerfile === undefined || source.dockerfileText === undefined)
    throw cannot('the Dockerfile is not known before the build', 'build from a folder');
  requireOwnLock(build, cannot);
  if (engine.elsewhere !== undefined || engine.added !== undefined)
    throw cannot(
      `its builder ${engine.elsewhere?.name ?? engine.added ?? ''} is not the engine itself`,
      'docker buildx use default',
    );
  if (plan.platforms.length > 1) throw cannot('it takes one platform at a time');
  if (plan.settings.reproducible.mode === 'off')
    throw cannot('the normalizer is off', 'leave out --repro=off');
  if (plan.others !== undefined)
    throw cannot('it has outputs that are not an image, which are built again');
  const proxied = valuesOf(plan.invocation, 'build-arg').find((given) =>
    PROXY_ARGUMENTS.includes(given.split('=', 1)[0] ?? ''),
  );
  if (proxied !== undefined)
    throw cannot(`--build-arg ${proxied.split('=', 1)[0] ?? ''} sets another proxy`);
  const named = valuesOf(plan.invocation, 'build-context');
  if (named.some((given) => given.startsWith(`${HERMETIC_CONTEXT}=`)))
    throw cannot(`a build context is called ${HERMETIC_CONTEXT}`);
}

/** Stages of two Dockerfiles have the same names. */
function requireOwnLock(
  { plan, source, together: { shared } }: Build,
  cannot: (why: string, nextStep?: string) => UserError,
): void {
  if (shared !== undefined && source.dockerfilePath === undefined)
    throw cannot('its Dockerfile is in the bake definition, and has no lock', 'put it into a file');
  const { lock } = plan;
  if (plan.hermetic !== 'record' || lock === undefined) return;
  const found = shared?.get(lock.path);
  const other =
    found !== undefined && found.dockerfile !== source.dockerfilePath
      ? found.dockerfile
      : lock.drift.find(({ subject }) => subject === 'dockerfile')?.before;
  if (other !== undefined)
    throw cannot(
      `${lock.path} is of ${other}, and a lock records one Dockerfile`,
      shared === undefined
        ? '--lock=FILE names another'
        : 'put each Dockerfile into a folder of its own',
    );
}
