import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PipelineContext } from '../model/context.ts';
import { boundCaches, orWarn } from './caches.ts';
import { makeFolder, writeBeside } from './disk.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Trims caches once a day, after a run that filled them: it costs more than most runs. */
export async function boundKeptDaily(
  context: Pick<PipelineContext, 'paths' | 'now' | 'emit'>,
): Promise<void> {
  const { cache } = context.paths;
  const now = context.now();
  const stamp = join(cache, 'bounded');
  const last = await stat(stamp).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  if (now - last < DAY_MS && last <= now) return;
  await orWarn(context, async () => {
    await makeFolder(cache);
    await writeBeside(stamp, '');
    await boundCaches(cache);
  });
}
