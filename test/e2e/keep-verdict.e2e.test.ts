import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bases, own, registry, Scoville } from './harness.ts';

const image = `${registry}/${own('keep-verdict-e2e')}:1`;
const owner = new Scoville();
const other = new Scoville();
let context = '';
let elsewhere = '';

beforeAll(async () => {
  context = mkdtempSync(join(tmpdir(), 'scoville-keep-verdict-'));
  elsewhere = mkdtempSync(join(tmpdir(), 'scoville-elsewhere-'));
  const dockerfile = `FROM ${bases.busybox}\nLABEL run=${randomUUID()}\nUSER 65532\nENTRYPOINT ["/bin/echo"]\n`;
  writeFileSync(join(context, 'Dockerfile'), dockerfile);
  // What only the project says: without it the base comes from nowhere, and level 1 is gone.
  const trusted = `trust:\n  images: ["${registry}/base/*"]\ngate:\n  minLevel: 1\n`;
  writeFileSync(join(context, '.scoville.yaml'), trusted);
  writeFileSync(join(elsewhere, 'result.json'), '{"result":"PASSED"}');
  writeFileSync(join(elsewhere, 'strict.yaml'), 'recentDays: 30\n');
  await owner.expect(0, ['build', '--offline', '--push', '-t', image, context]);
});
afterAll(async () => {
  await Promise.all([owner.remove(), other.remove()]);
  for (const folder of [context, elsewhere]) rmSync(folder, { recursive: true, force: true });
});

const attest = (who: Scoville, code: number, ...flags: string[]) =>
  who.expect(
    code,
    ['attest', '--type', 'custom', '--predicate', 'result.json', '--json', ...flags, image],
    { cwd: elsewhere },
  );
const level = async (): Promise<string | undefined> => {
  const made = [owner, other].map(({ publicKey }) => publicKey).filter((key) => existsSync(key));
  const keys = made.flatMap((key) => ['--key', key]);
  const { stdout } = await owner.run(['verify', '--json', ...keys, image], { cwd: elsewhere });
  return /"level": (\d)/.exec(stdout)?.[1];
};

test('what is attached without the project keeps the level, and is judged as the build was', async () => {
  const { stdout } = await attest(owner, 0);
  expect(JSON.parse(stdout)).toMatchObject({ level: 1, verdict: 'renewed' });
  await expect(level()).resolves.toBe('1');
});

test('another key adds its statement, and no lower verdict beside the first', async () => {
  const { stdout, stderr } = await attest(other, 1);
  expect(JSON.parse(stdout)).toMatchObject({ level: 1, verdict: 'kept', wouldBe: { level: 0 } });
  expect(stderr).toContain('the verdict stays as it was signed');
  expect(stderr).toContain('trusted-source fails');
  await expect(level()).resolves.toBe('1');
});

test('two at once end with one verdict that is not lower', async () => {
  await Promise.all([attest(owner, 0), attest(owner, 0)]);
  await expect(level()).resolves.toBe('1');
});

test('settings that would lower it are refused, and --regrade signs it after saying so', async () => {
  const refused = await attest(owner, 1, '--policy', 'strict.yaml');
  expect(JSON.parse(refused.stdout)).toMatchObject({ level: 1, verdict: 'kept' });
  await expect(level()).resolves.toBe('1');
  const signed = await attest(owner, 0, '--regrade');
  expect(signed.stderr).toContain(
    'the new verdict is lower (level 0, not 1): trusted-source fails',
  );
  await expect(level()).resolves.toBe('0');
});
