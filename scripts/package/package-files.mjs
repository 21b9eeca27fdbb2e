// What belongs to the npm package, by path: what package.json names.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

export const ownPackage = () => JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

/** Paths relative to the root, sorted. */
export function packagePaths() {
  const { files } = ownPackage();
  return files
    .filter((name) => !name.startsWith('!'))
    .flatMap((name) => {
      const path = join(ROOT, name);
      return statSync(path).isDirectory()
        ? readdirSync(path, { recursive: true, withFileTypes: true })
            .filter((entry) => entry.isFile())
            .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
        : [name];
    })
    .filter((path) => !files.includes(`!${path}`))
    .toSorted();
}
