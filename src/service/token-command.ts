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

/** Tokens of a service that runs: an embedded database has one process, which is that service. */
export function registerTokens(app: FastifyInstance, { tokens, now }: AppDeps): void {
  operation(app, 'tokens', {}, async () => ({ tokens: await tokens.list() }));
  operation<{ Body: NewToken }>(app, 'makeToken', {}, async ({ body }, reply) => {
    const made = await tokens.create(newToken(body, now)).catch((error: unknown) => {
      if (!(error instanceof UserError)) throw error;
      throw new ApiProblem('malformed', error.message, given({ nextStep: error.nextStep }));
    });
    return reply.code(201).send({ ...made.token, secret: made.secret });
  });
  operation<{ Params: { name: string } }>(app, 'revokeToken', {}, async ({ params: { name } }) => {
    if (await tokens.revoke(name)) return { revoked: name };
    throw new ApiProblem('not-found', `token ${name} not found`);
  });
}

function newToken({ name, scopes, days }: NewToken, now: () => number) {
  const expiresAt = days === undefined ? undefined : new Date(now() + days * DAY_MS);
  return { name, scopes, ...given({ expiresAt }) };
}

interface TokenStore {
  readonly create: (token: NewToken) => Promise<unknown>;
  readonly list: () => Promise<readonly unknown[]>;
  readonly revoke: (name: string) => Promise<void>;
  readonly close: () => Promise<void>;
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
  const store = await tokenStore(await settings(), io);
  try {
    if (action === 'create') {
      const scopes = flags.scope.length === 0 ? (['ask'] as const) : flags.scope;
      const { days } = flags;
      const made = await store.create({ name, scopes: [...scopes] as Scope[], ...given({ days }) });
      io.writeOut(`${flags.json ? JSON.stringify(made) : (textField(made, 'secret') ?? '')}\n`);
      if (!flags.json) io.writeErr('It is shown this once: only its hash is kept.\n');
    } else if (action === 'revoke') await store.revoke(name);
    else {
      const all = await store.list();
      io.writeOut(flags.json ? `${JSON.stringify(all)}\n` : all.map(lineOf).join(''));
    }
    return EXIT.met;
  } finally {
    await store.close();
  }
}

function lineOf(token: unknown): string {
  const { name, scopes, revokedAt, expiresAt, usedAt } = objectOf(token);
  // Dates of the database, texts of an answer.
  const day = (value: unknown): string =>
    (value instanceof Date ? value.toISOString() : String(value)).slice(0, 10);
  const state =
    revokedAt !== undefined
      ? `revoked ${day(revokedAt)}`
      : `${usedAt === undefined ? 'never used' : `used ${day(usedAt)}`}${expiresAt === undefined ? '' : `, until ${day(expiresAt)}`}`;
  return cleanForTerminal(`${String(name)}  ${String(scopes)}  ${state}`) + '\n';
}

/** The database, or the service that has it: an embedded one opens for one process at a time. */
async function tokenStore(settings: ServiceSettings, io: CommandIo): Promise<TokenStore> {
  const local = isAddress(settings.database) ? undefined : await localService(io);
  if (local !== undefined) {
    const call = caller(local.url, local.token, io);
    const isThere = await fetch(`${local.url}/healthz`, { signal: AbortSignal.timeout(5000) }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isThere)
      return {
        create: (token) => call('/tokens', token),
        list: async () => listField(await call('/tokens'), 'tokens'),
        revoke: async (name) => {
          await call(`/tokens/${name}`, undefined, 'DELETE');
        },
        close: () => Promise.resolve(),
      };
  }
  const database = await openDatabase(settings.database);
  const tokens = makeTokens(database, io.now);
  return {
    create: async (token) => {
      const made = await tokens.create(newToken(token, io.now));
      return { ...made.token, secret: made.secret };
    },
    list: () => tokens.list(),
    revoke: async (name) => {
      if (!(await tokens.revoke(name)))
        throw new UserError(`token ${name} not found`, { nextStep: 'scoville serve token list' });
    },
    close: () => database.close(),
  };
}
