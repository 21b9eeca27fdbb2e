// eslint-disable-next-line no-restricted-imports -- the folder of a build
import { readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore } from '../image/blob-store.ts';
import { parseImageConfig, parseIndex, parseManifest } from '../image/documents.ts';
import { readExportedIndex } from '../image/image-index.ts';
import { errorCode, messageOf, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { makeFolders } from '../lib/make-folders.ts';
import type { RunTool } from '../lib/run-tool.ts';
import type { Recording } from '../model/build-analysis.ts';
import type { PipelineContext } from '../model/context.ts';
import type { BuildInvocation, BuildxFlag } from '../model/events.ts';
import { type Descriptor, isIndex, MEDIA_TYPE } from '../model/image.ts';
import { runBuild } from './buildx.ts';
import { csvAttributes } from './command-line.ts';
import { builderForPlatforms } from './engine.ts';
import { headStartOf } from './head-start.ts';
import { type BuildPlan, flag, layoutOutput, NOT_AGAIN, policyFileOf } from './plan.ts';
import type { SolveStatus } from './progress.ts';
import { openRecording } from './recording.ts';
import { send, type Sent, shownEvent } from './send.ts';
import { type Build, NOTHING_ATTACHED } from './states.ts';

export interface BuildKitRun {
  readonly exitCode: number;
  readonly errorText: string;
  readonly recording: Recording | undefined;
}

type Outcome = Omit<BuildKitRun, 'recording'>;
type OnStatus = (status: SolveStatus) => void;

/** An export that fails after a good build, now and then during a cache prune. A retry passes. */
const PASSING_FAILURE = /failed to solve: (?:failed to compute cache key: )?not found\s*$/m;

/** Runs the planned build, behind a proxy if recorded. Throws UserError as sending it does. */
export async function runBuildKit(
  context: PipelineContext,
  build: Build,
  onStatus?: OnStatus,
): Promise<BuildKitRun> {
  // What cannot run there is refused before anything is sent.
  const nodes = (await builderForPlatforms(context, build))?.nodes ?? 1;
  await writePolicy(build.plan);
  const recording =
    build.plan.hermetic === undefined ? undefined : await openRecording(context, build);
  try {
    const sent = await send(context, build, recording);
    const watch: OnStatus = (status) => {
      recording?.watch(status);
      onStatus?.(status);
    };
    const run = (one: Sent): Promise<Outcome> => runSent(context, build, one, nodes, watch);
    try {
      if (recording === undefined) return { ...(await run(sent)), recording: undefined };
      const { first, later } = apart(sent);
      const outcome = await run(first);
      const found = await recording.finish(outcome.exitCode);
      const isLast = outcome.exitCode !== 0 || later === undefined;
      return { ...(isLast ? outcome : await run(later)), recording: found };
    } finally {
      await sent.release();
    }
  } finally {
    await recording?.close();
  }
}

/** A cache is exported only after what was built was checked, since that publishes it. */
function apart(sent: Sent): { readonly first: Sent; readonly later: Sent | undefined } {
  const { flags, context, env } = sent.invocation;
  const isExport = (one: BuildxFlag): boolean =>
    one.name === 'cache-to' && csvAttributes(one.value)?.get('type') !== 'inline';
  if (!flags.some(isExport)) return { first: sent, later: undefined };
  const invocation = { ...sent.invocation, flags: flags.filter((one) => !isExport(one)) };
  const again = {
    outputs: [],
    flags: flags.filter(({ name = '' }) => !NOT_AGAIN.has(name)),
    context,
    env: { ...env, BUILDX_NO_DEFAULT_LOAD: '1' },
  };
  return { first: { ...sent, invocation }, later: { ...sent, invocation: again } };
}

async function writePolicy({ layout, sourcePolicy }: BuildPlan): Promise<void> {
  if (sourcePolicy === undefined) return;
  const { path, text } = policyFileOf(layout, sourcePolicy);
  // buildx may be reading it since an early start.
  await writeFile(path, text, { flag: 'wx' }).catch((cause: unknown) => {
    if (errorCode(cause) === 'EEXIST') return;
    throw new UserError(`the source policy could not be written: ${messageOf(cause)}`, { cause });
  });
}

/** Each platform alone where several nodes build; once more if the export lost content. */
async function runSent(
  context: PipelineContext,
  build: Build,
  sent: Sent,
  nodes: number,
  onStatus: OnStatus,
): Promise<Outcome> {
  const { layout, platforms } = build.plan;
  const { invocation, stdin } = sent;
  const canRepeat = stdin === undefined || stdin instanceof Uint8Array;
  const isApart = platforms.length > 1 && nodes > 1;
  if (isApart && !canRepeat)
    throw new UserError('a context on stdin cannot be sent to several nodes', {
      nextStep: 'unpack it and name the folder, or name one platform',
    });
  const run = (one: BuildInvocation): Promise<Outcome> =>
    runBuildx(context, build, { ...sent, invocation: one }, onStatus);
  const once = (): Promise<Outcome> =>
    isApart
      ? runByPlatform(layout, build.store.blobs, invocation, platforms, run)
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

async function runBuildx(
  context: PipelineContext,
  build: Build,
  sent: Sent,
  onStatus: OnStatus,
): Promise<Outcome> {
  const { plan, engine } = build;
  const { invocation, stdin, shown } = sent;
  const { added, docker } = engine;
  const head = headStartOf(context.run);
  const own = mayStartEarly(build, sent)
    ? {
        folder: plan.layout,
        file: plan.sourcePolicy && policyFileOf(plan.layout, plan.sourcePolicy),
      }
    : undefined;
  const run: RunTool = head === undefined ? context.run : (what) => head.run(what, own);
  const { exitCode, errorText } = await runBuild(run, {
    invocation:
      added === undefined
        ? invocation
        : { ...invocation, flags: [flag('builder', added), ...invocation.flags] },
    cwd: context.cwd,
    onEvent: (event) => {
      const said = shownEvent(event, shown);
      if (said !== undefined) context.emit(said);
    },
    onLine: (line) => {
      const text = shown(line, 'line');
      if (text !== undefined) context.emit({ kind: 'build-line', text });
    },
    onJsonLine: (text) => {
      if (plan.progress === 'rawjson') context.emit({ kind: 'build-json', text });
    },
    onStart: () => {
      context.emit({ kind: 'buildx-started', settings: plan.settings });
    },
    signal: context.signal,
    onStatus,
    ...given({ stdin, plugin: docker?.buildx?.path }),
  });
  const lines = errorText.split('\n').flatMap((line) => shown(line, 'log') ?? []);
  return { exitCode, errorText: lines.join('\n') };
}

/** It needs nothing but its plan: no check of a base before, no copy or Dockerfile of ours. */
function mayStartEarly({ plan, source, attached }: Build, { invocation }: Sent): boolean {
  const { layout, settings, hermetic, platforms } = plan;
  const isInPlace = source.kind === 'directory' && invocation.context === plan.invocation.context;
  const hasOwn = invocation.flags.some((one) =>
    (one.name === undefined ? one.words.join() : one.value).includes(layout),
  );
  const isPlain = attached === NOTHING_ATTACHED && hermetic === undefined && platforms.length < 2;
  return isInPlace && isPlain && !hasOwn && settings.trust.bases.length === 0;
}

/** Builds each platform alone: buildx exports no OCI layout where several nodes build. */
export async function runByPlatform(
  layout: string,
  blobs: BlobStore,
  invocation: BuildInvocation,
  platforms: readonly string[],
  run: (one: BuildInvocation) => Promise<Outcome>,
): Promise<Outcome> {
  const folder = join(layout, 'platforms');
  const entries: Descriptor[] = [];
  try {
    for (const [i, platform] of platforms.entries()) {
      const into = join(folder, String(i));
      await makeFolders(into);
      await symlink('../../blobs', join(into, 'blobs'));
      const others = invocation.flags.filter(({ name }) => name !== 'platform');
      const flags = [flag('platform', platform), ...others];
      const outcome = await run({ ...invocation, outputs: [layoutOutput(into)], flags });
      if (outcome.exitCode !== 0) return outcome;
      entries.push(...(await exported(into, blobs)));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests: entries };
  const written = await blobs.write(Buffer.from(JSON.stringify(index)));
  const top = { schemaVersion: 2, manifests: [{ mediaType: MEDIA_TYPE.index, ...written }] };
  await writeFile(join(layout, 'index.json'), JSON.stringify(top));
  return { exitCode: 0, errorText: '' };
}

async function exported(folder: string, blobs: BlobStore): Promise<readonly Descriptor[]> {
  const [descriptor] = readExportedIndex(await readFile(join(folder, 'index.json')));
  if (descriptor === undefined) throw new UserError('buildx exported no image into the layout');
  const bytes = await blobs.readDocument(descriptor);
  if (isIndex(descriptor.mediaType)) return parseIndex(bytes, descriptor.digest).manifests;
  const { config } = parseManifest(bytes, descriptor.digest);
  const { os, architecture, variant } = parseImageConfig(
    await blobs.readDocument(config),
    config.digest,
  );
  const { mediaType, digest, size } = descriptor;
  return [{ mediaType, digest, size, platform: { os, architecture, ...given({ variant }) } }];
}
