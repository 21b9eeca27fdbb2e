import { UserError } from '../model/errors.ts';
import type { LockChange, LockFile } from '../model/lock.ts';
import { openStore } from '../oci/layout/layout-store.ts';
import type { ParsedBuild } from '../plans/flags/parse-build-args.ts';
import { lockChanges } from '../plans/lock/lock-changes.ts';
import { secondBuild } from '../plans/reproduce/second-build.ts';
import type { PipelineContext } from './context.ts';
import { phase } from './context.ts';
import { lockOfBuilt } from './image-build/lock-built.ts';
import { normaliseBuilt } from './image-build/normalise-built.ts';
import { readBuild } from './image-build/read-build.ts';
import { exportOf } from './image-build/read-export.ts';
import { runBuildKit } from './image-build/run-buildkit.ts';
import { writeLock } from './image-build/write-lock.ts';
import { withFixes } from './lock/fixed-vulnerabilities.ts';

/** How an update ended; `changes` is undefined where there was no lock before. */
type LockUpdate =
  | { readonly kind: 'buildx'; readonly exitCode: number }
  | {
      readonly kind: 'updated';
      readonly path: string;
      readonly lock: LockFile;
      readonly changes: readonly LockChange[] | undefined;
    };

/**
 * Resolves every tag again, builds without a cache so that each RUN fetches what there is now, and
 * writes the lock. Nothing is signed, graded, tagged, loaded or pushed. Throws UserError as a build
 * does, and where an image cannot be resolved.
 */
export async function updateLock(
  context: PipelineContext,
  parsed: ParsedBuild,
  stdin: AsyncIterable<Uint8Array>,
): Promise<LockUpdate> {
  const store = await openStore(context.paths.store, context.now);
  const directory = await store.newBuild();
  try {
    const unsigned = { ...parsed, own: { ...parsed.own, sign: false } };
    const prepared = await readBuild(context, {
      parsed: unsigned,
      stdin,
      store,
      directory,
      lockMode: 'update',
    });
    if (prepared.kind === 'passthrough')
      throw new UserError(`${prepared.plan.reason}: the build has no image to lock`);
    const { plan, lock } = prepared;
    if (plan.lock === undefined || lock === undefined)
      throw new UserError('a lock file has no place', { nextStep: '--lock=FILE' });
    const uncached = secondBuild(plan, { ...plan, sourcePolicyFile: policyFile(plan) });
    const isRecorded = plan.hermetic !== undefined || lock.found?.fetches !== undefined;
    const first = {
      ...prepared,
      plan: isRecorded ? { ...uncached, hermetic: 'record' as const } : uncached,
    };
    for (const text of plan.notices) context.emit({ kind: 'notice', text });
    const { exitCode, recording } = await runBuildKit(context, first);
    if (exitCode !== 0) return { kind: 'buildx', exitCode };
    const exported = await exportOf(first.plan, store.blobs);
    const image = await normaliseBuilt(context, first, exported);
    const built = await phase(
      context,
      'inspect',
      () => lockOfBuilt(context, { ...first, recording }, image),
      (found) => ({ detail: `${packageCount(found)} packages of own layers` }),
    );
    if (built === undefined) throw new Error('a planned lock is there');
    const next = withOtherPlatforms(built, lock.found);
    await writeLock(context, first, next);
    const changes =
      lock.found === undefined
        ? undefined
        : await withFixes(context, store.blobs, image, lockChanges(lock.found, next));
    return { kind: 'updated', path: plan.lock.path, lock: next, changes };
  } finally {
    await directory.discard();
  }
}

function policyFile({ sourcePolicy }: Parameters<typeof secondBuild>[0]): string {
  return sourcePolicy?.file ?? '';
}

/** Packages of platforms that were not built now stay while they stand on the same images. */
function withOtherPlatforms(built: LockFile, before: LockFile | undefined): LockFile {
  if (before === undefined) return built;
  const sameImages = lockChanges({ ...before, packages: built.packages }, built).every(
    ({ subject }) => !['image', 'target', 'dockerfile'].includes(subject),
  );
  return sameImages
    ? { ...built, packages: new Map([...before.packages, ...built.packages]) }
    : built;
}

/** All packages of all platforms. */
export function packageCount(lock: LockFile | undefined): number {
  return [...(lock?.packages.values() ?? [])]
    .flatMap((types) => [...types.values()])
    .reduce((sum, list) => sum + list.length, 0);
}
