import { chmodSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { printedBy } from './containers.ts';
import { bases, output, own } from './harness.ts';
import { isWhole } from './rows.ts';
import { folderHere, scovilleHere } from './workplace.ts';

interface Built {
  readonly digest: string;
}

const scoville = scovilleHere();
const NAME = own('scoville-modes:1');
const folder = folderHere('modes');
let origin = '';

beforeAll(async () => {
  origin = join(folder, 'origin');
  mkdirSync(join(origin, 'app/lib'), { recursive: true });
  writeFileSync(
    join(origin, 'Dockerfile'),
    // What a RUN sees of the modes counts too, and what it carries along.
    `FROM ${bases.busybox} AS seen\nWORKDIR /w\nCOPY . .\nRUN busybox stat -c '%a %n' app app/* app/lib/b > /seen && cp -r app /again\nFROM ${bases.busybox}\nCOPY . /srv\nCOPY --from=seen /seen /again /from/\nCOPY --from=other . /other\n`,
  );
  writeFileSync(join(origin, '.dockerignore'), '.git\n');
  for (const name of ['a', 'lib/b', 'run.sh']) writeFileSync(join(origin, 'app', name), name);
  chmodSync(join(origin, 'app/run.sh'), 0o755);
  const git = (...args: string[]) =>
    output('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      cwd: origin,
    });
  await git('init', '-q');
  await git('add', '.');
  await git('commit', '-qm', 'first');
});

async function checkout(umask: string): Promise<string> {
  const dir = join(folder, umask, 'app');
  await output('sh', ['-c', `umask ${umask}; git clone -q "$1" "$2"`, 'sh', origin, dir]);
  return dir;
}

async function digestOf(dir: string, ...flags: string[]): Promise<string> {
  const { stdout } = await scoville.expect(0, [
    ...['build', '--json', '--sign=false', '--scanner=none', '-t', NAME],
    ...['--build-context', `other=${join(dir, 'app')}`, ...flags, dir],
  ]);
  return (JSON.parse(stdout) as Built).digest;
}

describe('trap 3.3: modes of a checkout', () => {
  test('the same commit under umask 022, 002 and 077 gives one digest, and the checkouts stay as they are', async () => {
    const usual = await digestOf(await checkout('022'), '--no-cache');
    const group = await checkout('002');
    expect(await digestOf(group, '--no-cache')).toBe(usual);
    expect(statSync(join(group, 'app/a')).mode & 0o777).toBe(0o664);
    const closed = await checkout('077');
    expect(await digestOf(closed)).toBe(usual);
    expect(statSync(join(closed, 'app')).mode & 0o777).toBe(0o700);
    // Without the rules a mode is the checkout's, as docker build takes it.
    expect(await digestOf(group, '--repro=off')).not.toBe(
      await digestOf(join(folder, '022/app'), '--repro=off'),
    );
  });

  test('a change is sent; a private file that git does not track keeps its mode; provenance names the commit', async () => {
    const dir = join(folder, '002/app');
    writeFileSync(join(dir, 'app/a'), 'changed');
    writeFileSync(join(dir, 'app/private'), 'x');
    chmodSync(join(dir, 'app/private'), 0o600);
    await digestOf(dir);
    const listed = await printedBy(NAME, 'ls', '-l', '/srv/app');
    expect(listed).toMatch(/^-rw------- .* private$/m);
    expect(listed).toMatch(/^-rw-r--r-- .* a$/m);
    expect(await printedBy(NAME, 'cat', '/srv/app/a')).toBe('changed');
  });

  test.runIf(isWhole)(
    'scoville reproduce finds them the same, from a checkout under umask 002',
    async () => {
      const dir = join(folder, '002/app');
      const args = ['reproduce', '--build-context', `other=${join(dir, 'app')}`, dir];
      expect((await scoville.expect(0, args)).exitCode).toBe(0);
    },
  );

  test.runIf(isWhole)(
    'what git does not track would have another mode under another umask: scoville reproduce names it',
    async () => {
      const dir = join(folder, '002/app');
      const made = join(dir, 'app/made');
      writeFileSync(made, 'x');
      chmodSync(made, 0o644);
      const other = `other=${join(dir, 'app')}`;
      const args = ['reproduce', '--json', '--build-context', other, dir];
      const { stdout } = await scoville.expect(1, args);
      rmSync(made);
      const { differences } = JSON.parse(stdout) as {
        readonly differences: readonly { readonly path: string; readonly class: string }[];
      };
      expect(differences.map((one) => [one.path, one.class])).toContainEqual([
        'srv/app/made',
        'mode',
      ]);
    },
  );
});
