import { afterAll, describe, expect, test } from 'vitest';
import { UserError } from '../../src/lib/errors.ts';
import { makeTokens, may } from '../../src/service/tokens.ts';
import { cleanDatabase, KINDS, removeDatabases } from './databases.ts';

afterAll(removeDatabases);

describe.each(KINDS)('tokens in %s', (kind) => {
  test('a token may what it says, until it is over or revoked', async () => {
    const database = await cleanDatabase(kind);
    const clock = { at: Date.parse('2026-03-01T12:00:00Z') };
    const tokens = makeTokens(database, () => clock.at);
    const expiresAt = new Date(clock.at + 3_600_000);
    const { token, secret } = await tokens.create({
      name: 'ci',
      scopes: ['ask', 'verdict'],
      expiresAt,
    });
    expect(token).toEqual({
      ...{ id: token.id, name: 'ci', scopes: ['ask', 'verdict'], createdAt: new Date(clock.at) },
      expiresAt,
    });
    expect(secret).toMatch(/^scv_[\w-]{43}$/);
    const kept = await database.query('SELECT row_to_json(token)::text AS row FROM token');
    expect(JSON.stringify(kept)).not.toContain(secret.slice(4));

    expect(await tokens.check(secret)).toEqual(token);
    expect(await tokens.check(`${secret.slice(0, -1)}~`)).toBeUndefined();
    expect(await tokens.check('scv_')).toBeUndefined();
    expect(await tokens.check(secret.slice(4))).toBeUndefined();
    const used = async () => (await tokens.list()).map(({ usedAt }) => usedAt?.getTime());
    const first = clock.at;
    expect(await used()).toEqual([first]);
    clock.at += 59_000;
    await tokens.check(secret);
    expect(await used()).toEqual([first]);
    clock.at += 1_000;
    await tokens.check(secret);
    expect(await used()).toEqual([first + 60_000]);
    expect([may(token, 'ask'), may(token, 'settings')]).toEqual([true, false]);

    await expect(tokens.create({ name: 'ci', scopes: ['ask'] })).rejects.toThrow(UserError);
    clock.at = expiresAt.getTime();
    expect(await tokens.check(secret)).toBeUndefined();
    expect(await tokens.revoke('ci')).toBe(true);
    expect(await tokens.revoke('ci')).toBe(false);
    expect(await tokens.revoke('nobody')).toBe(false);

    const admin = await tokens.create({ name: 'ci', scopes: ['admin'] });
    expect(may(admin.token, 'settings')).toBe(true);
    expect(await tokens.check(admin.secret)).toMatchObject({ name: 'ci', scopes: ['admin'] });
    expect(await tokens.revoke(admin.token.id)).toBe(true);
    expect(await tokens.check(admin.secret)).toBeUndefined();
    expect((await tokens.list()).map(({ revokedAt }) => revokedAt)).toEqual([
      ...[new Date(clock.at), new Date(clock.at)],
    ]);
  });
});
