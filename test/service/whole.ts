import { onTestFinished } from 'vitest';
import type { Logger } from '../../src/service/log.ts';
import { type AppDeps, openParts } from '../../src/service/parts.ts';
import type { RegistryRule, ServiceSettings } from '../../src/service/settings.ts';
import { cleanDatabase, type Kind } from './databases.ts';
import { SETTINGS } from './made.ts';

export const START = Date.parse('2026-03-01T12:00:00Z');

export function rule(host: string, more: Partial<RegistryRule> = {}): RegistryRule {
  const plain = { repositories: [], follow: [], plainHttp: false, also: [], isPrivate: false };
  return { host, ...plain, ...more };
}

/** All parts on empty tables, a clock that the test moves, and the lines of the log. */
export async function openWhole(kind: Kind, more: Partial<ServiceSettings> = {}) {
  const database = await cleanDatabase(kind);
  await database.query('TRUNCATE news, hook_event');
  const settings: ServiceSettings = {
    ...{ listen: { host: '127.0.0.1', port: 0 }, database: '', workers: 0, reading: 'open' },
    ...{ registries: [rule('registry.example.com')], webhooks: {}, notify: [], proxies: [] },
    trust: { images: [], keys: [], identities: [], bases: [] },
    ...SETTINGS,
    ...more,
  };
  const clock = { at: START };
  const now = (): number => clock.at;
  const lines: string[] = [];
  const write = (message: string, fields: unknown = {}): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  const log: Logger = { debug: write, info: write, warn: write, error: write };
  const deps = await openParts(database, { settings, log, now, retrySeconds: 0, pollMs: 20 });
  onTestFinished(() => deps.queue.stop({ seconds: 5 }));
  return { deps, clock, lines };
}

/** Asks of the database, the oldest first. */
export async function allAsks({ database }: Pick<AppDeps, 'database'>): Promise<readonly string[]> {
  const rows = await database.query<{ text: string }>(
    `SELECT i.name || ' ' || a.reason || ' ' || coalesce(a.asked_by, '') AS text
     FROM ask a JOIN image i ON i.id = a.image_id ORDER BY a.asked_at, i.name`,
  );
  return rows.map(({ text }) => text.trim());
}
