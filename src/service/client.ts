import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandIo } from '../cli/io.ts';
import { pathsOf } from '../cli/paths.ts';
import { makeFolder, readError, replaceFile } from '../image/disk.ts';
import { parseStrictJson } from '../image/formats/json.ts';
import { bodyOf, wholeStream } from '../lib/bytes.ts';
import { EXIT, messageOf, UserError } from '../lib/errors.ts';
import {
  field,
  given,
  listField,
  numberField,
  objectOf,
  parseJson,
  textAt,
  textField,
} from '../lib/json.ts';
import { cleanForTerminal } from '../ui/text.ts';
import { makeTokens, type NewToken } from './access.ts';
import { isAddress, openDatabase } from './database.ts';
import type { ServiceSettings } from './settings.ts';
import type { Scope } from './shapes.ts';
import type { ServeFlags } from './spec.ts';

const STANDARD_URL = 'http://127.0.0.1:8480';
const LOOK_MS = 500;
const MAX_ANSWER = 16 * 1024 * 1024;
/** A service that is started again, or whose database is, is asked on for so long. */
const LONGEST_AWAY_MS = 60_000;

export function serviceFolder(io: CommandIo): string {
  return join(dirname(pathsOf(io).store), 'service');
}

/** What the first start leaves for `ask`, readable by its user alone. */
interface LocalService {
  readonly url: string;
  readonly token: string;
  /** Its address for others, which links have. */
  readonly shown: string;
}

const LOCAL_FILE = 'local.json';

export async function keepLocal(io: CommandIo, local: LocalService): Promise<void> {
  const folder = serviceFolder(io);
  await makeFolder(folder);
  const text = `${JSON.stringify(local, undefined, 2)}\n`;
  await replaceFile(join(folder, LOCAL_FILE), (file) => file.writeFile(text), { mode: 0o600 });
}

export async function localService(io: CommandIo): Promise<LocalService | undefined> {
  const text = await readFile(join(serviceFolder(io), LOCAL_FILE), 'utf8').catch(() => '');
  const { url, token, shown } = objectOf(parseJson(text)) as Partial<LocalService>;
  return url === undefined || token === undefined ? undefined : { url, token, shown: shown ?? url };
}

/** `scoville serve ask IMAGE`: lets a service grade it, waits, and prints where its badge is. */
export async function askCommand(flags: ServeFlags, image: string, io: CommandIo): Promise<number> {
  const local = await localService(io);
  const named = flags.url ?? io.env['SCOVILLE_SERVICE'] ?? local?.url ?? STANDARD_URL;
  const base = named.replace(/(?<!\/)\/+$/, '');
  // Ours is for our own service: no other address gets it.
  const own = base === local?.url ? local : undefined;
  const { tokenFile } = flags;
  let token = io.env['SCOVILLE_TOKEN'] ?? own?.token;
  if (tokenFile !== undefined)
    token = await readFile(resolve(io.cwd, tokenFile), 'utf8').catch((error: unknown) => {
      throw readError(error, resolve(io.cwd, tokenFile));
    });
  const call = caller(base, token?.trim(), io);
  const asked = await call('/grades', { image, ...(flags.fresh ? { fresh: true } : {}) });
  for (let shown = ''; ;) {
    const state = await call(`/grades/${textField(asked, 'id')}`);
    const status = textField(state, 'status') ?? '';
    if (status === 'done') return finished(state, own?.shown ?? base, flags.json, io);
    if (status === 'failed')
      throw new UserError(textAt(state, 'error', 'message') ?? 'it could not be graded', {
        ...given({ nextStep: textAt(state, 'error', 'nextStep') }),
      });
    const line = textField(state, 'progress') ?? status;
    if (line !== shown) io.writeErr(`${cleanForTerminal((shown = line))}\n`);
    await sleep(LOOK_MS, undefined, { signal: io.signal });
  }
}

/** Asks the API; gives what it answers. Throws UserError where it refuses. */
function caller(base: string, token: string | undefined, io: CommandIo) {
  const { signal } = io;
  return async (path: string, body?: object, method?: string): Promise<unknown> => {
    const authorization = token && `Bearer ${token}`;
    const type = body && 'application/json';
    const init = {
      ...{ method: method ?? (body === undefined ? 'GET' : 'POST'), signal },
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
  const grade = objectOf(field(state, 'grade'));
  const image = textField(grade, 'image') ?? '';
  const badge = `${base}/badge/${image}/overall.svg`;
  const page = `${base}/images/${image}`;
  if (json) io.writeOut(`${JSON.stringify({ ...grade, badge, page })}\n`);
  else {
    const overall = field(grade, 'overall');
    const [points, total] = ['points', 'total'].map((name) => numberField(overall, name) ?? 0);
    const level = `level ${numberField(grade, 'level') ?? 0}`;
    const judged = `${level}, grade ${textField(overall, 'grade') ?? ''} (${points} of ${total})`;
    io.writeOut(cleanForTerminal(`${image}: ${judged}`) + '\n');
    io.writeOut(`badge  ${cleanForTerminal(badge)}\npage   ${cleanForTerminal(page)}\n`);
  }
  return EXIT.met;
}

/** Letters that a URL and a log take as they are. */
const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;

export async function tokenCommand(
  flags: ServeFlags,
  [action = '', name = '']: readonly string[],
  io: CommandIo,
  settings: () => Promise<ServiceSettings>,
): Promise<number> {
  const isKnown = action === 'list' ? name === '' : ['create', 'revoke'].includes(action);
  if (!isKnown || (action !== 'list' && !NAME.test(name)))
    throw new UserError(`token does not know ${[action, name].join(' ').trim()}`, {
      nextStep: 'scoville serve token create NAME, token list, or token revoke NAME',
    });
  const store = await storeAt((await settings()).database, io);
  try {
    if (action === 'create') {
      const scopes = (flags.scope.length === 0 ? ['ask'] : [...flags.scope]) as Scope[];
      const made = await store.create({ name, scopes, ...given({ days: flags.days }) });
      io.writeOut(`${flags.json ? JSON.stringify(made) : String(objectOf(made)['secret'])}\n`);
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

function lineOf(token: unknown): string {
  const { name, scopes, revokedAt, expiresAt, usedAt } = objectOf(token);
  // Dates of the database, texts of an answer.
  const day = (value: unknown): string =>
    (value instanceof Date ? value.toISOString() : String(value)).slice(0, 10);
  const used = usedAt === undefined ? 'never used' : `used ${day(usedAt)}`;
  const until = expiresAt === undefined ? '' : `, until ${day(expiresAt)}`;
  const state = revokedAt === undefined ? `${used}${until}` : `revoked ${day(revokedAt)}`;
  return cleanForTerminal(`${String(name)}  ${String(scopes)}  ${state}`) + '\n';
}

/** The database, or the service that has it: an embedded one opens for one process at a time. */
async function storeAt(place: string, io: CommandIo) {
  const local = isAddress(place) ? undefined : await localService(io);
  const health =
    local &&
    fetch(`${local.url}/healthz`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
  if (local === undefined || (await health)?.ok !== true) {
    const database = await openDatabase(place);
    return { ...makeTokens(database, io.now), close: database.close };
  }
  const call = caller(local.url, local.token, io);
  return {
    create: (token: NewToken) => call('/tokens', token),
    list: async () => listField(await call('/tokens'), 'tokens'),
    revoke: (name: string) => call(`/tokens/${name}`, undefined, 'DELETE'),
    close: () => Promise.resolve(),
  };
}
