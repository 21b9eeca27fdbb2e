import { makeTokens } from './access.ts';
import type { Database } from './database.ts';
import type { Logger } from './log.ts';
import { openQueue, type QueueOptions } from './queue.ts';
import { makeRecords } from './records.ts';
import type { ServiceSettings } from './settings.ts';

interface Surroundings extends QueueOptions {
  readonly settings: ServiceSettings;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export type AppDeps = Awaited<ReturnType<typeof openParts>>;

export async function openParts(database: Database, around: Surroundings) {
  const { settings, log, now } = around;
  return {
    settings,
    database,
    log,
    now,
    records: makeRecords(database, around),
    queue: await openQueue(database, around),
    tokens: makeTokens(database, now),
  };
}
