import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { onTestFinished } from 'vitest';
import { type AppParts, buildApp } from '../../src/service/app.ts';
import { type Database, openDatabase } from '../../src/service/database.ts';
import { openLog } from '../../src/service/log.ts';
import { type Metrics, openMetrics } from '../../src/service/metrics.ts';
import { type AppDeps, openParts } from '../../src/service/parts.ts';
import type { ServiceSettings } from '../../src/service/settings.ts';
import type { Scope } from '../../src/service/shapes.ts';
import { checkedInject } from './conformance.ts';
import { SETTINGS } from './made.ts';

export const HOST = 'registry.example.com';

export function serviceSettings(more: Partial<ServiceSettings> = {}): ServiceSettings {
  return {
    ...SETTINGS,
    listen: { host: '127.0.0.1', port: 0 },
    database: '',
    workers: 0,
    reading: 'open',
    proxies: [],
    registries: [
      {
        ...{ host: HOST, repositories: [], follow: [], plainHttp: false, also: [] },
        isPrivate: false,
      },
    ],
    webhooks: {},
    notify: [],
    trust: { images: [], keys: [], identities: [], bases: [] },
    ...more,
  };
}

export interface Service extends AppDeps {
  readonly app: FastifyInstance;
  /** Holds each answer against the OpenAPI document. */
  readonly inject: Awaited<ReturnType<typeof checkedInject>>;
  readonly metrics: Metrics;
  /** Lines of the log so far. */
  readonly lines: string[];
  /** Moves the clock. */
  readonly pass: (ms: number) => void;
  readonly secret: (...scopes: readonly Scope[]) => Promise<string>;
}

/** Removed when the test ends. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'scoville-service-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

let shared: Promise<Database> | undefined;
let folder = '';

/** Opening one takes seconds: a file's tests share it, and each begins with empty tables. */
async function emptyDatabase(): Promise<Database> {
  shared ??= mkdtemp(join(tmpdir(), 'scoville-service-')).then((made) =>
    openDatabase((folder = made)),
  );
  const database = await shared;
  const tables = await database.query<{ name: string }>(
    `SELECT schemaname || '.' || tablename AS name FROM pg_tables
     WHERE schemaname = 'public' OR (schemaname = 'pgboss' AND tablename LIKE 'j%')`,
  );
  const names = tables.map(({ name }) => name).filter((name) => !/migration|job_common/.test(name));
  await database.query(`TRUNCATE ${names.join(', ')} CASCADE`);
  return database;
}

/** To be called after all tests of a file. */
export async function closeDatabase(): Promise<void> {
  await (await shared)?.close();
  shared = undefined;
  await rm(folder, { recursive: true, force: true });
}

/** The service over an embedded database, without workers; closed when the test ends. */
export async function newService(
  more: Partial<ServiceSettings> = {},
  parts: AppParts = {},
): Promise<Service> {
  let time = Date.parse('2026-06-01T12:00:00Z');
  const now = (): number => time;
  const lines: string[] = [];
  const settings = serviceSettings(more);
  const log = openLog((line) => lines.push(line), now, 'debug');
  const database = await emptyDatabase();
  const deps = await openParts(database, { settings, log, now });
  const { queue, tokens } = deps;
  const metrics = openMetrics(deps);
  const app = await buildApp(deps, { metrics, ...parts });
  onTestFinished(async () => {
    await app.close();
    await queue.stop({ seconds: 0 });
  });
  const inject = await checkedInject(app);
  // Of a request for the document.
  lines.length = 0;
  let made = 0;
  return {
    ...{ ...deps, app, lines, metrics, inject },
    pass: (ms) => (time += ms),
    secret: async (...scopes) => {
      made += 1;
      return (await tokens.create({ name: `token ${made}`, scopes })).secret;
    },
  };
}

export function bearer(secret: string): { authorization: string } {
  return { authorization: `Bearer ${secret}` };
}
