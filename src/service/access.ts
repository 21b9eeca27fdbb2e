import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { DAY_MS } from '../lib/time.ts';
import type { Database } from './database.ts';
import { ApiProblem } from './http.ts';
import { read, TOKEN } from './record-rows.ts';
import type { ServiceSettings } from './settings.ts';
import type { Scope } from './shapes.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Who may; `read` without it. `open`: anyone, and a token is not checked. `read`: anyone, or a
     * token of that scope, as settings say. `metrics`: this machine too. Else a token of that
     * scope.
     */
    access?: 'open' | Scope;
    /** Answers have an ETag; caches ask with it each time, where nothing else is said. */
    isTagged?: boolean;
  }
  interface FastifyRequest {
    /** Whose token came with the request; never the secret. */
    token: Token | null;
  }
}

export interface Token {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly expiresAt?: Date;
  readonly revokedAt?: Date;
  /** To the minute. */
  readonly usedAt?: Date;
}

export type NewToken = Pick<Token, 'name' | 'scopes'> & {
  /** That it counts; without it, until it is revoked. */
  readonly days?: number;
};

export function may({ scopes }: Token, scope: Scope): boolean {
  return scopes.includes(scope) || scopes.includes('admin');
}

const PREFIX = 'scv_';
const MINUTE_MS = 60_000;

export type Tokens = ReturnType<typeof makeTokens>;

/** Who may do what. A secret has 256 random bits: a plain hash of it gives nothing away. */
export function makeTokens({ query }: Pick<Database, 'query'>, now: () => number) {
  return {
    /** The secret is shown this once. Throws ApiProblem for a name that is taken. */
    create: async ({ name, scopes, days }: NewToken): Promise<Token & { secret: string }> => {
      const secret = PREFIX + randomBytes(32).toString('base64url');
      const until = days === undefined ? null : new Date(now() + days * DAY_MS);
      const [token] = await read<Token>(
        query,
        `INSERT INTO token AS t (id, name, hash, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4::text[], $5, $6)
         ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING RETURNING ${TOKEN} AS row`,
        [randomUUID(), name, hashOf(secret), scopes, new Date(now()), until],
      );
      if (token !== undefined) return { ...token, secret };
      const nextStep = 'revoke it first, or choose another name';
      throw new ApiProblem('malformed', `there is a token named "${name}" already`, { nextStep });
    },
    list: (): Promise<readonly Token[]> =>
      read<Token>(query, `SELECT ${TOKEN} AS row FROM token t ORDER BY created_at, id`, []),
    /** By id or name. Throws ApiProblem where there is none, or it was revoked before. */
    revoke: async (idOrName: string): Promise<void> => {
      const revoked = await query(
        `UPDATE token SET revoked_at = $2 WHERE (id::text = $1 OR name = $1) AND revoked_at IS NULL RETURNING id`,
        [idOrName, new Date(now())],
      );
      if (revoked.length > 0) return;
      const nextStep = 'scoville serve token list';
      throw new ApiProblem('not-found', `token ${idOrName} not found`, { nextStep });
    },
    /** The token of a secret; undefined where it is unknown, over or revoked. */
    check: async (secret: string): Promise<Token | undefined> => {
      if (!secret.startsWith(PREFIX)) return undefined;
      const at = new Date(now());
      const [token] = await read<Token>(
        query,
        `SELECT ${TOKEN} AS row FROM token t
         WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)`,
        [hashOf(secret), at],
      );
      if (token !== undefined && (token.usedAt?.getTime() ?? 0) <= at.getTime() - MINUTE_MS)
        await query('UPDATE token SET used_at = $2 WHERE id = $1', [token.id, at]);
      return token;
    },
  };
}

export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;

/** Checks the token of each request before anything of it is read. */
export function guard(
  app: FastifyInstance,
  { tokens, settings }: { tokens: Tokens; settings: ServiceSettings },
  wrongTokens: number,
): void {
  app.decorateRequest('token', null);
  const guess = limitOf(app, 'wrong', wrongTokens);
  app.addHook('onRequest', async (request) => {
    const { routeOptions, headers, method, ip, socket } = request;
    const { access = 'read' } = routeOptions.config;
    if (access === 'open') return;
    // Where a browser keeps the password, a page of somebody else must not use it.
    const isElsewhere = ['cross-site', 'same-site'].includes(String(headers['sec-fetch-site']));
    if (isElsewhere && method !== 'GET' && method !== 'HEAD')
      throw new ApiProblem('forbidden', 'a page of another site must not send this');
    // Behind a proxy of this machine both addresses are checked.
    const isHere = [ip, socket.remoteAddress ?? ''].every((one) => LOOPBACK.test(one));
    const isFree = access === 'read' ? settings.reading === 'open' : access === 'metrics' && isHere;
    if (headers.authorization === undefined) {
      if (isFree) return;
      throw unauthorized(request, 'this needs a token: Authorization: Bearer TOKEN');
    }
    await guess(request, { increment: false });
    request.token = (await tokens.check(loginOf(headers.authorization).password)) ?? null;
    if (request.token === null) {
      await guess(request);
      throw unauthorized(request, 'the token is unknown, expired or revoked', 'invalid_token');
    }
    if (!may(request.token, access) && !isFree)
      throw new ApiProblem('forbidden', `the token does not have the scope \`${access}\``);
  });
}

/**
 * Refuses an address that did something more than `max` times in this minute; each `name` has its
 * own limit. Without `increment` it only looks, and refuses already what would be one too many.
 */
export function limitOf(app: FastifyInstance, name: string, max: number) {
  const keyGenerator = ({ ip }: FastifyRequest): string => `${name} ${ip}`;
  const limit = app.createRateLimit({ max, timeWindow: 60_000, keyGenerator });
  return async (request: FastifyRequest, options = { increment: true }): Promise<void> => {
    const state = await limit(request, options);
    if (state.isAllowed) return;
    if (options.increment ? state.isExceeded : state.remaining === 0) throw tooMany(state.ttl);
  };
}

export function tooMany(ttl: number): ApiProblem {
  const seconds = String(Math.max(1, Math.ceil(ttl / 1000)));
  return new ApiProblem('too-many-requests', `try again in ${seconds} s`, {
    headers: { 'retry-after': seconds },
  });
}

/** User and password of Basic, which browsers ask people for; a bearer token is the password. */
export function loginOf(authorization: string) {
  const [, scheme = '', value = ''] =
    /^(bearer|basic) +([\w.~+/=-]+) *$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== 'basic') return { username: '', password: value };
  const pair = Buffer.from(value, 'base64').toString();
  const [, username = '', password = ''] = /^([^:]*):(.*)$/s.exec(pair) ?? [];
  return { username, password };
}

function unauthorized({ headers }: FastifyRequest, detail: string, error?: string): ApiProblem {
  const isPerson = headers.accept?.includes('text/html') === true;
  const scheme = `${isPerson ? 'Basic' : 'Bearer'} realm="Scoville"`;
  const challenge = error === undefined || isPerson ? scheme : `${scheme}, error="${error}"`;
  return new ApiProblem('unauthorized', detail, {
    headers: { 'www-authenticate': challenge },
    nextStep: 'scoville serve token create',
  });
}
