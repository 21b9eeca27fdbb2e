import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { CommandIo } from '../cli/io.ts';
import { VERSION } from '../cli/version.ts';
import { errorCode, EXIT, messageOf, UserError } from '../lib/errors.ts';
import { useNetwork } from '../lib/fetch.ts';
import { quantity } from '../lib/text.ts';
import { cleanForTerminal } from '../ui/text.ts';
import { type AppParts, buildApp } from './app.ts';
import { askCommand, keepLocal, localService, serviceFolder, tokenCommand } from './client.ts';
import { type Database, DatabaseAway, isAddress, openDatabase } from './database.ts';
import { startFollowing } from './follow.ts';
import { handsOf } from './hands.ts';
import { registerHarbor } from './harbor.ts';
import { openLog } from './log.ts';
import { openMetrics } from './metrics.ts';
import { newsOf, startNotifying } from './notify.ts';
import { registerPages } from './pages/pages.ts';
import { type AppDeps, openParts } from './parts.ts';
import { type ServiceFlags, type ServiceSettings, serviceSettings } from './settings.ts';
import type { ServeFlags, WorkerFlags } from './spec.ts';
import { workAttach } from './verdicts.ts';
import { registerWebhooks } from './webhooks.ts';
import { Workers } from './worker.ts';

export { VERSION };

/** A grade that runs when the service stops gets so long; then it goes back into the queue. */
const STOP_SECONDS = 20;
/** A database that starts beside the service is waited for so long. */
const LONGEST_AWAY_MS = 60_000;
const LOOK_MS = 2000;
const ANSWER_MS = 10_000;

export async function serve(
  flags: ServeFlags,
  [action, ...words]: readonly string[],
  io: CommandIo,
): Promise<number> {
  useNetwork(io.env, io.homeDir);
  const [image = ''] = words;
  if (action === 'token') {
    // Of the settings, the database alone counts: any registry will do.
    const registry = flags.settings === undefined ? ['localhost'] : flags.registry;
    return tokenCommand(flags, words, io, () => settingsOf({ ...flags, registry }, io));
  }
  if (action === 'ask' && words.length === 1) return askCommand(flags, image, io);
  if (action === undefined) return start(flags, io);
  throw new UserError(`serve does not know ${[action, ...words].join(' ')}`, {
    nextStep: 'scoville serve, scoville serve ask IMAGE, or scoville serve token create NAME',
  });
}

export async function worker(flags: WorkerFlags, io: CommandIo): Promise<number> {
  useNetwork(io.env, io.homeDir);
  const named = await settingsOf(flags, io);
  const settings = { ...named, workers: Math.max(1, named.workers) };
  if (!isAddress(settings.database))
    throw new UserError('a worker needs the PostgreSQL that its service has', {
      nextStep: 'scoville worker --database postgres://USER@HOST/NAME',
    });
  return running(settings, io, async (_, __, listen) => {
    if (flags.listen !== undefined) io.writeOut(`${await listen([])}\n`);
    io.writeErr(`${graders(settings)} for ${shown(settings.database)}\n`);
  });
}

async function start(flags: ServeFlags, io: CommandIo): Promise<number> {
  const settings = await settingsOf(flags, io);
  return running(settings, io, async (deps, workers, listen) => {
    const here = await listen([
      ...[registerPages, registerWebhooks],
      (app, own) => {
        registerHarbor(app, own, (id, options) => workers.grade(id, options));
      },
    ]);
    startFollowing(deps, io.env);
    startNotifying(deps, io.env);
    const hasToken = deps.database.kind === 'embedded' && (await localToken(deps, here, io));
    const registry = settings.registries[0]?.host ?? 'HOST';
    io.writeOut(`${settings.url ?? here}\n`);
    io.writeErr(`${graders(settings)}, database ${shown(settings.database)}\n`);
    if (hasToken) io.writeErr(`  next: scoville serve ask ${registry}/NAME:TAG\n`);
    else io.writeErr('  next: scoville serve token create NAME, to ask for grades\n');
  });
}

function settingsOf(flags: ServiceFlags, io: CommandIo): Promise<ServiceSettings> {
  return serviceSettings(flags, { ...io, folder: join(serviceFolder(io), 'database') });
}

function graders({ workers }: ServiceSettings): string {
  return workers === 0 ? 'no worker here' : `${quantity(workers, 'image')} graded at once`;
}

function shown(database: string): string {
  return cleanForTerminal(database.replace(/\/\/[^@/]*@/, '//'));
}

type Listen = (parts: NonNullable<AppParts['parts']>) => Promise<string>;

async function running(
  settings: ServiceSettings,
  io: CommandIo,
  begin: (deps: AppDeps, workers: Workers, listen: Listen) => Promise<void>,
): Promise<number> {
  const { now, env } = io;
  const isDebug = env['SCOVILLE_DEBUG'] !== undefined;
  // A person reads what is wrong; a machine reads all.
  const log = openLog(io.writeErr, now, isDebug ? 'debug' : io.errIsTerminal ? 'warn' : 'info');
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const database = await opened(settings.database, log, io);
    closers.push(() => database.close());
    const deps = await openParts(database, { settings, log, now });
    const metrics = openMetrics(deps);
    const workers = new Workers(deps, {
      ...{ graders: settings.workers, home: serviceFolder(io), env },
      onFinished: newsOf(deps),
      onGraded: ({ outcome, seconds }) => {
        metrics.graded(outcome === 'done' ? 'done' : 'failed', seconds);
      },
    });
    const hands = handsOf(deps, { home: join(serviceFolder(io), 'signer'), env });
    closers.push(async () => {
      await deps.queue.stop({ seconds: STOP_SECONDS });
      workers.close();
    });
    await begin(deps, workers, async (parts) => {
      const app = await buildApp(deps, { parts, metrics, hands });
      closers.push(() => closed(app));
      return listening(app, settings);
    });
    io.signal.throwIfAborted();
    workers.start();
    if (settings.workers > 0) workAttach(deps, hands);
    await once(io.signal, 'abort');
    log.info('stopping');
    return EXIT.met;
  } finally {
    for (const close of closers.reverse())
      await close().catch((error: unknown) => {
        log.warn('not closed', { error: messageOf(error) });
      });
  }
}

/** Finishes the answers that are on their way; a client that takes too long is cut off. */
async function closed(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => {
    app.server.closeAllConnections();
  }, ANSWER_MS);
  await app.close();
  clearTimeout(timer);
}

async function opened(place: string, log: AppDeps['log'], io: CommandIo): Promise<Database> {
  for (const end = io.now() + LONGEST_AWAY_MS; ;) {
    io.signal.throwIfAborted();
    try {
      return await openDatabase(place, { log });
    } catch (cause) {
      if (errorCode(cause) === 'ERR_MODULE_NOT_FOUND')
        throw new UserError('the embedded database is not installed here', {
          cause,
          nextStep: 'name a PostgreSQL: --database postgres://USER@HOST/NAME',
        });
      if (!(cause instanceof DatabaseAway)) throw cause;
      const nextStep = `start the database, or check its address: ${shown(place)}`;
      if (io.now() > end) throw new UserError(cause.message, { cause, nextStep });
      log.warn('waiting for the database', { error: cause.message });
      await sleep(LOOK_MS, undefined, { signal: io.signal });
    }
  }
}

/** Listens as settings say; gives the address by which this machine reaches it. */
async function listening(app: FastifyInstance, { listen }: ServiceSettings): Promise<string> {
  try {
    // A copy: what it is given, it changes.
    return (await app.listen({ ...listen })).replace('//[::]', '//127.0.0.1');
  } catch (error) {
    const { host, port } = listen;
    const isTaken = errorCode(error) === 'EADDRINUSE';
    const why = isTaken ? 'another process listens there' : messageOf(error);
    throw new UserError(`${host}:${port} cannot be used: ${why}`, {
      cause: error,
      nextStep: `--listen ${host}:0 takes a free port`,
    });
  }
}

/**
 * The token of this machine's user, made where the database has none yet: docs/decisions/0045. True
 * where `scoville serve ask` has one.
 */
async function localToken(
  { tokens, settings }: AppDeps,
  url: string,
  io: CommandIo,
): Promise<boolean> {
  const known = (await localService(io))?.token ?? '';
  const isKnown = (await tokens.check(known)) !== undefined;
  if (!isKnown && (await tokens.list()).length > 0) return false;
  const made = isKnown ? undefined : await tokens.create({ name: 'local', scopes: ['admin'] });
  const token = made?.secret ?? known;
  await keepLocal(io, { url, token, shown: settings.url ?? url });
  return true;
}
