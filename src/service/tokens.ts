import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { UserError } from '../lib/errors.ts';
import type { Database } from './database.ts';
import { read, TOKEN } from './record-rows.ts';

export const SCOPES = [
  ...(['read', 'ask', 'settings', 'webhook'] as const),
  ...(['metrics', 'verdict', 'attach', 'admin'] as const),
] as const;
/** `admin` has all others. */
export type Scope = (typeof SCOPES)[number];

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

export function may(token: Token, scope: Scope): boolean {
  return token.scopes.includes(scope) || token.scopes.includes('admin');
}

const PREFIX = 'scv_';
const BYTES = 32;
const MINUTE_MS = 60_000;

/** Who may do what. A secret has 256 random bits: a plain hash of it gives nothing away. */
export type Tokens = ReturnType<typeof makeTokens>;

export function makeTokens({ query }: Database, now: () => number) {
  return {
    /** The secret is shown this once: only its SHA-256 is kept. */
    create: async ({
      name,
      scopes,
      expiresAt,
    }: Pick<Token, 'name' | 'scopes' | 'expiresAt'>): Promise<{ token: Token; secret: string }> => {
      const secret = PREFIX + randomBytes(BYTES).toString('base64url');
      const [token] = await read<Token>(
        query,
        `INSERT INTO token AS t (id, name, hash, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4::text[], $5, $6)
         ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING RETURNING ${TOKEN} AS row`,
        [randomUUID(), name, hashOf(secret), scopes, new Date(now()), expiresAt ?? null],
      );
      if (token === undefined)
        throw new UserError(`there is a token named "${name}" already`, {
          nextStep: `revoke it first, or choose another name`,
        });
      return { token, secret };
    },
    list: (): Promise<readonly Token[]> =>
      read<Token>(query, `SELECT ${TOKEN} AS row FROM token t ORDER BY created_at, id`, []),
    /** By id or name; false where there is none, or it was revoked before. */
    revoke: async (idOrName: string): Promise<boolean> => {
      const revoked = await query(
        `UPDATE token SET revoked_at = $2 WHERE (id::text = $1 OR name = $1) AND revoked_at IS NULL RETURNING id`,
        [idOrName, new Date(now())],
      );
      return revoked.length > 0;
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

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
