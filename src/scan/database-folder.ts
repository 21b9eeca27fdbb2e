import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { CacheHome } from '../image/caches.ts';

export function databaseFolder({ paths }: CacheHome): string {
  return join(paths.cache, 'advisories', 'v2');
}

/** Changes whenever an update does. */
export function databaseStamp(home: CacheHome): number {
  try {
    return statSync(databaseFolder(home)).mtimeMs;
  } catch {
    return 0;
  }
}
