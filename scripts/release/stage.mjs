// What every form of the release is made of: the files of the npm package, with a package.json that says only what users need.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ownPackage, packagePaths, ROOT } from '../package/package-files.mjs';
import { writeManPages } from './man.mjs';

/** For who works on scoville, not for who installs it. */
const DEVELOPMENT = ['scripts', 'devDependencies'];

/** Puts the files and the manual pages into `folder`, and gives the package.json in it. `repository` is where the source is, when it is known. */
export async function stage(folder, repository) {
  rmSync(folder, { recursive: true, force: true });
  for (const path of packagePaths()) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    copyFileSync(join(ROOT, path), join(folder, path));
  }
  const about = Object.fromEntries(
    Object.entries(ownPackage()).filter(([name]) => !DEVELOPMENT.includes(name)),
  );
  await writeManPages(join(folder, 'man'), about.version);
  about.files = [...about.files, 'man'];
  about.directories = { man: 'man' };
  // `npm publish --provenance` compares it with where the workflow runs.
  if (repository !== undefined)
    about.repository = { type: 'git', url: `git+${repository.replace(/(?:\.git)?$/, '.git')}` };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(about, undefined, 2)}\n`);
  return about;
}

/** Packs what was staged into `out`; gives the tarball's path. */
export function packNpm(staged, out) {
  const printed = execFileSync(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', out, staged],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  return join(out, JSON.parse(printed)[0].filename);
}
