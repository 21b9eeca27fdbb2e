import { openCache } from '../../oci/layout/caches.ts';
import type { PipelineContext } from '../context.ts';

const SCHEMA = 1;
/** For this long, a build starts at the time of the Dockerfile's last one: its RUNs are cached. */
const KEPT_SECONDS = 24 * 60 * 60;

/** Seconds since 1970: when the first build of this Dockerfile began, today's. */
export async function firstStart(context: PipelineContext, dockerfile: string): Promise<number> {
  const starts = openCache(context, 'clock-starts', SCHEMA);
  const now = Math.floor(context.now() / 1000);
  const kept = await starts.get(dockerfile);
  if (typeof kept === 'number' && kept <= now && now - kept < KEPT_SECONDS) return kept;
  await starts.set(dockerfile, now);
  return now;
}
