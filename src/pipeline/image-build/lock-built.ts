import type { LockChange, LockFile } from '../../model/lock.ts';
import type { BuildPlan } from '../../plans/build-plan.ts';
import { changeLines } from '../../plans/lock/lock-change-text.ts';
import { mapChanges, packageChanges } from '../../plans/lock/lock-changes.ts';
import { lockedRemotes } from '../../plans/lock/lock-contents.ts';
import { isAddition, withoutTarget } from '../../plans/lock/plan-lock.ts';
import type { PipelineContext } from '../context.ts';
import type { FinalImage } from '../image-under-build.ts';
import { driftError } from '../lock/lock-drift.ts';
import { provenanceOf } from './build-fact.ts';
import type { Built } from './states.ts';

/** What was built, as a lock; builder versions are left to the writer. */
export async function lockOfBuilt(
  context: PipelineContext,
  { plan, store, recording }: Pick<Built, 'plan' | 'store' | 'recording'>,
  image: FinalImage,
): Promise<LockFile | undefined> {
  if (plan.lock === undefined) return undefined;
  const built = image.platforms.map((platform) => platform.built);
  const provenance = built.flatMap((one) => provenanceOf(one) ?? []);
  const { remotes, secret } = lockedRemotes(provenance.flatMap(({ materials }) => materials));
  for (const address of secret)
    context.emit({
      kind: 'notice',
      text: `${address} is not locked: its address contains a secret, which must not get into git`,
    });
  const { packagesOfImage } = await import('./lock-packages.ts');
  const { source, name } = provenance[0]?.frontend ?? {};
  const frontend = source ?? name;
  // A replay leaves the lock what it is.
  const { fetches, incomplete } =
    (plan.hermetic === 'record' ? recording : undefined) ?? plan.lock.before ?? {};
  return {
    ...plan.lock.now,
    builder: frontend === undefined ? {} : { frontend },
    // Without provenance nothing is known of what ADD fetched.
    remotes: provenance.length === 0 ? (plan.lock.before?.remotes ?? remotes) : remotes,
    packages: await packagesOfImage(context, store.blobs, image),
    ...(fetches === undefined ? {} : { fetches }),
    ...(incomplete === undefined ? {} : { incomplete }),
  };
}

/**
 * Holds what was built against the lock: drift is reported, a line each, and with `--locked` thrown
 * as a UserError with exit code 2. What the lock merely lacks is no drift but with `--locked`.
 */
export function checkBuilt(context: PipelineContext, plan: BuildPlan, built: LockFile): void {
  const { lock } = plan;
  if (lock?.before === undefined) return;
  const { before, drift, path, locked } = lock;
  const changes = [
    ...(plan.hermetic === undefined ? drift : withoutTarget(drift)),
    ...builtChanges(before, built, drift),
  ];
  if (changes.length === 0) return;
  if (locked) throw driftError(path, changes);
  const added = changes.filter(isAddition);
  const drifted = changes.filter((change) => !isAddition(change));
  for (const line of changeLines(added))
    context.emit({ kind: 'notice', text: `${path} lacks what this build uses, added: ${line}` });
  for (const line of changeLines(drifted))
    context.emit({ kind: 'notice', text: `not as ${path} says: ${line}` });
  if (drifted.length > 0)
    context.emit({
      kind: 'notice',
      text: 'scoville lock takes this into the lock, --locked makes it an error',
    });
}

function builtChanges(
  before: LockFile,
  built: LockFile,
  drift: readonly LockChange[],
): readonly LockChange[] {
  // Another stage, or another Dockerfile, installs and fetches other things.
  if (isOfAnother(drift)) return [];
  const remotes = mapChanges('remote', before.remotes, built.remotes).filter(
    ({ after }) => after !== undefined,
  );
  const packages = [...built.packages].flatMap(([platform, found]) =>
    packageChanges(platform, before.packages.get(platform), found),
  );
  return [...remotes, ...packages];
}

/** The lock is of another stage or Dockerfile: its packages are not those of this build. */
export function isOfAnother(drift: readonly LockChange[]): boolean {
  return drift.some(({ subject }) => subject === 'target' || subject === 'dockerfile');
}
