import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bases, type Ended, output, own, ROOT, run } from './harness.ts';
import { folderHere, scovilleHere } from './workplace.ts';

describe('the single executable', () => {
  const scoville = scovilleHere();
  const folder = folderHere('package');
  let app = '';
  let program = '';
  let home = '';
  /** No Node.js is to be found, only what a build needs. */
  let env: Record<string, string> = {};
  const packaged = (args: readonly string[], more: Record<string, string> = {}): Promise<Ended> =>
    run(program, args, { cwd: app, env: { ...env, ...more } });

  beforeAll(async () => {
    app = join(folder, 'app');
    mkdirSync(app);
    program = join(folder, 'scoville');
    home = join(folder, 'home');
    await output(process.execPath, [join(ROOT, 'scripts/package.mjs'), '--out', program]);
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    for (const name of ['docker', 'cosign', 'git'])
      symlinkSync(
        execFileSync('sh', ['-c', `command -v ${name}`])
          .toString()
          .trim(),
        join(bin, name),
      );
    env = { PATH: bin, SCOVILLE_HOME: home };
    writeFileSync(
      join(app, 'Dockerfile'),
      `FROM ${bases.debian}\nRUN head -c 20000000 /dev/zero | tr '\\0' x > /big && cat /usr/bin/* > /more\n`,
    );
  });
  afterAll(async () => {
    await run('docker', ['rmi', '--force', own('package-e2e:1')]);
  });

  test('is the same program, and finds what comes with it', async () => {
    const theirs = await scoville.run(['--version']);
    expect(await packaged(['--version'])).toMatchObject({ exitCode: 0, stdout: theirs.stdout });
    expect((await packaged(['init', '--list'])).stdout).toBe(
      (await scoville.run(['init', '--list'])).stdout,
    );
    expect(readdirSync(join(home, 'program'))).toHaveLength(1);
  });

  test('runs only what it carries, from a folder that only this user can write', async () => {
    const [id = ''] = readdirSync(join(home, 'program'));
    const unpacked = join(home, 'program', id);
    expect(statSync(unpacked).mode & 0o777).toBe(0o700);
    const changed = join(unpacked, 'dist/scoville.js');
    const before = readFileSync(changed, 'utf8');
    writeFileSync(changed, 'console.log("not ours")');
    expect((await packaged(['--version'])).stdout).toMatch(/^scoville \d/);
    expect(readFileSync(changed, 'utf8')).toBe(before);
    // A folder that others may write is not used, nor made narrower behind its owner's back.
    const open = join(folder, 'open');
    mkdirSync(join(open, 'program'), { recursive: true });
    chmodSync(join(open, 'program'), 0o777);
    const ended = await packaged(['--version'], { SCOVILLE_HOME: open });
    expect(ended.stdout).toMatch(/^scoville \d/);
    expect(readdirSync(join(open, 'program'))).toEqual([]);
    expect(readdirSync(join(home, 'program'))).toEqual([id]);
  });

  test('builds, compresses in threads, grades in threads: the same image, the same verdicts', async () => {
    const args = ['--json', '--scanner', 'none', '--no-sign', '--no-pin'];
    const ours = await packaged(['build', '-t', own('package-e2e:1'), ...args, '.']);
    expect([ours.exitCode, ours.exitCode === 0 ? '' : ours.stderr]).toEqual([0, '']);
    const theirs = await scoville.expect(0, ['build', '-t', own('package-e2e:1'), ...args, '.'], {
      cwd: app,
    });
    const card = (text: string) => {
      const { digest, criteria } = JSON.parse(text) as {
        digest: string;
        criteria: readonly { id: string; outcome: string }[];
      };
      return { digest, outcomes: criteria.map(({ id, outcome }) => [id, outcome]) };
    };
    expect(card(ours.stdout)).toEqual(card(theirs.stdout));
    const graded = await packaged([
      ...['grade', '--json', '--scanner', 'none', `docker:${own('package-e2e:1')}`],
    ]);
    expect(card(graded.stdout).digest).toBe(card(ours.stdout).digest);
  });

  test('is what its plugin of Docker’s starts', async () => {
    const config = join(folder, 'docker');
    const more = { DOCKER_CONFIG: config };
    expect((await packaged(['install'], more)).exitCode).toBe(0);
    const said = await run('docker', ['scoville', '--version'], { env: { ...env, ...more } });
    expect(said.stdout).toMatch(/^scoville \d/);
    expect((await packaged(['uninstall'], more)).exitCode).toBe(0);
  });

  test('runs where nothing may be written beside the user’s data', async () => {
    const ended = await packaged(['--version'], {
      SCOVILLE_HOME: join(app, 'Dockerfile'),
      TMPDIR: folder,
    });
    expect([ended.exitCode, ended.stdout]).toEqual([0, expect.stringMatching(/^scoville \d/)]);
    expect(readdirSync(folder).filter((name) => name.startsWith('scoville-program-'))).toEqual([]);
  });
});
