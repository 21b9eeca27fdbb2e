import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { db } from '../../src/scan/db-command.ts';
import { noteEcosystems } from '../../src/scan/update-database.ts';
import { fakeIo } from '../cli/command-io.ts';
import { advisory, affects, exportZip, putExport } from '../fakes/made-export.ts';

let home = '';
const NOW = Date.parse('2026-11-27T00:00:00Z');
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'scoville-db-'));
  for (const [ecosystem, name] of [
    ['npm', 'a'],
    ['PyPI', 'b'],
  ] as const) {
    const affected = [affects(ecosystem, name, [{ introduced: '0' }])];
    putExport(join(home, 'osv'), ecosystem, exportZip([advisory('X-1', { affected })]));
  }
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
});

async function run(args: readonly string[], now = NOW) {
  const { io, out, err } = fakeIo({
    cwd: home,
    env: { SCOVILLE_HOME: join(home, 'scoville') },
    now: () => now,
  });
  const code = await db(args, io).catch((error: unknown) => String(error));
  return { code, out: out(), err: err() };
}

test('fetches what is named, says how old it is, and removes it', async () => {
  expect(await run(['update', '--from', 'osv', 'npm', 'PyPI'])).toEqual({
    code: 0,
    out: 'npm: 1 advisory of 2026-11-20\nPyPI: 1 advisory of 2026-11-20\n',
    err: '',
  });
  const { out } = await run(['status']);
  expect(out).toMatch(
    /^PyPI {2}2026-11-20, 7 days old; 1 advisory, \S+ B\nnpm {3}2026-11-20, 7 days old/,
  );
  const month = 31 * 86_400_000;
  expect((await run(['status'], NOW + month)).out).toContain('38 days old: update it');
  const listed = JSON.parse((await run(['status', '--json'])).out) as unknown;
  expect(listed).toMatchObject([
    { ecosystem: 'PyPI', records: 1, days: 7, from: join(home, 'osv') },
    { ecosystem: 'npm', records: 1 },
  ]);
  expect((await run(['prune', 'npm'])).out).toMatch(/: 1 database\n$/);
  expect((await run(['prune'])).out).toBe('freed 0 B: 0 databases\n');
  expect((await run(['prune'], NOW + 4 * month)).out).toMatch(/: 1 database\n$/);
  expect((await run(['status'])).out).toBe('no databases. Run: scoville db update ECOSYSTEM\n');
});

test('fetches what graded images have, and says what is missing', async () => {
  expect((await run(['update', '--from', 'osv'])).code).toContain('no image was graded yet');
  const paths = { store: '', config: '', dockerConfig: '', cache: join(home, 'scoville/cache') };
  await noteEcosystems({ paths, now: () => NOW }, ['npm', 'Debian:13']);
  expect((await run(['status'])).out).toContain('Debian  missing: scoville db update\n');
  const { code, out, err } = await run(['update', '--from', 'osv']);
  expect([code, out]).toEqual([
    'UserError: 1 database not updated',
    'npm: 1 advisory of 2026-11-20\n',
  ]);
  expect(err).toBe(`scoville: no such file: ${join(home, 'osv/Debian/all.zip')}\n`);
});

test('fetches again what is there, GIT too, though no image has packages of it', async () => {
  await run(['update', '--from', 'osv', 'npm']);
  expect((await run(['update', '--from', 'osv'])).out).toBe('npm: 1 advisory of 2026-11-20\n');
});

test.each([
  [['fetch'], 'db does not know "fetch"'],
  [[], 'db takes update, status or prune'],
  [['update', '--from', 'osv', '../npm'], '1 database not updated'],
])('%j is refused', async (args, message) => {
  expect((await run(args)).code).toContain(message);
});

test.each(['http://ci:s3cret@127.0.0.1:9/osv', 'https://127.0.0.1:9/osv?sig=s3cret'])(
  'an address with a secret is refused, and not shown: %s',
  async (from) => {
    const { code, out, err } = await run(['update', '--from', from, 'npm']);
    expect(code).toContain('an address of exports has no user, password or query');
    expect(`${code}${out}${err}`).not.toContain('s3cret');
  },
);
