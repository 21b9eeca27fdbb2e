import type { LayerCollector } from '../model/walk.ts';

/** Small files that are read once all layers are known. */
const WANTED = new Set(['etc/os-release', 'usr/lib/os-release', 'etc/passwd']);
const CAP = 256 * 1024;

export function isWantedText(path: string): boolean {
  return WANTED.has(path);
}

/** The text of os-release and passwd, where the layer holds them as files. */
export function textCollector(): LayerCollector<Readonly<Record<string, string>>> {
  const texts: Record<string, string> = {};
  return {
    name: 'texts',
    wants: ({ path, entry }) =>
      isWantedText(path) && entry.type === 'file' ? { want: 'all', cap: CAP } : { want: 'none' },
    visit: ({ path, entry }, content) => {
      if (!isWantedText(path) || entry.type !== 'file') return;
      texts[path] = Buffer.from(content ?? []).toString('utf8');
    },
    finish: () => texts,
  };
}
