import type { BuildContext } from '../../src/model/dockerfile.ts';

/** A build context of these files alone; undefined (none at hand) without any. */
export function contextOf(files: Readonly<Record<string, string>>): BuildContext | undefined {
  const paths = Object.keys(files);
  if (paths.length === 0) return undefined;
  return {
    text: (path) => files[path],
    kind: (path) => {
      if (files[path] !== undefined) return 'file';
      const isFolder = path === '' || paths.some((one) => one.startsWith(`${path}/`));
      return isFolder ? 'folder' : undefined;
    },
    names: (path) => {
      const below = path === '' ? '' : `${path}/`;
      const within = paths.filter((one) => one.startsWith(below));
      return [...new Set(within.map((one) => one.slice(below.length).split('/')[0] ?? ''))];
    },
  };
}
