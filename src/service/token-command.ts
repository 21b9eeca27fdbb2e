import type { FastifyInstance } from 'fastify';
import type { CommandIo } from '../cli/io.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import { given, listField, objectOf, textField } from '../lib/json.ts';
import { DAY_MS } from '../lib/time.ts';
import { cleanForTerminal } from '../ui/text.ts';
import { caller, localService } from './ask.ts';
import { isAddress, openDatabase } from './database.ts';
import { operation } from './openapi.ts';
import type { AppDeps } from './parts.ts';
import { ApiProblem } from './problems.ts';
import type { ServiceSettings } from './settings.ts';
import type { ServeFlags } from './spec.ts';
import { makeTokens, type Scope } from './tokens.ts';

/** Letters that a URL and a log take as they are. */
const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;

type NewToken = { name: string; scopes: Scope[]; days?: number };

/** What requests and the command do where the database is here. */
function tokenStore({ tokens, now }: Pick<AppDeps, 'tokens' | 'now'>) {
  return {
    create: async ({ name, scopes, days }: NewToken): Promise<unknown> => {
      const expiresAt = days === undefined ? undefined : new Date(now() + days * DAY_MS);
      const { token, secret } = await tokens.create({ name, scopes, ...given({ expiresAt }) });
      return { ...token, secret };
    },
    list: (): Promise<readonly unknown[]> => tokens.list(),
    revoke: async (name: string): Promise<void> => {
      if (await tokens.revoke(name)) return;
      throw new UserError(`token ${name} not found`, { nextStep: 'scoville serve token list' });
    },
  };
}
type TokenStore = ReturnType<typeof tokenStore>;

/** Tokens of a service that runs: an embedded database has one process, which is that service. */
export function registerTokens(app: FastifyInstance, deps: AppDeps): void {
  const store = tokenStore(deps);
  const refused =
    (kind: 'malformed' | 'not-found') =>
    (error: unknown): never => {
      if (!(error instanceof UserError)) throw error;
      const more = kind === 'malformed' ? given({ nextStep: error.nextStep }) : {};
      throw new ApiProblem(kind, error.message, more);
    };
  operation(app, 'tokens', {}, async () => ({ tokens: await store.list() }));
  operation<{ Body: NewToken }>(app, 'makeToken', {}, async ({ body }, reply) =>
    reply.code(201).send(await store.create(body).catch(refused('malformed'))),
  );
  operation<{ Params: { name: string } }>(app, 'revokeToken', {}, async ({ params: { name } }) => {
    await store.revoke(name).catch(refused('not-found'));
    return { revoked: name };
  });
}

/** `scoville serve token create NAME`, `list` and `revoke NAME`. */
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
  await withStore((await settings()).database, io, async (store) => {
    if (action === 'create') {
      const scopes = (flags.scope.length === 0 ? ['ask'] : [...flags.scope]) as Scope[];
      const made = await store.create({ name, scopes, ...given({ days: flags.days }) });
      io.writeOut(`${flags.json ? JSON.stringify(made) : (textField(made, 'secret') ?? '')}\n`);
      if (!flags.json) io.writeErr('It is shown this once: only its hash is kept.\n');
    } else if (action === 'revoke') await store.revoke(name);
    else {
      const all = await store.list();
      io.writeOut(flags.json ? `${JSON.stringify(all)}\n` : all.map(lineOf).join(''));
    }
  });
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
async function withStore(
  place: string,
  io: CommandIo,
  run: (store: TokenStore) => Promise<void>,
): Promise<void> {
  const local = isAddress(place) ? undefined : await localService(io);
  const health =
    local &&
    fetch(`${local.url}/healthz`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
  if (local !== undefined && (await health)?.ok === true) {
    const call = caller(local.url, local.token, io);
    return run({
      create: (token) => call('/tokens', token),
      list: async () => listField(await call('/tokens'), 'tokens'),
      revoke: async (name) => {
        await call(`/tokens/${name}`, undefined, 'DELETE');
      },
    });
  }
  const database = await openDatabase(place);
  try {
    await run(tokenStore({ tokens: makeTokens(database, io.now), now: io.now }));
  } finally {
    await database.close();
  }
}
