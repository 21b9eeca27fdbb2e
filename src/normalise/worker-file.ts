import { existsSync } from 'node:fs';

/**
 * The bundle of a thread's code, next to this code or one folder up, where bundling made this a
 * chunk; undefined when run from source.
 */
export function workerFile(
  name: 'compress-worker' | 'layer-worker',
  here: string = import.meta.url,
): URL | undefined {
  return [`./${name}.js`, `../${name}.js`]
    .map((path) => new URL(path, here))
    .find((url) => url.protocol === 'file:' && existsSync(url));
}
