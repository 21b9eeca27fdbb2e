import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bases, own, registry, Scoville } from './harness.ts';

const image = own(`${registry}/keep-verdict-e2e:1`);
const owner = new Scoville();
const other = new Scoville();
const twin = new Scoville();
const scratch = mkdtempSync(join(tmpdir(), 'scoville-scratch-'));
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
  writeFileSync(join(scratch, 'app'), randomUUID());
  writeFileSync(join(scratch, '.scoville.yaml'), 'gate:\n  minLevel: 0\n');
  writeFileSync(join(elsewhere, 'strict.yaml'), 'recentDays: 30\n');
  await owner.expect(0, ['build', '--offline', '--push', '-t', image, context]);
});
afterAll(() => {
  for (const one of [owner, other, twin]) one.remove();
  for (const folder of [context, elsewhere, scratch])
    rmSync(folder, { recursive: true, force: true });
});

const attest = (who: Scoville, code: number, ...flags: string[]) =>
  who.expect(
    code,
    ['attest', '--type', 'custom', '--predicate', 'result.json', '--json', ...flags, image],
    { cwd: elsewhere },
  );
const ATTEST = ['attest', '--type', 'custom', '--predicate', 'result.json'];
/** When the verdicts of an image were made. */
const verdicts = async (name: string): Promise<readonly string[]> => {
  const { stdout } = await owner.run(['verify', '--json', '--key', owner.publicKey, name]);
  return [...stdout.matchAll(/"(?:timeVerified|gradedAt)": "([^"]*)"/g)].map(([, at = '']) => at);
};
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

test('a stored build that is older does not replace the verdict, and one that is as good does', async () => {
  const name = `${image.replace(/:1$/, '')}-stored:1`;
  await owner.expect(0, ['build', '--offline', '--push', '-t', name, context]);
  // Another home of the same key attests; the build's own store does not learn of it.
  cpSync(join(owner.home, 'config'), join(twin.home, 'config'), { recursive: true });
  await twin.expect(0, [...ATTEST, name], { cwd: elsewhere });
  const [before, again] = [await verdicts(name), await owner.expect(0, ['push', name])];
  expect(again.stderr).toMatch(
    /has a newer verdict \(level 1, .*\): that of this build .* is not published/,
  );
  expect(await verdicts(name)).toEqual(before);
});

test.each([
  ['several platforms', ['--platform', 'linux/amd64,linux/arm64']],
  ['statements that lie under .att alone', ['--signature-format', 'legacy']],
])('%s: what is attached keeps the level', async (what, flags) => {
  const name = `${image.replace(/:1$/, '')}-${what.replaceAll(/\W+/g, '-').toLowerCase()}:1`;
  writeFileSync(join(scratch, 'Dockerfile'), 'FROM scratch\nCOPY app /app\nUSER 1\nCMD ["/app"]\n');
  const build = ['build', '--json', '--offline', '--push', ...flags, '-t', name, scratch];
  const built = await owner.expect(0, build);
  const level = async (): Promise<string | undefined> => {
    const { stdout } = await owner.run(['verify', '--json', '--key', owner.publicKey, name]);
    return /"level": (\d)/.exec(stdout)?.[1];
  };
  const { stdout } = await owner.expect(0, [...ATTEST, '--json', name], { cwd: elsewhere });
  expect(JSON.parse(stdout)).toMatchObject({ verdict: 'renewed' });
  const before = (JSON.parse(built.stdout) as { readonly level: number }).level;
  await expect(level()).resolves.toBe(String(before));
});
