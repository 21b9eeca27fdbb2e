import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { CommandIo } from '../cli/io.ts';
import { pathsOf } from '../cli/paths.ts';
import { VERSION } from '../cli/version.ts';
import { makeFolder, readError, replaceFile } from '../image/disk.ts';
import { parseStrictJson } from '../image/formats/json.ts';
import { bodyOf, wholeStream } from '../lib/bytes.ts';
import { errorCode, EXIT, messageOf, UserError } from '../lib/errors.ts';
import { useNetwork } from '../lib/fetch.ts';
import { given, listField, objectOf, parseJson, textAt, textField } from '../lib/json.ts';
import { quantity } from '../lib/text.ts';
import { cleanForTerminal } from '../ui/text.ts';
import { makeTokens, type Token, type Tokens } from './access.ts';
import { type AppPart, buildApp } from './app.ts';
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
import type { Scope } from './shapes.ts';
import type { ServeFlags, WorkerFlags } from './spec.ts';
import { workAttach } from './verdicts.ts';
import { registerWebhooks } from './webhooks.ts';
import { makeWorkers, type Workers } from './worker.ts';

export { VERSION };

/** A grade that runs when the service stops gets so long; then it goes back into the queue. */
const STOP_SECONDS = 20;
/** A database or service that starts beside this is waited for so long. */
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
  if (action === 'token') return tokenCommand(flags, words, io);
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
      registerPages,
      registerWebhooks,
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

type Listen = (parts: readonly AppPart[]) => Promise<string>;

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
    const workers = makeWorkers(deps, {
      graders: settings.workers,
      home: serviceFolder(io),
      env,
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
      // It finishes the answers on their way; a client that takes too long is cut off.
      closers.push(() => {
        setTimeout(() => {
          app.server.closeAllConnections();
        }, ANSWER_MS).unref();
        return app.close();
      });
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

function serviceFolder(io: CommandIo): string {
  return join(dirname(pathsOf(io).store), 'service');
}

const LOCAL_FILE = 'local.json';

/** What the first start leaves for `ask`: `shown` is the address that links have. */
type LocalService = Readonly<Record<'url' | 'token' | 'shown', string>>;

async function localService(io: CommandIo): Promise<Partial<LocalService>> {
  const text = await readFile(join(serviceFolder(io), LOCAL_FILE), 'utf8').catch(() => '');
  return objectOf(parseJson(text));
}

/**
 * The token of this machine's user, made where the database has none yet, in a file that nobody
 * else reads: docs/decisions/0045. True where `scoville serve ask` has one.
 */
async function localToken({ tokens, settings }: AppDeps, url: string, io: CommandIo) {
  const { token: known = '' } = await localService(io);
  const isKnown = (await tokens.check(known)) !== undefined;
  if (!isKnown && (await tokens.list()).length > 0) return false;
  const made = isKnown ? undefined : await tokens.create({ name: 'local', scopes: ['admin'] });
  const local = { url, token: made?.secret ?? known, shown: settings.url ?? url };
  const text = `${JSON.stringify(local, undefined, 2)}\n`;
  await makeFolder(serviceFolder(io));
  const file = join(serviceFolder(io), LOCAL_FILE);
  await replaceFile(file, (opened) => opened.writeFile(text), { mode: 0o600 });
  return true;
}

const STANDARD_URL = 'http://127.0.0.1:8480';
const ASK_MS = 500;
const MAX_ANSWER = 16 * 1024 * 1024;

/** `scoville serve ask IMAGE`: lets a service grade it, waits, and prints where its badge is. */
async function askCommand(flags: ServeFlags, image: string, io: CommandIo): Promise<number> {
  const local = await localService(io);
  const named = flags.url ?? io.env['SCOVILLE_SERVICE'] ?? local.url ?? STANDARD_URL;
  const base = named.replace(/(?<!\/)\/+$/, '');
  // Ours is for our own service: no other address gets it.
  const own = base === local.url ? local : {};
  const { tokenFile } = flags;
  let token = io.env['SCOVILLE_TOKEN'] ?? own.token;
  if (tokenFile !== undefined)
    token = await readFile(resolve(io.cwd, tokenFile), 'utf8').catch((error: unknown) => {
      throw readError(error, resolve(io.cwd, tokenFile));
    });
  const call = caller(base, token?.trim(), io);
  const asked = await call('/grades', { image, ...(flags.fresh ? { fresh: true } : {}) });
  for (let shown = ''; ;) {
    const state = await call(`/grades/${textField(asked, 'id')}`);
    const status = textField(state, 'status') ?? '';
    if (status === 'done') return finished(state, own.shown ?? base, flags.json, io);
    if (status === 'failed')
      throw new UserError(textAt(state, 'error', 'message') ?? 'it could not be graded', {
        ...given({ nextStep: textAt(state, 'error', 'nextStep') }),
      });
    const line = textField(state, 'progress') ?? status;
    if (line !== shown) io.writeErr(`${cleanForTerminal((shown = line))}\n`);
    await sleep(ASK_MS, undefined, { signal: io.signal });
  }
}

/** Asks the API; gives what it answers. Throws UserError where it refuses. */
function caller(base: string, token: string | undefined, io: CommandIo) {
  const { signal } = io;
  return async (path: string, body?: object, method?: string): Promise<unknown> => {
    const authorization = token && `Bearer ${token}`;
    const type = body && 'application/json';
    const init = {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      signal,
      headers: { accept: 'application/json', ...given({ authorization, 'content-type': type }) },
      ...given({ body: body && JSON.stringify(body) }),
      // An address that answers by another would get the token.
      redirect: 'error' as const,
    };
    for (const end = io.now() + LONGEST_AWAY_MS; ;) {
      const response = await fetch(`${base}/api/v1${path}`, init).catch((cause: unknown) => {
        signal.throwIfAborted();
        throw new UserError(`no service answers at ${base}: ${messageOf(cause)}`, {
          cause,
          nextStep: 'start one: scoville serve --registry HOST, or name it: --url URL',
        });
      });
      const { status, headers, ok } = response;
      const bytes = await wholeStream(bodyOf(response), MAX_ANSWER);
      const wait = Number(headers.get('retry-after') ?? 1) * 1000;
      if ([429, 503].includes(status) && io.now() + wait < end) {
        await sleep(wait, undefined, { signal });
        continue;
      }
      const read = parseStrictJson(bytes ?? '', 'the answer', MAX_ANSWER);
      const value = read.ok ? read.value : undefined;
      if (ok && value !== undefined) return value;
      const detail = textField(value, 'detail') ?? textField(value, 'title');
      const own = textField(value, 'nextStep') ?? `check that ${base} is a service of Scoville`;
      const login = 'pass a token: --token-file FILE (scoville serve token create NAME makes one)';
      throw new UserError(`${base} answered ${status}${detail ? `: ${detail}` : ''}`, {
        nextStep: status === 401 ? login : own,
      });
    }
  };
}

function finished(state: unknown, base: string, json: boolean, io: CommandIo): number {
  const grade = objectOf(objectOf(state)['grade']);
  const image = textField(grade, 'image') ?? '';
  const [badge, page] = [`${base}/badge/${image}/overall.svg`, `${base}/images/${image}`];
  const { grade: letter, points, total } = objectOf(grade['overall']);
  const score = `grade ${String(letter)} (${String(points)} of ${String(total)})`;
  const judged = `${image}: level ${String(grade['level'])}, ${score}`;
  const lines = [judged, `badge  ${badge}`, `page   ${page}`].map(cleanForTerminal);
  io.writeOut(`${json ? JSON.stringify({ ...grade, badge, page }) : lines.join('\n')}\n`);
  return EXIT.met;
}

/** Letters that a URL and a log take as they are. */
const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;

async function tokenCommand(
  flags: ServeFlags,
  [action = '', name = '']: readonly string[],
  io: CommandIo,
): Promise<number> {
  const isKnown = action === 'list' ? name === '' : ['create', 'revoke'].includes(action);
  if (!isKnown || (action !== 'list' && !NAME.test(name)))
    throw new UserError(`token does not know ${[action, name].join(' ').trim()}`, {
      nextStep: 'scoville serve token create NAME, token list, or token revoke NAME',
    });
  // Of the settings, the database alone counts: any registry will do.
  const registry = flags.settings === undefined ? ['localhost'] : flags.registry;
  const { database } = await settingsOf({ ...flags, registry }, io);
  const store = await storeAt(database, io);
  try {
    if (action === 'create') {
      const scopes = (flags.scope.length === 0 ? ['ask'] : flags.scope) as readonly Scope[];
      const made = await store.create({ name, scopes, ...given({ days: flags.days }) });
      io.writeOut(`${flags.json ? JSON.stringify(made) : made.secret}\n`);
      if (!flags.json) io.writeErr('It is shown this once: only its hash is kept.\n');
    } else if (action === 'revoke') await store.revoke(name);
    else {
      const all = await store.list();
      io.writeOut(flags.json ? `${JSON.stringify(all)}\n` : all.map(lineOf).join(''));
    }
  } finally {
    await store.close();
  }
  return EXIT.met;
}

function lineOf({ name, scopes, revokedAt, expiresAt, usedAt }: Token): string {
  // Dates of the database, texts of an answer.
  const day = (at: Date): string => new Date(at).toISOString().slice(0, 10);
  const used = usedAt === undefined ? 'never used' : `used ${day(usedAt)}`;
  const until = expiresAt === undefined ? '' : `, until ${day(expiresAt)}`;
  const state = revokedAt === undefined ? `${used}${until}` : `revoked ${day(revokedAt)}`;
  return `${cleanForTerminal(`${name}  ${scopes.join()}  ${state}`)}\n`;
}

type Store = Pick<Tokens, 'create' | 'list' | 'revoke'> & Pick<Database, 'close'>;

/** The database, or the service that has it: an embedded one opens for one process at a time. */
async function storeAt(place: string, io: CommandIo): Promise<Store> {
  const { url, token } = isAddress(place) ? {} : await localService(io);
  const signal = AbortSignal.timeout(5000);
  const health = url && (await fetch(`${url}/healthz`, { signal }).catch(() => undefined));
  if (url === undefined || !health || !health.ok) {
    const database = await openDatabase(place);
    return { ...makeTokens(database, io.now), close: database.close };
  }
  const call = caller(url, token, io);
  return {
    create: async (made) => (await call('/tokens', made)) as Awaited<ReturnType<Tokens['create']>>,
    list: async () => listField(await call('/tokens'), 'tokens') as readonly Token[],
    revoke: async (name) => {
      await call(`/tokens/${name}`, undefined, 'DELETE');
    },
    close: () => Promise.resolve(),
  };
}
