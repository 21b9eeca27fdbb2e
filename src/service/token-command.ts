import type { CommandIo } from '../cli/io.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import { given, listField, objectOf } from '../lib/json.ts';
import { cleanForTerminal } from '../ui/text.ts';
import { caller, localService } from './ask.ts';
import { isAddress, openDatabase } from './database.ts';
import type { ServiceSettings } from './settings.ts';
import type { Scope } from './shapes.ts';
import type { ServeFlags } from './spec.ts';
import { makeTokens, type NewToken } from './tokens.ts';

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

interface TokenStore {
  readonly create: (token: NewToken) => Promise<unknown>;
  readonly list: () => Promise<readonly unknown[]>;
  readonly revoke: (name: string) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** The database, or the service that has it: an embedded one opens for one process at a time. */
async function storeAt(place: string, io: CommandIo): Promise<TokenStore> {
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
    create: (token) => call('/tokens', token),
    list: async () => listField(await call('/tokens'), 'tokens'),
    revoke: (name) => call(`/tokens/${name}`, undefined, 'DELETE'),
    close: () => Promise.resolve(),
  };
}
