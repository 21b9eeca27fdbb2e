import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from './errors.ts';

const MOST_PARENTS = 4;

/** A folder that comes with scoville, above dist/ or the sources. Throws UserError if not found. */
export function shippedFolder(name: string, has: string, module = import.meta.url): string {
  let folder = dirname(fileURLToPath(module));
  for (let i = 0; i < MOST_PARENTS; i++) {
    const found = join(folder, name);
    if (existsSync(join(found, has))) return found;
    folder = dirname(folder);
  }
  throw new UserError(`the ${name} that come with scoville are not where they should be`, {
    nextStep: 'reinstall scoville',
  });
}
