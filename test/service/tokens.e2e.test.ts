import { afterAll, describe, expect, test } from 'vitest';
import { makeTokens, may } from '../../src/service/access.ts';
import { cleanDatabase, KINDS, removeDatabases } from './databases.ts';

afterAll(removeDatabases);

describe.each(KINDS)('tokens in %s', (kind) => {
  test('a token may what it says, until it is over or revoked', async () => {
    const database = await cleanDatabase(kind);
    const clock = { at: Date.parse('2026-03-01T12:00:00Z') };
    const tokens = makeTokens(database, () => clock.at);
    const expiresAt = new Date(clock.at + 86_400_000);
    const { secret, ...token } = await tokens.create({
      ...{ name: 'ci', scopes: ['ask', 'verdict'], days: 1 },
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

    await expect(tokens.create({ name: 'ci', scopes: ['ask'] })).rejects.toThrow(
      'there is a token named "ci" already',
    );
    clock.at = expiresAt.getTime();
    expect(await tokens.check(secret)).toBeUndefined();
    await tokens.revoke('ci');
    for (const name of ['ci', 'nobody'])
      await expect(tokens.revoke(name)).rejects.toThrow(`token ${name} not found`);

    const admin = await tokens.create({ name: 'ci', scopes: ['admin'] });
    expect(may(admin, 'settings')).toBe(true);
    expect(await tokens.check(admin.secret)).toMatchObject({ name: 'ci', scopes: ['admin'] });
    await tokens.revoke(admin.id);
    expect(await tokens.check(admin.secret)).toBeUndefined();
    expect((await tokens.list()).map(({ revokedAt }) => revokedAt)).toEqual([
      ...[new Date(clock.at), new Date(clock.at)],
    ]);
  });
});
