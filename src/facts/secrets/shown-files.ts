import { plainEntry } from '../../model/tar.ts';
import type { SecretFacts } from '../layer-facts.ts';
import { secretCollector } from './secret-collector.ts';

/** The secrets found in a layer with these files. `path` is absolute, as in the image. */
export function secretsInFiles(
  files: readonly { readonly path: string; readonly text: string }[],
): SecretFacts['secrets'] {
  const collector = secretCollector();
  for (const { path, text } of files) {
    const content = Buffer.from(text, 'utf8');
    const entry = plainEntry(path, 'file', content.length, 0o644);
    const found = { path: path.replace(/^\/+/, ''), entry };
    const { want } = collector.wants(found);
    if (want === 'stream') collector.chunk?.(content);
    collector.visit(found, want === 'all' ? content : undefined, false);
  }
  return collector.finish().secrets;
}
