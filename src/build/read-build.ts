import { dirname, isAbsolute, join, normalize, relative, resolve, sep } from 'node:path';
import { boolOf, lastValueOf, valuesOf } from '../cli/flag-table.ts';
import { settingsOf } from '../config/find-settings.ts';
import { believed } from '../criteria/code-reads.ts';
import { analyseDockerfile } from '../dockerfile/analyse-dockerfile.ts';
import { withLinkedTargets } from '../dockerfile/layer-lines.ts';
import { openCache } from '../image/caches.ts';
import type { BuildDirectory, LayoutStore } from '../image/layout/store.ts';
import { parsePlatform } from '../image/platforms.ts';
import { UserError } from '../lib/errors.ts';
import type { PipelineContext } from '../model/context.ts';
import { assignments } from '../model/dockerfile.ts';
import type { LockedImage } from '../model/lock.ts';
import { formatReference } from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import { hermeticMode } from '../reproduce/recorded-fetches.ts';
import { readVexFiles } from '../scan/vex.ts';
import { requireOwnBuild } from '../trust/bases.ts';
import { requireCosign } from '../trust/cosign.ts';
import { readProfiles, startProfiles } from '../trust/profile-artifact.ts';
import { requireKey } from '../trust/signer.ts';
import type { ParsedBuild } from './command-line.ts';
import { buildContext, type ContextSource, contextSource } from './context-source.ts';
import { inspectLocalImages } from './docker.ts';
import { buildEngine, warnOfBuilder } from './engine.ts';
import { applyOptions } from './flags.ts';
import { beginTrackedFiles, type GitFacts, gitFacts } from './git.ts';
import { neededImages } from './images.ts';
import { findLock, type FoundLock, type LockMode, requireNoDrift } from './lock-file.ts';
import { planBuild } from './plan-build.ts';
import type { BuildInputs, RecordedValues } from './plan.ts';
import { Registries, resolveImages } from './registries.ts';
import { addressWithoutSecrets } from './shown-command.ts';
import { ALONE, type Build, type BuildEngine, NOTHING_ATTACHED, type PassedOn } from './states.ts';

const BUILDX_USAGE_EXIT = 1;
const STARTS_SCHEMA = 1;
/** For this long, a build starts at the time of the Dockerfile's last one: its RUNs are cached. */
const START_SECONDS = 24 * 60 * 60;

/** What is known of a build that is done again, so that it is not looked up. */
export interface RecordedInputs {
  readonly settings: Settings;
  readonly lock: FoundLock;
  readonly values: RecordedValues;
}

interface BuildRequest {
  readonly parsed: ParsedBuild;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly store: LayoutStore;
  readonly directory: BuildDirectory;
  readonly lockMode?: LockMode;
  readonly recorded?: RecordedInputs;
  readonly together?: Build['together'];
}

/** Reads all that a build needs, and plans it. Throws UserError for what the user can fix. */
export async function readBuild(
  context: PipelineContext,
  request: BuildRequest,
): Promise<Build | PassedOn> {
  const { parsed, stdin, store, directory, lockMode = 'build', recorded } = request;
  const together = request.together ?? ALONE;
  const source = await contextSource({
    context: parsed.context,
    file: lastValueOf(parsed, 'file'),
    cwd: context.cwd,
    stdin,
  });
  const settings = believed(
    applyOptions(
      recorded?.settings ?? (await settingsOfBuild(context, parsed, source)),
      parsed.own,
    ),
    buildContext(source.directory, source.dockerfilePath),
    source.dockerfileText ?? '',
  );
  const registries = new Registries(context, settings.registries);
  const file = readBuildFile(parsed, source, together, context.env);
  const dockerfile = file?.model;
  const makesImage = parsed.output.kind === 'image';
  if (makesImage && settings.sign.enabled) requireCosign(context);
  const lock =
    recorded?.lock ??
    (makesImage ? await findLock(context, parsed, settings, source, lockMode) : undefined);
  if (makesImage && source.directory !== undefined && settings.reproducible.mode !== 'off')
    beginTrackedFiles(context.run, source.directory);
  const [engine, git] = await Promise.all([
    makesImage
      ? engineAndImages(context, {
          parsed,
          settings,
          dockerfile,
          registries,
          lock,
          lockMode,
        })
      : undefined,
    source.directory === undefined ? undefined : gitFacts(context.run, source.directory),
  ]);
  const planned = planBuild({
    parsed,
    settings,
    git: git && withDockerfile(git, source),
    dockerfile,
    resolved: engine?.images ?? [],
    env: context.env,
    contextName: source.contextName,
    now: context.now(),
    startedAt: await firstStart(
      context,
      source.dockerfilePath ?? addressWithoutSecrets(parsed.context),
    ),
    lock: lock?.request,
    recorded: recorded?.values,
    layout: directory.dir,
    keepsPushed: engine && keepsPushed(engine.engine),
  });
  if (!planned.ok) throw new UserError(planned.error, { exitCode: BUILDX_USAGE_EXIT });
  const plan = planned.value;
  requireNoDrift(plan, parsed.own.locked);
  if (plan.kind === 'passthrough') {
    // Targets of a bake come here with the flags of the whole.
    if (parsed.own.record || parsed.own.replay)
      throw new UserError(`${plan.reason}: only the build of an image can be recorded or replayed`);
    requireOwnBuild(settings, plan.reason);
    return { kind: plan.kind, plan, source };
  }
  if (engine === undefined) throw new Error('an image is planned');
  const isSigned = plan.attest.sign.on;
  if (isSigned) await requireKey(plan.settings.sign);
  const profiles =
    isSigned && recorded === undefined
      ? await readProfiles(context.cwd, parsed.own.profile, plan.settings.attest)
      : [];
  await startProfiles(context, profiles, engine.engine.docker);
  return {
    kind: plan.kind,
    plan,
    parsed,
    source,
    dockerfile,
    analysis: () => file?.analysis,
    store,
    engine: engine.engine,
    images: engine.images,
    registries,
    lock,
    vex: parsed.own.grade || isSigned ? await readVexFiles(plan.settings.vex) : [],
    profiles,
    together,
    attached: NOTHING_ATTACHED,
  };
}

/** A builder elsewhere keeps nothing here. One is added where the engine's own cannot export. */
function keepsPushed({ seesLocal, added }: BuildEngine): BuildInputs['keepsPushed'] {
  return seesLocal ? 'all' : added === undefined ? undefined : 'one-platform';
}

async function settingsOfBuild(
  context: PipelineContext,
  { own }: ParsedBuild,
  { directory }: ContextSource,
): Promise<Settings> {
  const { cwd, env, paths, now } = context;
  const settings = await settingsOf({
    named: own.config && resolve(cwd, own.config),
    policy: own.trustPolicy && resolve(cwd, own.trustPolicy),
    startDir: directory,
    userDir: paths.config,
    task: 'project',
    env,
    now: now(),
  });
  for (const { file, settings: names } of settings.ignored)
    context.emit({
      kind: 'notice',
      text: `${file}: a project cannot set ${names.join(', ')}; write it into ${paths.config}/config.yaml`,
    });
  return settings;
}

/** Undefined where it is not known, or has errors. */
function readBuildFile(
  parsed: ParsedBuild,
  source: ContextSource,
  { linked }: Build['together'],
  env: PipelineContext['env'],
): ReturnType<typeof withLinkedTargets> | undefined {
  if (source.dockerfileText === undefined) return undefined;
  const target = lastValueOf(parsed, 'target') ?? '';
  const read = analyseDockerfile(
    source.dockerfileText,
    {
      buildArgs: givenArguments(parsed, env),
      buildContexts: assignments(valuesOf(parsed, 'build-context')),
      ...(target === '' ? {} : { target }),
    },
    buildContext(source.directory, source.dockerfilePath),
  );
  return read.ok ? withLinkedTargets(read.value, linked) : undefined;
}

/** Build arguments with values. `--build-arg NAME` takes the variable's, if it is set. */
export function givenArguments(
  parsed: ParsedBuild,
  env: PipelineContext['env'],
): Readonly<Record<string, string>> {
  return assignments(
    valuesOf(parsed, 'build-arg').map((text) => {
      const value = text.includes('=') ? undefined : env[text];
      return value === undefined ? text : `${text}=${value}`;
    }),
  );
}

async function engineAndImages(
  context: PipelineContext,
  of: Pick<Build, 'parsed' | 'dockerfile' | 'registries' | 'lock'> & {
    readonly settings: Settings;
    readonly lockMode: LockMode;
  },
) {
  const { parsed, settings, dockerfile, registries, lockMode } = of;
  const lock = of.lock?.request;
  const named = lastValueOf(parsed, 'builder') ?? context.env['BUILDX_BUILDER'];
  const needed = neededImages(dockerfile, parsed);
  const names = needed.map(({ reference }) => formatReference(reference));
  const isAsked = boolOf(parsed, 'pull') !== true;
  // What goes wrong with the engine, dockerInfo says first.
  const local = inspectLocalImages(context.run, isAsked ? names : [], context.signal);
  local.catch(() => undefined);
  const engine = await buildEngine(context, named === '' ? undefined : named);
  const hermetic = hermeticMode(parsed.own, settings, lock?.before);
  const [first] = valuesOf(parsed, 'platform')[0]?.split(',') ?? [];
  const images = await resolveImages(
    {
      context,
      registries,
      platform: parsePlatform(first ?? '') ?? engine.platform,
      lock: lock && {
        path: lock.path,
        images: lock.before?.images ?? new Map<string, LockedImage>(),
        strict: lockMode === 'update',
        hermetic: hermetic.ok ? hermetic.value : undefined,
      },
    },
    needed,
    engine.seesLocal ? await local : [],
  );
  if (engine.elsewhere !== undefined)
    warnOfBuilder(context, engine.elsewhere, needed, images, await local.catch(() => []));
  return { engine, images };
}

/** Seconds since 1970: when the first build of this Dockerfile began, today's. */
async function firstStart(context: PipelineContext, dockerfile: string): Promise<number> {
  const starts = openCache(context, 'clock-starts', STARTS_SCHEMA);
  const now = Math.floor(context.now() / 1000);
  const kept = await starts.get(dockerfile);
  if (typeof kept === 'number' && kept <= now && now - kept < START_SECONDS) return kept;
  await starts.set(dockerfile, now);
  return now;
}

/** With where the Dockerfile lies in the repository, for a later build of its commit. */
function withDockerfile(git: GitFacts, { directory, dockerfilePath }: ContextSource): GitFacts {
  const { folder } = git;
  if (folder === undefined || directory === undefined || dockerfilePath === undefined) return git;
  const path = normalize(join(folder, relative(directory, dirname(dockerfilePath))));
  const isOutside = path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
  return isOutside ? git : { ...git, dockerfileFolder: path === '.' ? '' : path };
}
