import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../../model/errors.ts';

const MOST_PARENTS = 4;

/** The package's folder of templates: above the bundle and its chunks in dist/, and above the sources. Throws UserError where it is not there. */
export function templatesFolder(module: string = import.meta.url): string {
  let folder = dirname(fileURLToPath(module));
  for (let i = 0; i < MOST_PARENTS; i++) {
    const found = join(folder, 'templates');
    if (existsSync(join(found, 'common', 'manifest.yaml'))) return found;
    folder = dirname(folder);
  }
  throw new UserError('the templates that come with scoville are not where they should be', {
    nextStep: 'reinstall scoville',
  });
}
