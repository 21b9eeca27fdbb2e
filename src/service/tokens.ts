import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { UserError } from '../lib/errors.ts';
import type { Database, Scope, Token, Tokens } from './deps.ts';

const PREFIX = 'scv_';
const BYTES = 32;
const MINUTE_MS = 60_000;

interface StoredToken {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
  readonly used_at: Date | null;
}

const COLUMNS = 'id, name, scopes, created_at, expires_at, revoked_at, used_at';

/** Who may do what. A secret has 256 random bits: a plain hash of it gives nothing away. */
export function makeTokens({ query }: Database, now: () => number): Tokens {
  return {
    create: async ({ name, scopes, expiresAt }) => {
      const secret = PREFIX + randomBytes(BYTES).toString('base64url');
      const [row] = await query<StoredToken>(
        `INSERT INTO token (id, name, hash, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4::text[], $5, $6)
         ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING RETURNING ${COLUMNS}`,
        [randomUUID(), name, hashOf(secret), scopes, new Date(now()), expiresAt ?? null],
      );
      if (row === undefined)
        throw new UserError(`there is a token named "${name}" already`, {
          nextStep: `revoke it first, or choose another name`,
        });
      return { token: tokenOf(row), secret };
    },
    list: async () =>
      (await query<StoredToken>(`SELECT ${COLUMNS} FROM token ORDER BY created_at, id`)).map(
        tokenOf,
      ),
    revoke: async (idOrName) => {
      const revoked = await query(
        `UPDATE token SET revoked_at = $2 WHERE (id::text = $1 OR name = $1) AND revoked_at IS NULL RETURNING id`,
        [idOrName, new Date(now())],
      );
      return revoked.length > 0;
    },
    check: async (secret) => {
      if (!secret.startsWith(PREFIX)) return undefined;
      const at = new Date(now());
      const [row] = await query<StoredToken>(
        `SELECT ${COLUMNS} FROM token
         WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)`,
        [hashOf(secret), at],
      );
      if (row === undefined) return undefined;
      if (row.used_at === null || row.used_at.getTime() <= at.getTime() - MINUTE_MS)
        await query('UPDATE token SET used_at = $2 WHERE id = $1', [row.id, at]);
      return tokenOf(row);
    },
  };
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

function tokenOf(row: StoredToken): Token {
  return {
    ...{ id: row.id, name: row.name, scopes: row.scopes, createdAt: row.created_at },
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at }),
    ...(row.revoked_at === null ? {} : { revokedAt: row.revoked_at }),
    ...(row.used_at === null ? {} : { usedAt: row.used_at }),
  };
}
