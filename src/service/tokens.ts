import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { DAY_MS } from '../lib/time.ts';
import type { Database } from './database.ts';
import { operation } from './openapi.ts';
import { ApiProblem } from './problems.ts';
import { read, TOKEN } from './record-rows.ts';
import type { Scope } from './shapes.ts';

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

export interface NewToken {
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** That it counts; without it, until it is revoked. */
  readonly days?: number;
}

export function may(token: Token, scope: Scope): boolean {
  return token.scopes.includes(scope) || token.scopes.includes('admin');
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

/** Tokens of a service that runs: an embedded database has one process, which is that service. */
export function registerTokens(app: FastifyInstance, { tokens }: { tokens: Tokens }): void {
  operation(app, 'tokens', {}, async () => ({ tokens: await tokens.list() }));
  operation<{ Body: NewToken }>(app, 'makeToken', {}, async ({ body }, reply) =>
    reply.code(201).send(await tokens.create(body)),
  );
  operation<{ Params: { name: string } }>(app, 'revokeToken', {}, async ({ params: { name } }) => {
    await tokens.revoke(name);
    return { revoked: name };
  });
}
