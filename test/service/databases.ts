import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, openDatabase } from '../../src/service/database.ts';
import { type Postgres, startPostgres } from './postgres.ts';

export const KINDS = ['embedded', 'postgres'] as const;
export type Kind = (typeof KINDS)[number];

let server: Promise<Postgres> | undefined;
const opened = new Map<Kind, Promise<Database>>();
const folders: string[] = [];

/** One server for a file's tests. */
export function postgres(): Promise<Postgres> {
  return (server ??= startPostgres());
}

/** For `afterAll`. */
export async function removeDatabases(): Promise<void> {
  for (const one of opened.values()) await (await one).close();
  opened.clear();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  const one = await server;
  server = undefined;
  await one?.remove();
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'scoville-service-'));
  folders.push(folder);
  return folder;
}

/** An address or folder without tables, removed by `removeDatabases`. */
export async function emptyPlace(kind: Kind): Promise<string> {
  return kind === 'postgres' ? (await postgres()).database() : newFolder();
}

/** The one database of a file's tests, emptied: to make an embedded one takes seconds. */
export async function cleanDatabase(kind: Kind): Promise<Database> {
  const known = opened.get(kind) ?? emptyPlace(kind).then((place) => openDatabase(place));
  opened.set(kind, known);
  const database = await known;
  await database.query(
    'TRUNCATE image, due, tally, ask, document, grade, token, layer_facts CASCADE',
  );
  const [queue] = await database.query(`SELECT to_regclass('pgboss.job') AS name`);
  if (queue?.['name'] !== null) await database.query('TRUNCATE pgboss.job, pgboss.archive');
  return database;
}
