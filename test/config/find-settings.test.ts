import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { formatProblem } from '../../src/config/document.ts';
import {
  findSettingsFile,
  isOfTheProject,
  loadSettings,
  type SettingsPlaces,
} from '../../src/config/find-settings.ts';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import { requireKey } from '../../src/trust/signer.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { words } from '../fakes/table.ts';

const OPTIONS = { now: Date.parse('2026-08-20T12:00:00Z') };
let root = '';
let context = '';

function place(changes: Partial<SettingsPlaces>): SettingsPlaces {
  return { named: undefined, startDir: context, userDir: undefined, task: 'project', ...changes };
}

beforeEach(async () => {
  root = temporaryFolder();
  context = join(root, 'repository', 'service');
  await mkdir(context, { recursive: true });
});

describe('findSettingsFile', () => {
  test("the context's own goes first", async () => {
    await mkdir(join(root, 'repository', '.git'));
    await writeFile(join(root, 'repository', '.scoville.yaml'), '');
    await writeFile(join(context, '.scoville.yml'), '');
    expect(await findSettingsFile(context)).toBe(join(context, '.scoville.yml'));
  });

  test('in a repository, its root is the last place', async () => {
    await mkdir(join(root, 'repository', '.git'));
    await writeFile(join(root, '.scoville.yaml'), '');
    expect(await findSettingsFile(context)).toBeUndefined();
    await writeFile(join(root, 'repository', '.scoville.yaml'), '');
    expect(await findSettingsFile(context)).toBe(join(root, 'repository', '.scoville.yaml'));
  });

  test('outside a repository, a parent decides nothing', async () => {
    await writeFile(join(root, '.scoville.yaml'), '');
    expect(await findSettingsFile(context)).toBeUndefined();
  });
});

describe('loadSettings', () => {
  test('gives the defaults where there is no file', async () => {
    const loaded = await loadSettings(place({}), OPTIONS);
    expect(loaded).toEqual({ ok: true, value: DEFAULT_SETTINGS });
    expect(await loadSettings(place({ startDir: undefined }), OPTIONS)).toEqual(loaded);
  });

  test('reads the file that is named, and says where it is wrong', async () => {
    const file = join(root, 'other.yaml');
    await writeFile(file, 'recentDays: 0\n');
    const loaded = await loadSettings(place({ named: file }), OPTIONS);
    expect(loaded.ok ? [] : loaded.error.map(formatProblem)).toEqual([
      `${file}:1:13: recentDays must be a whole number from 1 to 36500, not "0"`,
    ]);
  });

  test.each([
    ['a missing file', () => Promise.resolve(), /cannot be read: ENOENT/],
    ['a folder', (file: string) => mkdir(file), /cannot be read: it is not a file/],
    ['a device', (file: string) => symlink('/dev/zero', file), /cannot be read: it is not a file/],
    [
      'bytes that are no text',
      (file: string) => writeFile(file, new Uint8Array([0xff, 0xfe, 0x00])),
      /cannot be read: it is not UTF-8/,
    ],
    [
      'a huge file',
      (file: string) => writeFile(file, new Uint8Array(1024 * 1024 + 1)),
      /it is larger than 1 MiB/,
    ],
  ])('refuses %s', async (_, make, message) => {
    const file = join(root, 'x.yaml');
    await make(file);
    const loaded = await loadSettings(place({ named: file }), OPTIONS);
    expect(loaded.ok ? [] : loaded.error.map((problem) => problem.message)).toEqual([
      expect.stringMatching(message),
    ]);
  });
});

describe('whose file it is', () => {
  const keysOf = async (changes: Partial<SettingsPlaces>) => {
    const loaded = await loadSettings(place(changes), OPTIONS);
    return loaded.ok ? loaded.value.trust.images : loaded.error.map(formatProblem);
  };
  const repository = () => join(root, 'repository');

  test('a link of the project to a file outside is refused, and the file not shown', async () => {
    await mkdir(join(repository(), '.git'));
    await writeFile(join(root, 'secret'), '//registry.example.com/:_authToken=abc: 1\n');
    await symlink(join(root, 'secret'), join(repository(), '.scoville.yaml'));
    expect(await keysOf({})).toEqual([
      `${join(repository(), '.scoville.yaml')}:1:1: is a link that leads out of ${repository()}`,
    ]);
  });

  test.each([
    ['a path that leads out', 'attest: { apparmor: ../../secret.json }', 'attest.apparmor'],
    ['a whole path', 'attest: { seccomp: /etc/shadow }', 'attest.seccomp'],
    ['a link that leads out', 'attest: { seccomp: link.json }', 'attest.seccomp'],
  ])('%s names a file that a build would publish: refused', async (_, text, setting) => {
    await mkdir(join(repository(), '.git'));
    await writeFile(join(root, 'secret.json'), '{"auths":{}}');
    await symlink(join(root, 'secret.json'), join(context, 'link.json'));
    const file = join(context, '.scoville.yaml');
    await writeFile(file, text);
    expect(await keysOf({})).toEqual([
      `${file}:1:1: ${setting} is a file outside of ${repository()}: name it by a flag`,
    ]);
    const named = await loadSettings(place({ named: file }), OPTIONS);
    expect(named.ok).toBe(true);
  });

  test('a link inside of the repository is followed', async () => {
    await mkdir(join(repository(), '.git'));
    await writeFile(join(repository(), 'common.yaml'), 'trust: { images: [a/b] }\n');
    await symlink('../common.yaml', join(context, '.scoville.yaml'));
    expect(await keysOf({})).toEqual(['a/b']);
  });

  test('the person’s own file is read, and goes above the project’s in what is theirs to say', async () => {
    const userDir = join(root, 'config');
    await mkdir(userDir);
    await writeFile(join(userDir, 'config.yaml'), 'trust: { images: [mine/*] }\n');
    await writeFile(join(context, '.scoville.yaml'), 'trust: { images: [theirs/*] }\n');
    expect(await keysOf({ userDir })).toEqual(['mine/*']);
    expect(await keysOf({})).toEqual(['theirs/*']);
    expect(await keysOf({ task: 'image' })).toEqual([]);
  });

  test('a configuration folder that the repository carries is the repository’s', async () => {
    const userDir = join(repository(), '.cache/config');
    await mkdir(join(repository(), '.git'));
    await mkdir(userDir, { recursive: true });
    await writeFile(join(userDir, 'config.yaml'), 'trust: { images: [theirs/*] }\n');
    expect(await keysOf({ userDir })).toEqual([]);
    expect(await isOfTheProject(join(userDir, 'keys/cosign.pub'), context)).toBe(true);
    expect(await isOfTheProject(join(root, 'config/keys/cosign.pub'), context)).toBe(false);
  });

  test('a named file takes the place of the project’s', async () => {
    const named = join(root, 'policy.yaml');
    await writeFile(named, 'recentDays: 7\n');
    await writeFile(join(context, '.scoville.yaml'), 'trust: { images: [theirs/*] }\n');
    expect(await keysOf({ named })).toEqual([]);
  });

  test('a policy goes before the project’s file, which still says the rest', async () => {
    const policy = join(root, 'policy.yaml');
    await writeFile(policy, 'recentDays: 7\ngate:\n  minLevel: 2\n');
    await writeFile(
      join(context, '.scoville.yaml'),
      'recentDays: 90\nimage:\n  title: mine\ngate:\n  minLevel: 1\n  waivers:\n    - {criterion: no-shell, reason: it is one}\n',
    );
    const loaded = await loadSettings(place({ policy }), OPTIONS);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    const { recentDays, gate, image, origins } = loaded.value;
    expect([recentDays, gate.minLevel, gate.waivers, image.title]).toEqual([7, 2, [], 'mine']);
    expect(origins.find(({ setting }) => setting === 'gate.minLevel')).toMatchObject({
      source: 'named',
      file: policy,
    });
    await writeFile(policy, 'nonsense: 1\n');
    expect((await loadSettings(place({ policy }), OPTIONS)).ok).toBe(false);
  });

  // mine:// is a plugin of cosign: it starts sigstore-kms-mine.
  const FOREIGN = words(`
    awskms://evil.example/alias/x AWSKMS:///alias/x gcpkms://projects/p/k
    azurekms://vault.example/k hashivault://k gitlab://1 github://o/r k8s://ns/secret
    http://127.0.0.1:1/k https://evil.example/k env://AWS_SECRET_ACCESS_KEY
    pkcs11:token=x?module-path=/clone/evil.so pkcs11:token=x file:///home/me/.ssh/id_ecdsa
    mine://k /etc/ssl/private/k.pem ../../outside.key out/k.key out/not-there/k.key link.key
  `);

  test.each(
    FOREIGN.flatMap((one) => [`sign: {key: '${one}'}`, `trust: {keys: [a.pub, '${one}']}`]),
  )('a project names no key that is not its own: %s', async (text) => {
    await mkdir(join(repository(), '.git'));
    await symlink(root, join(context, 'out'));
    await writeFile(join(root, 'k.key'), '');
    await symlink(join(root, 'k.key'), join(context, 'link.key'));
    const file = join(context, '.scoville.yaml');
    await writeFile(file, text);
    const setting = text.startsWith('sign') ? 'sign.key' : 'trust.keys';
    const loaded = await loadSettings(place({}), OPTIONS);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    const { sign, trust, ignored } = loaded.value;
    expect([sign.key, trust.keys, ignored]).toEqual([
      undefined,
      [],
      [{ file, settings: [setting] }],
    ]);
    // Nothing else is signed with in its place.
    if (setting === 'sign.key')
      await expect(requireKey(sign)).rejects.toThrow('only you can name that key');
    const named = await loadSettings(place({ named: file }), OPTIONS);
    expect(named.ok && named.value.ignored).toEqual([]);
  });

  test('a key of its own counts, and what the person names too goes before', async () => {
    await mkdir(join(repository(), '.git'));
    const file = join(context, '.scoville.yaml');
    await writeFile(file, 'sign: { key: ../keys/cosign.key }\nvex: [../a.json]\n');
    const loaded = await loadSettings(place({}), OPTIONS);
    expect(loaded.ok && [loaded.value.sign.key, loaded.value.vex]).toEqual([
      join(repository(), 'keys/cosign.key'),
      [join(repository(), 'a.json')],
    ]);
    const userDir = join(root, 'config');
    await mkdir(userDir);
    await writeFile(join(userDir, 'config.yaml'), 'sign: { key: awskms:///alias/mine }\n');
    await writeFile(file, 'sign: { key: awskms:///alias/mine }\nvex: [/etc/passwd]\n');
    const mine = await loadSettings(place({ userDir }), OPTIONS);
    if (!mine.ok) throw new Error(JSON.stringify(mine.error));
    expect([mine.value.sign.key, mine.value.vex]).toEqual(['awskms:///alias/mine', []]);
    await expect(requireKey(mine.value.sign)).resolves.toBeUndefined();
  });
});
