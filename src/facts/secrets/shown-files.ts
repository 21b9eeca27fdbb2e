import type { TarEntry } from '../../model/tar.ts';
import type { SecretFacts } from '../layer-facts.ts';
import { secretCollector } from './secret-collector.ts';

const ENTRY: Omit<TarEntry, 'name' | 'size'> = {
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  uname: '',
  gname: '',
  mtime: 0,
  linkname: '',
  devmajor: 0,
  devminor: 0,
  pax: {},
  typeflag: '0',
};

/** What a layer that had these files would be found to hold: `path` is absolute, as the image has it. */
export function secretsInFiles(
  files: readonly { readonly path: string; readonly text: string }[],
): SecretFacts['secrets'] {
  const collector = secretCollector();
  for (const { path, text } of files) {
    const content = Buffer.from(text, 'utf8');
    const entry = { ...ENTRY, name: path, size: content.length };
    const found = { path: path.replace(/^\/+/, ''), entry };
    const { want } = collector.wants(found);
    if (want === 'stream') collector.chunk?.(content);
    collector.visit(found, want === 'all' ? content : undefined, false);
  }
  return collector.finish().secrets;
}
