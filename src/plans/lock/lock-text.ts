import type { Fetch } from '../../model/fetches.ts';
import { LOCK_SCHEMA_VERSION, type LockFile } from '../../model/lock.ts';
import { byName } from '../../model/order.ts';
import { rfc3339 } from '../epoch.ts';

const HEAD = `What this image takes from outside: keep it in git beside the Dockerfile. \`scoville lock\` refreshes it (docs/lock.md).`;

/** The lock as YAML, its keys in one order, names sorted: the same lock gives the same text. */
export async function lockText(lock: LockFile): Promise<string> {
  const { Document } = await import('yaml');
  const document = new Document(plainLock(lock), { aliasDuplicateObjects: false });
  document.commentBefore = ` ${HEAD}`;
  return document.toString({ lineWidth: 0 });
}

/** As maps in writing order; what is empty is left out. */
function plainLock(lock: LockFile): ReadonlyMap<string, unknown> {
  const { builder, epoch } = lock;
  const images = byName(lock.images).map(([name, image]): [string, unknown] => [
    name,
    filled([
      ['digest', image.digest],
      ['local', image.local ? true : undefined],
      ['platforms', mapOf(byName(image.platforms))],
    ]),
  ]);
  const packages = byName(lock.packages).map(([platform, types]): [string, unknown] => [
    platform,
    new Map(byName(types)),
  ]);
  // A build that was recorded and fetched nothing is another than one that was not.
  const fetches =
    lock.fetches &&
    new Map(byName(lock.fetches).map(([stage, list]) => [stage, list.map(plainFetch)]));
  return filled([
    ['schemaVersion', LOCK_SCHEMA_VERSION],
    ['dockerfile', lock.dockerfile],
    ['target', lock.target],
    ['images', mapOf(images)],
    [
      'epoch',
      epoch === undefined
        ? undefined
        : new Map<string, unknown>([
            ['seconds', epoch.seconds],
            ['reason', epoch.reason],
          ]),
    ],
    ['start', lock.start === undefined ? undefined : rfc3339(lock.start)],
    [
      'builder',
      mapOf([
        ...filled([
          ['docker', builder.docker],
          ['buildx', builder.buildx],
          ['buildkit', builder.buildkit],
          ['frontend', builder.frontend],
        ]),
      ]),
    ],
    ['normaliser', lock.normaliser],
    ['snapshots', lock.snapshots.length === 0 ? undefined : lock.snapshots],
    ['remotes', mapOf(byName(lock.remotes))],
    // A platform of which nothing was installed stays: its packages are known to be none.
    ['packages', mapOf(packages)],
    ['fetches', fetches],
    ['incomplete', mapOf(byName(lock.incomplete ?? new Map<string, readonly string[]>()))],
  ]);
}

function plainFetch(fetch: Fetch): ReadonlyMap<string, unknown> {
  const { address, method, request, status, headers, digest, size } = fetch;
  return filled([
    ['address', address],
    ['method', method],
    ['request', request],
    ['status', status],
    ['digest', digest],
    ['size', size],
    ['headers', headers === undefined ? undefined : mapOf(byName(Object.entries(headers)))],
  ]);
}

function mapOf(
  entries: readonly (readonly [string, unknown])[],
): ReadonlyMap<string, unknown> | undefined {
  return entries.length === 0 ? undefined : new Map(entries);
}

function filled(entries: readonly (readonly [string, unknown])[]): ReadonlyMap<string, unknown> {
  return new Map(entries.filter(([, value]) => value !== undefined));
}
