import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { makeTokens, type Tokens } from '../../src/service/access.ts';
import { buildApp } from '../../src/service/app.ts';
import { type Database, openDatabase } from '../../src/service/database.ts';
import type { Logger } from '../../src/service/log.ts';
import { registerPages } from '../../src/service/pages/pages.ts';
import type { Queue } from '../../src/service/queue.ts';
import { makeRecords, type Records } from '../../src/service/records.ts';
import type { ServiceSettings } from '../../src/service/settings.ts';
import { fillFleet, NOW } from './sample-fleet.ts';

const rule = (host: string): ServiceSettings['registries'][number] => ({
  ...{ host, repositories: [], follow: [], plainHttp: false, also: [], isPrivate: false },
});

const SETTINGS: ServiceSettings = {
  listen: { host: '127.0.0.1', port: 0 },
  url: 'https://grades.example.com',
  database: '',
  workers: 0,
  reading: 'open',
  proxies: [],
  registries: [rule('registry.example.com'), rule('ghcr.io')],
  webhooks: {},
  notify: [],
  trust: { images: [], keys: [], identities: [], bases: [] },
  every: { gradeSeconds: 86_400, followSeconds: 600 },
  keepSeconds: 400 * 86_400,
  bounds: { memory: 1e9, seconds: 600, layerBytes: 1e10, factBytes: 1e9 },
};

const quiet = (): void => undefined;
const LOG: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

export interface Stand {
  readonly app: FastifyInstance;
  /** Where a browser finds it. */
  readonly url: string;
  readonly database: Database;
  readonly records: Records;
  readonly tokens: Tokens;
  close(): Promise<void>;
}

/** The service's pages over an embedded database with so many images; nobody asks or grades. */
export async function openStand(
  images: number,
  more: Partial<ServiceSettings> = {},
  log: Logger = LOG,
): Promise<Stand> {
  const folder = await mkdtemp(join(tmpdir(), 'scoville-pages-'));
  const now = (): number => NOW;
  const settings = { ...SETTINGS, ...more };
  const database = await openDatabase(join(folder, 'database'));
  const records = makeRecords(database, { now, settings });
  await fillFleet({ database, records }, images);
  // Pages ask for nothing.
  const queue = {} as Queue;
  const tokens = makeTokens(database, now);
  const app = await buildApp(
    { settings, database, records, queue, tokens, log, now },
    { parts: [registerPages], limits: { requests: 1e6 } },
  );
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  return {
    ...{ app, url, database, records, tokens },
    close: async () => {
      await app.close();
      await database.close();
      await rm(folder, { recursive: true });
    },
  };
}
