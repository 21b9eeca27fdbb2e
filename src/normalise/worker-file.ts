import { existsSync } from 'node:fs';

/** The bundle of a thread's code: beside this code or a folder up, where bundling made it a chunk; undefined when run from source. */
export function workerFile(
  name: 'compress-worker' | 'layer-worker',
  here: string = import.meta.url,
): URL | undefined {
  return [`./${name}.js`, `../${name}.js`]
    .map((path) => new URL(path, here))
    .find((url) => url.protocol === 'file:' && existsSync(url));
}
