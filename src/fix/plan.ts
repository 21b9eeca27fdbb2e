import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseBuildArgs } from '../build/command-line.ts';
import { buildContext, noStdin } from '../build/context-source.ts';
import { lastScorecard } from '../build/gate.ts';
import { remoteOrigin } from '../build/git.ts';
import { baseOf } from '../build/images.ts';
import { readLockText } from '../build/lock-file.ts';
import { packagesOfImage } from '../build/lock-packages.ts';
import { normaliseBuilt, readExport } from '../build/normalise-built.ts';
import { presentPackages } from '../build/plan-lock.ts';
import { readBuild } from '../build/read-build.ts';
import { Registries } from '../build/registries.ts';
import { runBuildKit } from '../build/run-buildkit.ts';
import { publicSourceUrl } from '../build/shown-command.ts';
import { parseLock } from '../config/lock.ts';
import { FIX_RULES } from '../criteria/catalogue.ts';
import { slimImages } from '../criteria/minimal-base.ts';
import { runtimeImages } from '../criteria/no-shell.ts';
import type { LastResult } from '../criteria/score.ts';
import { shownAddress } from '../criteria/verified-downloads.ts';
import type { ReadForEdits } from '../dockerfile/analyse-dockerfile.ts';
import type { LineError } from '../dockerfile/logical-lines.ts';
import { givenDockerfile } from '../grade/grade-build.ts';
import { openNamedImage } from '../grade/grade-image.ts';
import { inspectPlatform } from '../grade/inspect-layers.ts';
import { openCache } from '../image/caches.ts';
import { openStore } from '../image/layout/store.ts';
import { err, messageOf, ok, type Result, UserError } from '../lib/errors.ts';
import { networkFetch } from '../lib/fetch.ts';
import { given } from '../lib/json.ts';
import { inParallel } from '../lib/parallel.ts';
import { quantity } from '../lib/text.ts';
import { DAY_MS, HOUR_MS } from '../lib/time.ts';
import { declared } from '../lint/lint.ts';
import { phase, type PipelineContext } from '../model/context.ts';
import {
  type BaseImage,
  baseKey,
  type FetchedFile,
  type FixFacts,
  type FixNeed,
  type FixOptions,
  type FixRule,
  type InstalledVersion,
  isWithin,
  type PlannedEdit,
  type Risk,
} from '../model/fix.ts';
import { LOCK_FILE_NAME, type LockedPackages, type LockFile } from '../model/lock.ts';
import { type Digest, digestOf, formatReference, withDefaultTag } from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';
import {
  type AppliedFixes,
  applyDecided,
  fixGains,
  type FixInputs,
  type Gains,
  planEdits,
  readFixFile,
} from './compose.ts';
import { fetchDigest } from './fetch-digest.ts';
import { type OpenedFiles, openFixFiles } from './files.ts';
import { fixCommand } from './fix-command.ts';

interface FactsRequest extends Pick<
  FixRequest,
  'buildArgs' | 'target' | 'settings' | 'build' | 'isLocal' | 'isHint'
> {
  readonly read: ReadForEdits;
  readonly needs: ReadonlySet<FixNeed>;
  readonly contextFolder: string;
  /** Absolute path of the Dockerfile. */
  readonly dockerfile: string;
  readonly refresh: boolean;
}

const NOT_ASKED = err('only what is in the folder was read; scoville fix asks');

/** Files of a base that its slim variant has too. */
const SLIM = new Set(['bin/sh', 'bin/find', 'usr/bin/find']);

/**
 * Configuration, users and packages of the image's bases, from Docker's store or the registry; by
 * full reference. Of several platforms, linux/amd64 or the first counts for all.
 */
async function fixBases(
  context: PipelineContext,
  registries: Registries,
  { read, isLocal }: FactsRequest,
): Promise<ReadonlyMap<string, Result<BaseImage>>> {
  const { model } = read;
  const base = baseOf(model, model.target);
  if (base?.reference === undefined) return new Map();
  const name = formatReference(withDefaultTag(base.reference));
  const key = baseKey(base.reference);
  if (isLocal === true) return new Map([[key, NOT_ASKED]]);
  context.emit({ kind: 'notice', text: `reading ${name}` });
  const found = await phase(
    context,
    'inspect',
    () =>
      baseImage(context, registries, name).then(ok, (error: unknown): Result<BaseImage> => {
        context.signal.throwIfAborted();
        return err(messageOf(error));
      }),
    (base) => {
      if (!base.ok) return { detail: base.error };
      const { packages = [], elevated = [] } = base.value;
      const files = quantity(elevated.length, 'setuid or setgid file');
      return { detail: `${name}: ${quantity(packages.length, 'package')}, ${files}` };
    },
  );
  if (!found.ok) return new Map([[key, found]]);
  // The slim variant has the same users and configuration; of its files nothing is said but what
  // every Debian has.
  const { has } = found.value;
  const slim: BaseImage = {
    ...found.value,
    ...(has === undefined ? {} : { has: (path: string) => SLIM.has(path) && has(path) }),
  };
  return new Map([
    [key, found],
    ...slimImages(read).map((one): [string, Result<BaseImage>] => [baseKey(one), ok(slim)]),
  ]);
}

async function baseImage(
  context: PipelineContext,
  registries: Registries,
  name: string,
): Promise<BaseImage> {
  const image = await openNamedImage(context, registries, { text: name, stdin: noStdin() });
  try {
    const platform =
      image.platforms.find(
        ({ config }) => config.os === 'linux' && config.architecture === 'amd64',
      ) ?? image.platforms[0];
    const { content } = await inspectPlatform(context, image, platform, { secrets: false });
    const { passwd, has, elevated } = content.filesystem;
    return {
      config: platform.config,
      packages: content.packages,
      has,
      elevated: elevated.filter(({ mode }) => (mode & 0o6000) !== 0).map(({ path }) => path),
      ...given({ passwd }),
    };
  } finally {
    await image.close();
  }
}

type Versions = Result<readonly InstalledVersion[]>;

/**
 * Packages that each stage really got, by its index. Those of the target come from scoville.lock
 * beside the Dockerfile. All come from a build of each stage that installs something, where one is
 * asked for.
 */
async function fixVersions(
  context: PipelineContext,
  request: FactsRequest,
  lock: LockFile | undefined,
): Promise<ReadonlyMap<number, Versions>> {
  const { read, build } = request;
  const stages = [...new Set(read.analysis.installs.map(({ stage }) => stage))];
  const found = new Map<number, Versions>();
  if (!build) {
    const locked = lock?.packages.get('linux/amd64') ?? [...(lock?.packages.values() ?? [])][0];
    if (locked !== undefined && lock?.target === undefined)
      for (const index of read.imageStages) found.set(index, ok(versionsOf(locked)));
    return found;
  }
  for (const stage of stages) found.set(stage, await builtVersions(context, request, stage));
  return found;
}

/** The names of a lock, written as in a URL where they have a blank. */
function versionsOf(locked: LockedPackages): readonly InstalledVersion[] {
  return [...locked].flatMap(([type, lines]) =>
    lines.flatMap((line) => {
      const [name = '', version = ''] = line.split(' ');
      return name.includes('%') ? [] : [{ type, name, version }];
    }),
  );
}

async function builtVersions(
  context: PipelineContext,
  { contextFolder, dockerfile, buildArgs, read, target }: FactsRequest,
  stage: number,
): Promise<Versions> {
  // BuildKit knows stages by name alone; the target is built as the user builds it.
  const name = stage === read.model.target ? target : read.model.stages[stage]?.name;
  if (name === undefined && stage !== read.model.target)
    return err(`stage ${stage} has no name (FROM ... AS NAME), so that it cannot be built alone`);
  const parsed = parseBuildArgs(
    [
      '--sign=false',
      ...(name === undefined ? [] : [`--target=${name}`]),
      `--file=${dockerfile}`,
      ...buildArgs.map((pair) => `--build-arg=${pair}`),
      contextFolder,
    ],
    context.env,
  );
  if (!parsed.ok) return err(parsed.error.message);
  if (parsed.value.kind === 'help') return err('no build');
  const store = await openStore(context.paths.store, context.now);
  const directory = await store.newBuild();
  try {
    const read = await readBuild(context, {
      parsed: parsed.value,
      stdin: noStdin(),
      store,
      directory,
    });
    if (read.kind === 'passthrough') return err(read.plan.reason);
    const build = { ...read, plan: { ...read.plan, hermetic: undefined } };
    const { exitCode } = await runBuildKit(context, build);
    if (exitCode !== 0) return err(`the build of stage ${stage} failed with ${exitCode}`);
    const exported = await readExport(build.plan.layout, store.blobs);
    const image = await normaliseBuilt(context, build, exported);
    const packages = await packagesOfImage(context, store.blobs, image, presentPackages);
    const [first] = packages.values();
    return first === undefined ? err('the stage does not contain an image') : ok(versionsOf(first));
  } finally {
    await directory.discard();
  }
}

async function namesIn(folder: string): Promise<readonly string[] | undefined> {
  return (await readdir(folder).catch(() => undefined))?.sort();
}

/** The lock beside a Dockerfile; undefined where none can be read, which builds report. */
async function readLockBeside(dockerfile: string): Promise<LockFile | undefined> {
  const path = join(dirname(dockerfile), LOCK_FILE_NAME);
  const text = await readLockText(path).catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = await parseLock(text, path);
  return parsed.ok ? parsed.value : undefined;
}

/** Gathers only what rules need. Facts that cannot be had are there with the reason. */
async function gatherFacts(
  context: PipelineContext,
  request: FactsRequest,
): Promise<Omit<FixFacts, 'ignoreFile'>> {
  const { needs, contextFolder, dockerfile, settings } = request;
  const registries = new Registries(context, settings.registries);
  const lock =
    needs.has('digests') || needs.has('versions') ? await readLockBeside(dockerfile) : undefined;
  const origin = needs.has('git') ? await remoteOrigin(context.run, contextFolder) : undefined;
  const found = async <K, V>(
    need: FixNeed,
    find: () => Promise<ReadonlyMap<K, V>>,
  ): Promise<ReadonlyMap<K, V>> => (needs.has(need) ? find() : new Map());
  return {
    digests: await found('digests', () => fixDigests(context, registries, request, lock)),
    bases: await found('bases', () => fixBases(context, registries, request)),
    hashes: await found('hashes', () => fixHashes(context, request)),
    versions: await found('versions', () => fixVersions(context, request, lock)),
    context: needs.has('context') ? await namesIn(contextFolder) : undefined,
    repository: publicSourceUrl(origin ?? ''),
  };
}

/**
 * What others are asked for. A hint rests on what they said today; that one did not answer counts
 * for an hour. So no build that changes one line asks them again.
 */
async function askedOrKept<T>(
  context: PipelineContext,
  isHint: boolean | undefined,
  key: string,
  ask: () => Promise<Result<T>>,
): Promise<Result<T>> {
  if (isHint !== true) return ask();
  const hints = openCache(context, 'hints', 1);
  const kept = (await hints.get(key)) as { at: number; found: Result<T> } | undefined;
  const age = kept === undefined ? -1 : context.now() - kept.at;
  if (kept !== undefined && age >= 0 && age < (kept.found.ok ? DAY_MS : HOUR_MS)) return kept.found;
  const found = await ask();
  context.signal.throwIfAborted();
  await hints.set(key, { at: context.now(), found });
  return found;
}

/**
 * The digests of the tags in a Dockerfile, by full reference. Those in scoville.lock are taken from
 * there, so that both say the same; with `refresh` every registry is asked. An image that only the
 * engine has cannot be built by digest.
 */
export async function fixDigests(
  context: PipelineContext,
  registries: Registries,
  { read, refresh, settings, isLocal, isHint }: FactsRequest,
  beside: LockFile | undefined,
): Promise<ReadonlyMap<string, Result<Digest>>> {
  const lock = refresh ? undefined : beside;
  const inFile = read.model.externalImages.flatMap(({ reference }) => {
    if (reference === undefined) return [];
    const { digest, ...unpinned } = reference;
    if (digest !== undefined && (!refresh || reference.tag === undefined)) return [];
    return [withDefaultTag(unpinned)];
  });
  const wanted = [...inFile, ...runtimeImages(read, settings.fix.distroless), ...slimImages(read)];
  const own = new Set(read.model.externalImages.map(({ reference }) => reference?.registry));
  const names = new Map(wanted.map((reference) => [formatReference(reference), reference]));
  const found = await Promise.all(
    [...names].map(async ([name, reference]): Promise<[string, Result<Digest>]> => {
      const locked = lock?.images.get(name);
      if (locked !== undefined && !locked.local) return [name, ok(locked.digest)];
      if (isLocal === true) return [name, NOT_ASKED];
      const { registry, repository, tag = 'latest' } = reference;
      // What an edit would bring in: offline, only registries of images that the Dockerfile has are
      // asked.
      if (settings.offline && !own.has(registry)) return [name, err(`${registry} is not asked`)];
      // Whether a tag has moved is what a refresh is about.
      const mayBeKept = isHint === true && !(refresh && inFile.includes(reference));
      const found = await askedOrKept(context, mayBeKept, `digest ${name}`, async () => {
        try {
          const root = await registries.reader(registry).findManifest(repository, tag);
          return root === undefined
            ? err(`${registry} does not have it`)
            : ok(root.descriptor.digest);
        } catch (error) {
          context.signal.throwIfAborted();
          return err(messageOf(error));
        }
      });
      return [name, found];
    }),
  );
  return new Map(found);
}

const AT_ONCE = 4;
/** A Dockerfile with more is not one that a person wrote. */
const MOST = 64;

/** Digests of what the Dockerfile downloads without a check, taken now, by address. */
export async function fixHashes(
  context: PipelineContext,
  { read, settings, isLocal, isHint }: FactsRequest,
): Promise<ReadonlyMap<string, Result<FetchedFile>>> {
  const wanted = read.analysis.downloads.flatMap(({ kind, url, verifiedBy }) =>
    ['curl', 'wget', 'add'].includes(kind) && url !== undefined && verifiedBy === undefined
      ? [url]
      : [],
  );
  const urls = [...new Set(wanted)].slice(0, MOST);
  if (isLocal === true) return new Map(urls.map((url) => [url, NOT_ASKED]));
  if (settings.offline) return new Map(urls.map((url) => [url, err('nothing is fetched offline')]));
  const found = new Map<string, Result<FetchedFile>>();
  const { env } = context;
  const named = ({ host }: URL) => settings.registries[host];
  const guarded = networkFetch(env, env['HOME'] ?? '/', { isNamed: (url) => !!named(url) });
  const fetchOne = async (url: string): Promise<void> => {
    context.emit({ kind: 'notice', text: `fetching ${shownAddress(url)} for its hash` });
    const how = {
      allowsPlain: (url: URL) => named(url)?.plainHttp === true,
      fetch: guarded,
      userAgent: `scoville/${context.version}`,
      signal: context.signal,
    };
    found.set(
      url,
      await askedOrKept(context, isHint, `hash ${digestOf(url)}`, () => fetchDigest(url, how)),
    );
  };
  if (urls.length > 0)
    await phase(
      context,
      'inspect',
      () => inParallel(urls, AT_ONCE, fetchOne),
      () => {
        const fetched = [...found.values()].filter(({ ok }) => ok).length;
        return { detail: `${fetched} of ${quantity(urls.length, 'download')} fetched` };
      },
    );
  return found;
}

export interface FixRequest {
  readonly path: string;
  /** The Dockerfile as an editor has it. */
  readonly text?: string;
  /** Read the folder alone: no registry, server or engine. */
  readonly isLocal?: boolean;
  /** The image of this Dockerfile that was just judged; without it, what the last build kept. */
  readonly scored?: readonly LastResult[];
  /** No edit is made by it: what registries and servers said today will do. */
  readonly isHint?: boolean;
  /** The build context's folder; undefined: that of the Dockerfile. */
  readonly contextFolder: string | undefined;
  /** `--build-arg`, NAME=VALUE. */
  readonly buildArgs: readonly string[];
  readonly target: string | undefined;
  /** Ids of edits, rules or criteria; none: all. */
  readonly only: readonly string[];
  /** The highest risk allowed. Undefined: low, or medium where asked for or decided on. */
  readonly maxRisk: Risk | undefined;
  /** Each edit is shown to a person first, or proven by a command that asks the program. */
  readonly isDecided: boolean;
  readonly options: FixOptions;
  /** Build each stage that installs packages, to learn their versions. */
  readonly build: boolean;
  /** Hosts that may be spoken to without TLS. */
  readonly plainHttp: readonly string[];
  /** The settings file that was named. */
  readonly config?: string | undefined;
  readonly settings: Settings;
}

/** A Dockerfile with all that is needed to plan edits of it, again and again. */
export interface FixTask {
  readonly opened: OpenedFiles;
  readonly around: FixInputs;
  /** Whether an edit is one of those that were asked for, its risk aside. */
  readonly isNamed: (edit: PlannedEdit) => boolean;
  readonly isWithinRisk: (edit: PlannedEdit) => boolean;
  /** What edits are worth together, by their ids. */
  readonly worth: Gains['together'];
  /** The last build of this Dockerfile from this folder, as words behind `scoville build`. */
  readonly again: readonly string[] | undefined;
  /** `scoville fix` of this Dockerfile as it was asked for, with more flags. */
  readonly command: (flags: readonly string[]) => string;
}

/** The rules that `only` names, by their id, their criterion, or the id of one of their edits. */
function namedRules(only: readonly string[]): readonly FixRule[] {
  const isNamed = ({ id, criterion }: FixRule, name: string): boolean =>
    name === id || name === criterion || name.startsWith(`${id}:`);
  const strange = only.find((name) => !FIX_RULES.some((rule) => isNamed(rule, name)));
  if (strange !== undefined)
    throw new UserError(`invalid value ${JSON.stringify(strange)} for --only`, {
      nextStep: `it takes the id of an edit, a criterion, or a rule: ${FIX_RULES.map(({ id }) => id).join(', ')}`,
    });
  return only.length === 0
    ? FIX_RULES
    : FIX_RULES.filter((rule) => only.some((name) => isNamed(rule, name)));
}

/** The highest risk that an edit of a rule may have. */
function mostRisk(rule: string, { only, maxRisk, build, options, isDecided }: FixRequest): Risk {
  const isAskedFor =
    isDecided ||
    only.length > 0 ||
    (build && rule === 'pin-packages') ||
    (options.freeze !== undefined && rule === 'freeze-archives');
  return maxRisk ?? (isAskedFor ? 'medium' : 'low');
}

/**
 * Opens a Dockerfile for fixing and finds out what the wanted rules need: digests, versions,
 * hashes. What cannot be found out is not an error: the rule that needs it says so. Throws
 * UserError where the Dockerfile cannot be read, or is none.
 */
export async function planFixes(context: PipelineContext, request: FixRequest): Promise<FixTask> {
  return (await prepareFixes(context, request))(request.scored);
}

/** The same, before it is known how the image is judged. */
export async function prepareFixes(
  context: PipelineContext,
  request: Omit<FixRequest, 'scored'>,
): Promise<(scored: FixRequest['scored']) => FixTask> {
  const rules = namedRules(request.only);
  const found = await openFixFiles(context.cwd, request.path, request.contextFolder);
  const { text: dockerfile = found.files.dockerfile } = request;
  const opened = { ...found, files: { ...found.files, dockerfile } };
  const { buildArgs = {}, target } = givenDockerfile(
    request.path,
    opened.files.dockerfile,
    request,
  );
  const folder = buildContext(opened.contextFolder, opened.paths.Dockerfile);
  const reading = { buildArgs, ...given({ target }), context: folder };
  const read = readFixFile(opened.files.dockerfile, reading);
  if (!read.ok)
    throw new UserError(
      `${opened.names.Dockerfile}, line ${read.error.line}: ${read.error.message}`,
      { nextStep: 'fix the line; scoville fix edits what BuildKit would build' },
    );
  const facts = await gatherFacts(context, {
    ...request,
    read: read.value,
    needs: new Set(rules.flatMap((rule) => rule.needs)),
    contextFolder: opened.contextFolder,
    dockerfile: opened.paths.Dockerfile,
    refresh: request.options.refresh,
  });
  const around: FixInputs = { ...reading, rules, options: request.options, facts };
  const last = await lastScorecard(context, opened.paths.Dockerfile, request.target);
  // Worked out once, of the file as it is: later plans know what an edit was worth by its id.
  const first = planEdits(opened.files, around);
  return (scored = last?.criteria) => {
    const gains = fixGains(first.ok ? first.value.edits : [], {
      files: opened.files,
      around,
      declarations: declared({ settings: request.settings, now: context.now() }),
      scored,
    });
    return {
      opened,
      around: {
        ...around,
        withGains: (edits) =>
          edits.map((edit) => ({ ...edit, ...given({ gain: gains.of(edit.id) }) })),
      },
      isNamed: ({ id, rule, criterion }) =>
        request.only.length === 0 ||
        request.only.some((name) => name === id || name === rule || name === criterion),
      isWithinRisk: ({ risk, rule }) => isWithin(risk, mostRisk(rule, request)),
      worth: gains.together,
      again: last?.build?.cwd === context.cwd ? last.build.words : undefined,
      command: (flags) => {
        const path = opened.named.Dockerfile;
        return fixCommand({ ...request, path }, context.cwd, flags);
      },
    };
  };
}

/** Applies the edits of a task that `decide` chooses. Throws UserError if not a Dockerfile. */
export async function applyFixes(
  { opened, around }: FixTask,
  decide: Parameters<typeof applyDecided>[2],
): Promise<AppliedFixes> {
  const done = await applyDecided(opened.files, around, decide);
  if (done.ok) return done.value;
  throw unreadable(opened, done.error);
}

/** Applies the edits that are wanted, and no others. Throws as `applyFixes` does. */
export function applyWanted(
  task: FixTask,
  isWanted: (edit: PlannedEdit) => boolean,
): Promise<AppliedFixes> {
  return applyFixes(task, (edit) => (isWanted(edit) ? 'apply' : 'skip'));
}

/** A Dockerfile that cannot be read, as an error for the user. */
export function unreadable({ names }: OpenedFiles, { line, message }: LineError): UserError {
  return new UserError(`${names.Dockerfile}, line ${line}: ${message}`);
}
