import type { Database } from './database.ts';
import type { ServiceSettings } from './settings.ts';

const BATCH = 1_000;
/** An ask is of use for its days; grades stay longer. */
const ASK_SECONDS = 30 * 86_400;
/** A time of use is written once an hour. */
const USED_SECONDS = 3_600;
/** Part of the bound that may be written before what is over it is removed. */
const OVER = 1 / 32;

export function upkeepRecords(
  { query, transaction }: Database,
  now: () => number,
  { keepSeconds, bounds }: Pick<ServiceSettings, 'keepSeconds' | 'bounds'>,
) {
  const before = (seconds: number): Date => new Date(now() - seconds * 1000);
  let written = 0;

  /** Those used last stay, up to the bound. */
  const trimFacts = async (): Promise<void> => {
    written = 0;
    await query(
      `DELETE FROM layer_facts WHERE key IN (
         SELECT key FROM (
           SELECT key, sum(bytes) OVER (ORDER BY used_at DESC, key) AS total FROM layer_facts
         ) f WHERE total > $1
       )`,
      [bounds.factBytes],
    );
  };
  /** Grades beyond `keep`, but the newest of an image and the one that it is compared with. */
  const removeGrades = (): Promise<number> =>
    transaction(async (query) => {
      const removed = await query<{ document_id: Uint8Array }>(
        `DELETE FROM grade WHERE id IN (
           SELECT g.id FROM grade g JOIN image i ON i.id = g.image_id
           WHERE g.graded_at < $1 AND g.id IS DISTINCT FROM i.grade_id AND g.id IS DISTINCT FROM i.before_id
           ORDER BY g.graded_at LIMIT $2
         ) RETURNING document_id`,
        [before(keepSeconds), BATCH],
      );
      await query(
        `DELETE FROM document d WHERE d.id = ANY ($1::bytea[])
         AND NOT EXISTS (SELECT FROM grade g WHERE g.document_id = d.id)`,
        [removed.map(({ document_id }) => document_id)],
      );
      return removed.length;
    });
  const removeAsks = async (): Promise<number> => {
    const removed = await query(
      `DELETE FROM ask WHERE id IN (
         SELECT id FROM ask WHERE asked_at < $1 AND state IN ('done', 'failed') ORDER BY asked_at LIMIT $2
       ) RETURNING id`,
      [before(Math.min(keepSeconds, ASK_SECONDS)), BATCH],
    );
    return removed.length;
  };

  return {
    /** As kept.ts packs them; those that were not used longest go first. */
    layerFacts: async (key: string): Promise<Uint8Array | undefined> => {
      const [row] = await query<{ body: Uint8Array; used_at: Date }>(
        'SELECT body, used_at FROM layer_facts WHERE key = $1',
        [key],
      );
      if (row !== undefined && row.used_at < before(USED_SECONDS))
        await query('UPDATE layer_facts SET used_at = $2 WHERE key = $1', [key, new Date(now())]);
      return row?.body;
    },
    putLayerFacts: async (key: string, facts: Uint8Array): Promise<void> => {
      if (facts.length > bounds.factBytes) return;
      await query(
        `INSERT INTO layer_facts VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO UPDATE
         SET body = excluded.body, bytes = excluded.bytes, used_at = excluded.used_at`,
        [key, facts, facts.length, new Date(now())],
      );
      written += facts.length;
      if (written > bounds.factBytes * OVER) await trimFacts();
    },
    /** Removes what is older than `keep`, never an image's newest grade. */
    upkeep: async (): Promise<void> => {
      while ((await removeGrades()) === BATCH);
      while ((await removeAsks()) === BATCH);
      await trimFacts();
    },
    /** Asks by state, since when the oldest one waits, images, and bytes of facts on the disk. */
    counts: async () => {
      const asks = await query<{ state: 'queued' | 'running'; asks: number; oldest: Date }>(
        `SELECT state, count(*) AS asks, min(asked_at) AS oldest FROM ask
         WHERE state IN ('queued', 'running') GROUP BY state`,
      );
      const [sums] = await query<{ images: number; facts: number }>(
        `SELECT coalesce(sum(images), 0)::bigint AS images, pg_total_relation_size('layer_facts') AS facts FROM tally`,
      );
      const of = (state: string): number => asks.find((one) => one.state === state)?.asks ?? 0;
      const oldest = asks.find(({ state }) => state === 'queued')?.oldest;
      return {
        asks: { queued: of('queued'), running: of('running') },
        ...(oldest === undefined ? {} : { oldestQueued: oldest }),
        images: sums?.images ?? 0,
        factBytes: sums?.facts ?? 0,
      };
    },
  };
}
