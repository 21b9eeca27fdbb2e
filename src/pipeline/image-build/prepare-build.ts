import { dirname, isAbsolute, join, normalize, relative, resolve, sep } from 'node:path';
import type { VexDocument } from '../../facts/vex/vex-statement.ts';
import type { FetchStore } from '../../hermetic/fetch-store.ts';
import type { BuildAnalysis } from '../../model/build-analysis.ts';
import type { DockerfileModel } from '../../model/dockerfile.ts';
import { UserError } from '../../model/errors.ts';
import { type Settings, withPlainHttp } from '../../model/settings.ts';
import type { BuildDirectory } from '../../oci/layout/build-directory.ts';
import type { LayoutStore } from '../../oci/layout/layout-store.ts';
import type { GitFacts } from '../../plans/annotations.ts';
import { buildPaths } from '../../plans/build-plan.ts';
import type { BuildPlan, PassthroughPlan, RecordedValues } from '../../plans/build-plan.ts';
import { lastValueOf } from '../../plans/flags/flag-spec.ts';
import type { ParsedBuild } from '../../plans/flags/parse-build-args.ts';
import { planBuild } from '../../plans/plan-build.ts';
import { shownAddress } from '../../plans/shown-command.ts';
import type { Builder } from '../../tools/buildx/builder.ts';
import type { DockerInfo } from '../../tools/docker/docker.ts';
import { gitFacts } from '../../tools/git/git.ts';
import { type ProfileFile, readProfiles } from '../attach/read-profiles.ts';
import { startProfiles } from '../attach/start-profiles.ts';
import type { SignedBases } from '../bases/check-bases.ts';
import { requireOwnBuild } from '../bases/require-bases.ts';
import type { PipelineContext } from '../context.ts';
import { type ContextSource, contextSource } from '../contexts/context-source.ts';
import { settingsOf } from '../load-settings.ts';
import { requireNoDrift } from '../lock/lock-drift.ts';
import { findLock, type FoundLock, type LockMode } from '../lock/lock-file.ts';
import { Registries } from '../registries.ts';
import type { FoundImage } from '../resolve-images.ts';
import { readVexFiles } from '../scan/vex-files.ts';
import { requireCosign } from '../sign/cosign-proof.ts';
import { requireKey } from '../sign/signer.ts';
import { engineAndImages } from './engine-and-images.ts';
import { firstStart } from './first-start.ts';
import { readBuildFile } from './read-build-file.ts';

const BUILDX_USAGE_EXIT = 1;

/** A build that buildx does alone. */
export interface PassedOn {
  readonly kind: 'passthrough';
  readonly plan: PassthroughPlan;
  readonly source: ContextSource;
}

/** All that is known before BuildKit starts. */
export interface Prepared {
  readonly kind: 'build';
  readonly plan: BuildPlan;
  readonly parsed: ParsedBuild;
  readonly source: ContextSource;
  readonly dockerfile: DockerfileModel | undefined;
  readonly analysis: BuildAnalysis | undefined;
  readonly store: LayoutStore;
  readonly docker: DockerInfo | undefined;
  /** `--builder` to add, where the engine's own cannot export. */
  readonly builder: string | undefined;
  /** The builder that was chosen, where it is not the engine itself. */
  readonly elsewhere: Builder | undefined;
  readonly images: readonly FoundImage[];
  readonly registries: Registries;
  readonly lock: FoundLock | undefined;
  /** What is promised of vulnerabilities; empty where nothing is graded. */
  readonly vex: readonly VexDocument[];
  /** Images of the build whose signature verified; known once BuildKit is done. */
  readonly bases?: SignedBases;
  /** What a published image's RUNs fetched; absent where the lock file and the cache have it. */
  readonly replayed?: { readonly store: FetchStore };
  /** Security profiles to attach; none where nothing is signed. */
  readonly profiles: readonly ProfileFile[];
}

/** What is known of a build that is done again, in place of what would be looked up. */
export interface RecordedInputs {
  readonly settings: Settings;
  readonly lock: FoundLock;
  readonly values: RecordedValues;
}

/**
 * Reads the settings, Dockerfile, git and engine, resolves images, and plans the build.
 * Throws UserError for what the user can fix.
 */
export async function prepareBuild(
  context: PipelineContext,
  parsed: ParsedBuild,
  stdin: AsyncIterable<Uint8Array>,
  store: LayoutStore,
  directory: BuildDirectory,
  lockMode: LockMode = 'build',
  recorded?: RecordedInputs,
): Promise<Prepared | PassedOn> {
  const source = await contextSource({
    context: parsed.context,
    file: lastValueOf(parsed, 'file'),
    cwd: context.cwd,
    stdin,
  });
  const settings =
    recorded?.settings ??
    (await settingsOf({
      named: parsed.own.config === undefined ? undefined : resolve(context.cwd, parsed.own.config),
      policy:
        parsed.own.trustPolicy === undefined
          ? undefined
          : resolve(context.cwd, parsed.own.trustPolicy),
      startDir: source.directory,
      userDir: context.paths.config,
      task: 'project',
      now: context.now(),
    }));
  for (const { file, settings: names } of settings.ignored)
    context.emit({
      kind: 'notice',
      text: `${file}: a project cannot set ${names.join(', ')}; write it into ${context.paths.config}/config.yaml`,
    });
  const registries = new Registries(
    context,
    withPlainHttp(settings.registries, parsed.own.plainHttp),
  );
  const makesImage = parsed.output.kind === 'image';
  const { model: dockerfile, analysis } = readBuildFile(parsed, source, context.env);
  if (makesImage && (parsed.own.sign ?? settings.sign.enabled)) requireCosign(context);
  const lock =
    recorded?.lock ??
    (makesImage ? await findLock(context, parsed, settings, source, lockMode) : undefined);
  const [engine, git] = await Promise.all([
    makesImage
      ? engineAndImages(context, parsed, settings, dockerfile, registries, lock?.request, lockMode)
      : undefined,
    source.directory === undefined ? undefined : gitFacts(context.run, source.directory),
  ]);
  const exactTag = git?.tags[0];
  const planned = planBuild({
    parsed,
    settings,
    git:
      git === undefined
        ? undefined
        : {
            commit: git.revision,
            committedAt: git.commitTime,
            dirty: git.dirty,
            ...(git.remote === undefined ? {} : { remoteUrl: git.remote }),
            ...(exactTag === undefined ? {} : { exactTag }),
            ...foldersOf(git.folder, source),
          },
    dockerfile,
    resolved: engine?.images ?? [],
    env: context.env,
    contextName: source.contextName,
    now: context.now(),
    startedAt: await firstStart(context, source.dockerfilePath ?? shownAddress(parsed.context)),
    lock: lock?.request,
    recorded: recorded?.values,
    paths: buildPaths(directory.dir),
  });
  if (!planned.ok) throw new UserError(planned.error, { exitCode: BUILDX_USAGE_EXIT });
  const plan = planned.value;
  requireNoDrift(plan, parsed.own.locked);
  if (plan.kind === 'passthrough') {
    requireOwnBuild(settings, plan.reason);
    // Targets of a bake come here with the flags of the whole.
    if (parsed.own.record || parsed.own.replay)
      throw new UserError(`${plan.reason}: only the build of an image can be recorded or replayed`);
    return { kind: plan.kind, plan, source };
  }
  if (plan.attest.sign.on) await requireKey(plan.settings.sign);
  const profiles =
    plan.attest.sign.on && recorded === undefined
      ? await readProfiles(context.cwd, parsed.own.profile, plan.settings.attest)
      : [];
  await startProfiles(context, profiles, engine?.docker);
  return {
    kind: plan.kind,
    plan,
    parsed,
    source,
    dockerfile,
    analysis,
    store,
    docker: engine?.docker,
    builder: engine?.builder,
    elsewhere: engine?.elsewhere,
    images: engine?.images ?? [],
    registries,
    lock,
    vex: parsed.own.grade || plan.attest.sign.on ? await readVexFiles(plan.settings.vex) : [],
    profiles,
  };
}

/** Where context and Dockerfile lie in the repository, for a later build of its commit. */
function foldersOf(
  folder: string | undefined,
  { directory, dockerfilePath }: ContextSource,
): Pick<GitFacts, 'folder' | 'dockerfileFolder'> {
  if (folder === undefined || directory === undefined) return {};
  if (dockerfilePath === undefined) return { folder };
  const path = normalize(join(folder, relative(directory, dirname(dockerfilePath))));
  const isOutside = path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
  return { folder, ...(isOutside ? {} : { dockerfileFolder: path === '.' ? '' : path }) };
}
