import { conversation, pipelineContext } from '../cli/conversation.ts';
import { asksHelp, buildWordsError } from '../cli/flags.ts';
import { type Command, writeHelp, writeProse } from '../cli/io.ts';
import { LOCK } from '../cli/specs.ts';
import { inspectPlatform } from '../grade/inspect-layers.ts';
import type { BlobStore } from '../image/blob-store.ts';
import { layersOf, openStored } from '../image/layout/open-layout.ts';
import { openStore } from '../image/layout/store.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import { quantity } from '../lib/text.ts';
import { phase, type PipelineContext } from '../model/context.ts';
import { severityRank, type Vulnerability } from '../model/facts.ts';
import { platformNameOf } from '../model/image.ts';
import type { LockChange, LockFile } from '../model/lock.ts';
import type { OsRelease, Package } from '../model/packages.ts';
import { jsonText } from '../report/text.ts';
import { databaseFolder } from '../scan/database-folder.ts';
import { lockOfBuilt, writeLock } from './built-lock.ts';
import { parseBuildArgs, type ParsedBuild } from './command-line.ts';
import type { FinalImage } from './image-under-build.ts';
import { lockChanges, updateSummary } from './lock-changes.ts';
import { exportOf, normaliseBuilt } from './normalise-built.ts';
import { progressStyle } from './plan.ts';
import { secondBuild } from './prove.ts';
import { readBuild } from './read-build.ts';
import { runBuildKit } from './run-buildkit.ts';

/** The changes, those first that fix what the database of advisories knows. */
async function withFixes(
  context: PipelineContext,
  blobs: BlobStore,
  image: FinalImage,
  changes: readonly LockChange[],
): Promise<readonly LockChange[]> {
  if (!changes.some(isUpdate)) return changes;
  const stored = await openStored(blobs, image.index);
  const fixes = new Map<LockChange, readonly string[]>();
  for (const platform of image.platforms) {
    const opened = { config: platform.config, layers: layersOf(stored, platform) };
    const { content } = await inspectPlatform(context, stored, opened);
    const name = platformNameOf({ ...platform, descriptor: platform.built.descriptor });
    const updates = changes.filter((change) => isUpdate(change) && change.platform === name);
    const { packages, filesystem } = content;
    const found = await fixesOf(context, updates, { packages, osRelease: filesystem.osRelease });
    if (found === undefined) return changes;
    for (const [change, ids] of found) if (ids.length > 0) fixes.set(change, ids);
  }
  const fixing = changes.flatMap((one) =>
    fixes.has(one) ? { ...one, fixes: fixes.get(one) } : [],
  );
  return [...fixing, ...changes.filter((one) => !fixes.has(one))] as readonly LockChange[];
}

function isUpdate({ subject, before, after }: LockChange): boolean {
  return subject === 'package' && before !== undefined && after !== undefined;
}

export async function fixesOf(
  context: PipelineContext,
  updates: readonly LockChange[],
  { packages, osRelease }: Content,
): Promise<ReadonlyMap<LockChange, readonly string[]> | undefined> {
  const pairs = updates.flatMap((change) => {
    const now = packages.filter(({ type, name }) => `${type} ${name}` === change.name);
    const [first] = now;
    if (first === undefined) return [];
    const before = (change.before?.split(', ') ?? []).map((version) => atVersion(first, version));
    return [{ change, now, before }];
  });
  const asked = pairs.flatMap(({ before, now }) => [...before, ...now]);
  const all = await known(context, { packages: asked, osRelease });
  if (all === undefined) return undefined;
  return new Map(
    pairs.map(({ change, before, now }) => {
      const still = idsOf(all, now);
      return [change, [...new Set(idsOf(all, before))].filter((id) => !still.includes(id))];
    }),
  );
}

/** A source package has the version of its binary one as a rule: the lock has the latter alone. */
function atVersion(found: Package, version: string): Package {
  const { source } = found;
  const isSame = source?.version === found.version;
  return { ...found, version, ...(isSame ? { source: { ...source, version } } : {}) };
}

interface Content {
  readonly packages: readonly Package[];
  readonly osRelease: OsRelease | undefined;
}

async function known(
  context: PipelineContext,
  content: Content,
): Promise<readonly Vulnerability[] | undefined> {
  const { scanWithDatabase } = await import('../scan/advisories.ts');
  const at = { folder: databaseFolder(context), now: context.now() };
  const found = await scanWithDatabase({ ...at, ...content });
  if (found.ok) return found.value.vulnerabilities;
  context.emit({ kind: 'notice', text: `what the new versions fix is not known: ${found.error}` });
  return undefined;
}

/** `CVE-2026-1 (high)`, the worst first. */
function idsOf(all: readonly Vulnerability[], packages: readonly Package[]): readonly string[] {
  const names = new Set(packages.map(({ name, version }) => `${name} ${version}`));
  return all
    .filter((one) => names.has(`${one.package} ${one.version}`))
    .toSorted((a, b) => severityRank(a.severity) - severityRank(b.severity))
    .map(({ id, severity }) => `${id} (${severity})`);
}

/** Resolves tags again, builds without a cache, writes the lock. A number: buildx' exit code. */
async function updateLock(
  context: PipelineContext,
  parsed: ParsedBuild,
  stdin: AsyncIterable<Uint8Array>,
) {
  const store = await openStore(context.paths.store, context.now);
  const directory = await store.newBuild();
  try {
    const unsigned = { ...parsed, own: { ...parsed.own, sign: false } };
    const from = { parsed: unsigned, stdin, store, directory };
    const prepared = await readBuild(context, { ...from, lockMode: 'update' });
    if (prepared.kind === 'passthrough')
      throw new UserError(`${prepared.plan.reason}: the build has no image to lock`);
    const { plan, lock } = prepared;
    if (plan.lock === undefined || lock === undefined)
      throw new UserError('a lock file has no place', { nextStep: '--lock=FILE' });
    const uncached = secondBuild(plan, plan.layout);
    const isRecorded = plan.hermetic !== undefined || lock.found?.fetches !== undefined;
    const hermetic = isRecorded ? 'record' : undefined;
    const first = { ...prepared, plan: { ...uncached, hermetic } as const };
    for (const text of plan.notices) context.emit({ kind: 'notice', text });
    const { exitCode, recording } = await runBuildKit(context, first);
    if (exitCode !== 0) return exitCode;
    const exported = await exportOf(first.plan, store.blobs);
    const image = await normaliseBuilt(context, first, exported);
    const built = await phase(
      context,
      'inspect',
      () => lockOfBuilt(context, { ...first, recording }, image),
      (found) => ({ detail: `${quantity(packageCount(found), 'package')} of own layers` }),
    );
    if (built === undefined) throw new Error('a planned lock is there');
    const next = withOtherPlatforms(built, lock.found);
    await writeLock(context, first, next);
    const changes =
      lock.found === undefined
        ? undefined
        : await withFixes(context, store.blobs, image, lockChanges(lock.found, next));
    return { path: plan.lock.path, lock: next, changes };
  } finally {
    await directory.discard();
  }
}

/** Packages of platforms that were not built now stay while their base images are the same. */
function withOtherPlatforms(built: LockFile, before: LockFile | undefined): LockFile {
  if (before === undefined) return built;
  const sameImages = lockChanges({ ...before, packages: built.packages }, built).every(
    ({ subject }) => !['image', 'target', 'dockerfile'].includes(subject),
  );
  if (!sameImages) return built;
  return { ...built, packages: new Map([...before.packages, ...built.packages]) };
}

function packageCount(lock: LockFile | undefined): number {
  return [...(lock?.packages.values() ?? [])].flatMap((types) => [...types.values()]).flat().length;
}

export const lock: Command = async (args, io) => {
  const parsed = parseBuildArgs(args, io.env);
  if (asksHelp(args) || (parsed.ok && parsed.value.kind === 'help')) {
    await writeHelp(io, LOCK);
    return EXIT.met;
  }
  if (!parsed.ok) throw buildWordsError(LOCK, parsed.error);
  if (parsed.value.kind === 'help') return EXIT.met;
  const style = progressStyle(parsed.value, io.env);
  if (!style.ok) throw new UserError(style.error);
  const talk = await conversation(io, style.value, parsed.value.own.interactive);
  const result = await updateLock(pipelineContext(io, talk.sink), parsed.value, io.stdin).finally(
    talk.stop,
  );
  if (typeof result === 'number') return result;
  const { path, changes, lock: written } = result;
  const totals = { images: written.images.size, packages: packageCount(written) };
  if (parsed.value.own.json)
    io.writeOut(jsonText({ schemaVersion: '1', file: path, ...totals, changes: changes ?? null }));
  else writeProse(io, updateSummary(path, changes, totals));
  return EXIT.met;
};
