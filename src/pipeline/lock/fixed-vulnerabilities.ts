import { severityRank, type Vulnerability } from '../../model/facts.ts';
import type { LockChange } from '../../model/lock.ts';
import { platformNameOf } from '../../model/oci.ts';
import type { OsRelease, Package } from '../../model/packages.ts';
import type { BlobStore } from '../../oci/blobs/blob-store.ts';
import { layersOf, openStored } from '../../oci/layout/open-layout.ts';
import { databaseFolder } from '../advisories/database-folder.ts';
import type { PipelineContext } from '../context.ts';
import type { FinalImage } from '../image-under-build.ts';
import { inspectPlatform } from '../layers/inspect-image.ts';

interface Content {
  readonly packages: readonly Package[];
  readonly osRelease: OsRelease | undefined;
}

/**
 * The changes with what each new version of a package fixes, by the database of advisories on this
 * machine: those that fix something first. As they are where there is no database, which is said.
 */
export async function withFixes(
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
    const { content } = await inspectPlatform(context, stored, opened, {});
    const name = platformNameOf({ ...platform, descriptor: platform.built.descriptor });
    const updates = changes.filter((change) => isUpdate(change) && change.platform === name);
    const found = await fixesOf(context, updates, {
      packages: content.packages,
      osRelease: content.filesystem.osRelease,
    });
    if (found === undefined) return changes;
    for (const [change, ids] of found) fixes.set(change, ids);
  }
  const marked = changes.map((change) => {
    const ids = fixes.get(change) ?? [];
    return ids.length === 0 ? change : { ...change, fixes: ids };
  });
  const count = ({ fixes: ids = [] }: LockChange): number => ids.length;
  return marked.toSorted((a, b) => Number(count(b) > 0) - Number(count(a) > 0));
}

function isUpdate({ subject, before, after }: LockChange): boolean {
  return subject === 'package' && before !== undefined && after !== undefined;
}

/** What each of the updates fixes; undefined where no database can tell. */
export async function fixesOf(
  context: PipelineContext,
  updates: readonly LockChange[],
  content: Content,
): Promise<ReadonlyMap<LockChange, readonly string[]> | undefined> {
  const pairs = updates.flatMap((change) => {
    const now = content.packages.filter(({ type, name }) => `${type} ${name}` === change.name);
    const [first] = now;
    const before = change.before?.split(', ') ?? [];
    return first === undefined
      ? []
      : [{ change, now, before: before.map((version) => atVersion(first, version)) }];
  });
  const old = await known(context, { ...content, packages: pairs.flatMap((pair) => pair.before) });
  if (old === undefined) return undefined;
  const fresh = await known(context, { ...content, packages: pairs.flatMap(({ now }) => now) });
  if (fresh === undefined) return undefined;
  return new Map(
    pairs.map(({ change, before, now }) => {
      const still = new Set(idsOf(fresh, now));
      return [change, [...new Set(idsOf(old, before))].filter((id) => !still.has(id))];
    }),
  );
}

/** A source package has the version of its binary one as a rule: the lock has the latter alone. */
function atVersion(found: Package, version: string): Package {
  const { source } = found;
  return {
    ...found,
    version,
    ...(source?.version === found.version ? { source: { ...source, version } } : {}),
  };
}

async function known(
  context: PipelineContext,
  content: Content,
): Promise<readonly Vulnerability[] | undefined> {
  const { scanWithDatabase } = await import('../../tools/advisories/scan-database.ts');
  const found = await scanWithDatabase({
    folder: databaseFolder(context),
    now: context.now(),
    ...content,
  });
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
