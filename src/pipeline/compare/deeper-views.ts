import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContentDifference } from '../../model/difference.ts';
import { lookDeeper } from '../../tools/diffoscope.ts';
import type { PipelineContext } from '../context.ts';
import { inTemporaryFolder } from '../temporary-folder.ts';

/**
 * Shows two contents of one file in detail; undefined where that is not wanted, or shows nothing.
 */
export type LookDeeper = (
  path: string,
  format: ContentDifference['format'],
  first: Uint8Array,
  second: Uint8Array,
) => Promise<string | undefined>;

/** Most files given to diffoscope; each takes seconds. */
const MOST_FILES = 10;
/** What is not of a kind that its own text shows. Keys are never given to it. */
const FORMATS: readonly ContentDifference['format'][] = [
  'elf',
  'zip',
  'gzip',
  'tar',
  'ar',
  'sqlite',
  'png',
  'pdf',
  'pyc',
  'binary',
];

/**
 * Views by diffoscope, for the first ten files whose kind it knows better than we do. Contents lie
 * in a private folder under names of ours while it runs, and nowhere after that. Where it is not
 * installed, one notice says so.
 */
export function deeperViews({
  run,
  signal,
  emit,
}: Pick<PipelineContext, 'run' | 'signal' | 'emit'>): LookDeeper {
  let left = MOST_FILES;
  return async (path, format, first, second) => {
    if (left === 0 || !FORMATS.includes(format)) return undefined;
    left -= 1;
    return inTemporaryFolder('deeper', async (folder) => {
      const ending = safeEnding(path);
      const files = {
        first: join(folder, `first${ending}`),
        second: join(folder, `second${ending}`),
      };
      await writeFile(files.first, first, { mode: 0o600 });
      await writeFile(files.second, second, { mode: 0o600 });
      const { installed, view } = await lookDeeper(run, { ...files, signal });
      if (installed) return view;
      left = 0;
      emit({
        kind: 'notice',
        text: 'diffoscope is not installed: no deeper views (on Debian and Ubuntu: apt-get install diffoscope-minimal)',
      });
      return undefined;
    });
  };
}

/** An ending that shows diffoscope a format; nothing else of an image's name names a file. */
function safeEnding(path: string): string {
  return /\.[a-z0-9]{1,8}$/i.exec(path)?.[0] ?? '';
}
