import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { BadDay, CLI, isInDocker, newName, Running } from './bad-day.ts';
import { bases, bridgeAddress, type Ended, output, run, Scoville } from './harness.ts';
import { until } from './until.ts';

const MB = 1024 * 1024;
const NOBODY = 65534;
/** Mounting and changing the user are root's: CI and `npm test` on a bare machine are root. */
const isRoot = process.getuid?.() === 0;

const day = new BadDay();
afterAll(() => {
  day.remove();
});

/** A server, where a RUN reaches it, that answers once a file is there. */
async function openedBy(file: string): Promise<{ address: string; close: () => void }> {
  const server = createServer((_, response) => {
    void until('a key that fails', () => existsSync(file)).finally(() => response.end());
  });
  const gateway = await bridgeAddress();
  await new Promise<void>((done) => server.listen(0, gateway, done));
  const { port } = server.address() as AddressInfo;
  return { address: `http://${gateway}:${port}`, close: () => server.close() };
}

describe.runIf(isRoot)('a disk that is full', () => {
  /** Builds with a home of that size; gives what came of it and what still works there. */
  async function onDiskOf(size: string, isKeyFirst = false): Promise<Ended> {
    const home = mkdtempSync(join(day.folder, 'small-'));
    const filled = join(day.folder, `filled-${size}`);
    const fill = `head -c 100m /dev/zero > ${home}/fill; "$TOOL" "$@"; code=$?; touch ${filled}; exit $code`;
    const path = isKeyFirst ? { PATH: await day.pathWith('cosign', fill) } : {};
    // The build goes on when the key has failed.
    const gate = isKeyFirst ? await openedBy(filled) : undefined;
    const slow = {
      Dockerfile: `FROM ${bases.busybox}\nCOPY content /content\nRUN wget -qO /dev/null ${gate?.address ?? ''}\n`,
    };
    await output('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', home]);
    try {
      const name = newName();
      const content = randomBytes(4 * MB);
      const context = day.context({ content, ...(isKeyFirst ? slow : {}) });
      const ended = await day.scoville.run(['build', '--load', '-t', name, context], {
        env: { SCOVILLE_HOME: home, ...path },
      });
      expect(await isInDocker(name)).toBe(false);
      expect(ended.stderr).toMatch(/no space left on/);
      expect(ended.stderr).not.toContain('defect');
      const pruned = await day.scoville.expect(0, ['prune', '--all', '--json'], {
        env: { SCOVILLE_HOME: home },
      });
      expect((JSON.parse(pruned.stdout) as { runningBuilds: unknown[] }).runningBuilds).toEqual([]);
      return ended;
    } finally {
      gate?.close();
      await output('umount', [home]);
    }
  }

  test('while buildx writes the layout: its own code and words', async () => {
    const { exitCode, stderr } = await onDiskOf('3m');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^ERROR: .*no space left on device/m);
  });

  test('where the key made beside it finds it full first: still buildx’s', async () => {
    const { exitCode, stderr } = await onDiskOf('3m', true);
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^ERROR: .*no space left on/m)]);
  });

  test('while layers are rewritten: said, with how to free some', async () => {
    const { exitCode, stderr } = await onDiskOf('8m');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('scoville: build:');
    expect(stderr).toMatch(
      /^scoville: no space left on the disk while writing .*\n {2}next: Free some with `scoville prune`.*\n {2}\/\S+\/layout, \d[\d.]* [kM]?B \(the last two builds of each name; scoville prune frees more\)\n/m,
    );
  });
});

/**
 * BuildKit now and then says only that it was cancelled, in place of why: whoever of its two
 * readers fails last tells.
 */
async function settled(build: () => Promise<Ended>): Promise<Ended> {
  let ended = await build();
  for (let i = 0; i < 5 && ended.stderr.includes('Canceled'); i += 1) ended = await build();
  return ended;
}

describe.runIf(isRoot)('a user who may not', () => {
  /** Runs a command as nobody, with a home of its own and Docker's group or none. */
  async function asNobody(argv: readonly string[], group?: number): Promise<Ended> {
    const home = mkdtempSync(join(day.folder, 'nobody-'));
    chmodSync(home, 0o777);
    chmodSync(day.folder, 0o755);
    const groups = group === undefined ? ['--clear-groups'] : [`--groups=${group}`];
    const ids = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, ...groups];
    return run('setpriv', [...ids, ...argv], {
      env: { HOME: home, SCOVILLE_HOME: home, DOCKER_CONFIG: undefined },
    });
  }
  const build = (...args: readonly string[]): readonly string[] => [
    process.execPath,
    CLI,
    'build',
    ...args,
  ];

  test('talk to the engine is told what mends it', async () => {
    const context = day.context();
    chmodSync(context, 0o755);
    const ended = await asNobody(build('--load', '-t', newName(), context));
    expect([ended.exitCode, ended.stderr]).toEqual([
      2,
      'scoville: you may not talk to the Docker engine\n  next: sudo usermod -aG docker "$USER", then log in again (or run as root)\n',
    ]);
  });

  test.each([
    { what: 'context', mode: 0o700, file: undefined },
    { what: 'Dockerfile', mode: 0o755, file: 0o600 },
  ])('read the $what is answered as by buildx', async ({ mode, file }) => {
    const context = day.context();
    chmodSync(context, mode);
    if (file !== undefined) chmodSync(join(context, 'Dockerfile'), file);
    const group = statSync('/var/run/docker.sock').gid;
    const name = newName();
    const theirs = await settled(() => asNobody(['docker', 'buildx', 'build', context], group));
    const ours = await settled(() => asNobody(build('--load', '-t', name, context), group));
    expect(theirs.exitCode).not.toBe(0);
    expect(ours.exitCode).toBe(theirs.exitCode);
    const error = theirs.stderr.split('\n').find((line) => line.startsWith('ERROR: ')) ?? 'none';
    expect(ours.stderr).toContain(error);
    expect(await isInDocker(name)).toBe(false);
  });

  test('write the layout is told where', async () => {
    const home = mkdtempSync(join(day.folder, 'closed-'));
    chmodSync(home, 0o755);
    const context = day.context();
    chmodSync(context, 0o755);
    const ended = await run('setpriv', [`--reuid=${NOBODY}`, '--clear-groups', ...build(context)], {
      env: { HOME: home, SCOVILLE_HOME: home },
    });
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toContain(`scoville: no permission to write ${home}/layout`);
  });
});

describe('a context that is not there', () => {
  test.each(['no-such-folder', '-f no-such-file .'])(
    '%s is answered as by buildx',
    async (args) => {
      const cwd = day.context();
      const theirs = await run('docker', ['buildx', 'build', ...args.split(' ')], { cwd });
      const name = newName();
      const ours = await day.scoville.run(['build', '--load', '-t', name, ...args.split(' ')], {
        cwd,
      });
      expect(theirs.exitCode).not.toBe(0);
      expect(ours.exitCode).toBe(theirs.exitCode);
      const error = theirs.stderr.split('\n').find((line) => line.startsWith('ERROR: ')) ?? 'none';
      expect(ours.stderr).toContain(error);
      expect(await isInDocker(name)).toBe(false);
    },
  );
});

describe('names that would steer the terminal', () => {
  /**
   * ESC, the one-byte CSI, a window title, a bell, and the mark that turns the direction of
   * writing.
   */
  const HOSTILE = '\u001b[31mred\u009b32m\u001b]0;owned\u0007\u202egnp';
  const STEERING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

  function expectClean({ stdout, stderr }: Ended): void {
    expect(stdout).not.toMatch(STEERING);
    expect(stderr).not.toMatch(STEERING);
  }

  test.each([
    { args: ['build', '-t', `${HOSTILE}:1`, '.'], exitCode: 1 },
    { args: ['build', '--min-level', HOSTILE, '.'], exitCode: 2 },
    { args: ['build', '--key', `/nowhere/${HOSTILE}`, '--', 'CONTEXT'], exitCode: 2 },
    { args: ['build', '--config', `/nowhere/${HOSTILE}`, '.'], exitCode: 2 },
    { args: ['build', `--${HOSTILE}`, 'one', 'two', 'three'], exitCode: 1 },
    { args: ['build', '--progress', HOSTILE, '.'], exitCode: 1 },
    { args: ['build', '--build-arg', `A=${HOSTILE}`, '--dry-run', 'CONTEXT'], exitCode: 0 },
    { args: [HOSTILE], exitCode: 2 },
    { args: ['push', HOSTILE], exitCode: 2 },
    { args: ['load', 'no-such-image:1', HOSTILE], exitCode: 2 },
  ])('on the command line: $args.0 $args.1', async ({ args, exitCode }) => {
    const context = day.context();
    const ended = await day.scoville.run(args.map((word) => (word === 'CONTEXT' ? context : word)));
    expect([ended.exitCode, ended.stderr]).toEqual([exitCode, ended.stderr]);
    expectClean(ended);
  });

  test('of a file, and what a build prints', async () => {
    const context = day.context({
      Dockerfile: `FROM ${bases.busybox}
RUN printf '\\033[31mred\\033]0;owned\\007\\n' && touch "$(printf '/\\033[31mred')" && chmod 4755 "$(printf '/\\033[31mred')"
LABEL hostile="${HOSTILE}"
`,
    });
    const name = newName();
    const good = await day.scoville.expect(0, ['build', '--load', '-t', name, context], {
      // In a locale without them its marks are others.
      env: { LC_ALL: 'C.UTF-8' },
    });
    expect(good.stdout).toMatch(/✖ no-elevated-files .*red/);
    expectClean(good);
    const json = await day.scoville.expect(0, ['build', '--json', '--load', '-t', name, context]);
    expectClean(json);
    const quiet = await day.scoville.expect(0, ['build', '-q', '--load', '-t', name, context]);
    expect(quiet.stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
  });

  test('of the context: buildx cannot send such a name, and that is what is said', async () => {
    const context = join(mkdtempSync(join(day.folder, 'parent-')), HOSTILE);
    mkdirSync(context);
    await output('cp', ['-r', `${day.context()}/.`, context]);
    const [theirs, ours] = await Promise.all([
      run('docker', ['buildx', 'build', context]),
      day.scoville.run(['build', context]),
    ]);
    expect(ours.exitCode).toBe(theirs.exitCode);
    expectClean(ours);
  });

  test.each(['-q', '--progress=plain'])('of a build that fails (%s)', async (flag) => {
    const context = day.context({
      Dockerfile: `FROM ${bases.busybox}\nRUN printf '\\033]0;owned\\007\\033[31m' ; echo '${HOSTILE}' >&2; exit 3\n`,
    });
    const ended = await day.scoville.expect(1, ['build', flag, context]);
    expect(ended.stderr).toContain('exit code: 3');
    expectClean(ended);
  });
});

describe('two builds at once', () => {
  test('of one store and one name both end well, and the name stands for one of them', async () => {
    const home = new Scoville();
    try {
      const name = newName();
      const [one, two] = await Promise.all(
        [0, 1].map(() => home.expect(0, ['build', '-q', '--load', '-t', name, day.context()])),
      );
      const digests = [one?.stdout.trim(), two?.stdout.trim()];
      expect(new Set(digests).size).toBe(2);
      const id = await output('docker', ['image', 'inspect', '-f', '{{.Id}}', name]);
      expect(digests).toContain(id.trim());
      // The first use of the home made one key, and both signed with it.
      expect(readdirSync(join(home.home, 'config/keys')).sort()).toEqual([
        'cosign.key',
        'cosign.pub',
      ]);
      await home.expect(0, ['load', name]);
    } finally {
      home.remove();
    }
  });
});

describe('kill -9', () => {
  test('in the middle leaves the store usable, and prune frees what was left', async () => {
    const name = newName();
    const args = ['build', '--load', '-t', name];
    const killed = new Running(day.scoville, [
      ...args,
      day.context({ content: randomBytes(48 * MB) }),
    ]);
    try {
      await killed.until(() => killed.stderr.includes('scoville: build:'));
      killed.kill('SIGKILL');
      await killed.ended;
    } finally {
      killed.killGroup();
    }
    expect(await isInDocker(name)).toBe(false);
    await day.scoville.expect(0, [...args, day.context()]);
    expect(await isInDocker(name)).toBe(true);
    const builds = join(day.scoville.home, 'layout/builds');
    // Prune waits a minute before it takes a folder that nobody claims: it may just have been made.
    const past = new Date(Date.now() - 120_000);
    for (const id of readdirSync(builds)) utimesSync(join(builds, id), past, past);
    const { stdout } = await day.scoville.expect(0, ['prune', '--json']);
    const pruned = JSON.parse(stdout) as {
      freedBytes: number;
      removedBuilds: string[];
      runningBuilds: string[];
    };
    expect(pruned.runningBuilds).toEqual([]);
    expect(pruned.removedBuilds.length).toBeGreaterThan(0);
    expect(pruned.freedBytes).toBeGreaterThan(48 * MB);
    await day.scoville.expect(0, ['load', name]);
    await day.scoville.expect(0, [...args, day.context()]);
  });
});
