import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { BadDay, isInDocker, newName } from './bad-day.ts';
import { canary } from './canary.ts';
import { startClassicEngine } from './classic-engine.ts';
import { bases, output, run } from './harness.ts';

const day = new BadDay();
afterAll(() => {
  day.remove();
});

/** Runs a build that must end with that code, and that must leave no image behind. */
async function refused(
  exitCode: number,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
) {
  const name = newName();
  const ended = await day.scoville.expect(exitCode, ['build', '--load', '-t', name, ...args], {
    env,
  });
  expect(await isInDocker(name)).toBe(false);
  return ended;
}

test('what is thrown outside of every step ends with 2, never with the 1 of a gate', async () => {
  // It throws as soon as the command listens for it, while docker does not answer.
  const thrower = `const every = setInterval(() => {
    if (process.listenerCount('uncaughtException') === 0) return;
    clearInterval(every);
    throw new Error('no step of ours');
  }, 20);`;
  const preload = `--import=data:text/javascript,${encodeURIComponent(thrower)}`;
  const { stderr } = await day.scoville.expect(2, ['doctor'], {
    env: { NODE_OPTIONS: preload, PATH: await day.pathWith('docker', 'sleep 60') },
  });
  expect(stderr).toContain('scoville: no step of ours\n  this is a defect of scoville');
});

test('a home below /proc is refused at once', async () => {
  const { stderr } = await day.scoville.expect(
    2,
    ['build', '--load', '-t', newName(), day.context()],
    {
      env: { SCOVILLE_HOME: '/proc/self/scoville' },
    },
  );
  expect(stderr).toContain('/proc/self/scoville');
});

describe('without an engine', () => {
  test('that docker is not installed is said, with how to install it', async () => {
    const { stderr } = await refused(2, [day.context()], {
      PATH: await day.pathOf('git', 'cosign'),
    });
    expect(stderr).toBe(
      'scoville: docker is not installed\n  next: Debian: apt-get install docker.io docker-cli; macOS: brew install --cask docker\n',
    );
  });

  test.each([
    [
      'tcp://127.0.0.1:1',
      'check that it listens there; the address is of DOCKER_HOST or the context (docker context ls)',
    ],
    ['unix:///nowhere/docker.sock', 'start Docker: sudo systemctl start docker, or Docker Desktop'],
  ])('that none answers at %s is said', async (host, next) => {
    const { stderr } = await refused(2, [day.context()], { DOCKER_HOST: host });
    expect(stderr).toBe(`scoville: cannot connect to Docker at ${host}\n  next: ${next}\n`);
  });

  test('an engine without the containerd image store is told how to turn it on', async () => {
    const engine = await startClassicEngine();
    try {
      const { stderr } = await refused(2, [day.context()], { DOCKER_HOST: engine.host });
      expect(stderr).toContain("scoville: this Docker's image store cannot export OCI layouts");
      expect(stderr).toContain(
        '{"features":{"containerd-snapshotter":true}} in /etc/docker/daemon.json',
      );
      expect(stderr).not.toContain('#1');
    } finally {
      await engine.stop();
    }
  });
});

describe("with a docker that has no buildx, as Debian's docker.io", () => {
  /** Docker answers to a plugin that it lacks as to any unknown word. */
  const without = (): Promise<string> =>
    day.pathWith(
      'docker',
      `case $1 in
buildx) shift; exec "$TOOL" no-such-plugin "$@" ;;
info) "$TOOL" "$@" | sed 's/"Name":"buildx"/"Name":"other"/'; exit "\${PIPESTATUS[0]}" ;;
esac`,
    );
  const said =
    'scoville: docker buildx is not installed\n  next: Debian: apt-get install docker-buildx; macOS: brew install docker-buildx\n';

  test('a build says so in two lines', async () => {
    const { stderr } = await refused(2, [day.context()], { PATH: await without() });
    expect(stderr).toBe(said);
  });

  test.each([
    ['build', '--sign=false', '-o', 'type=local,dest=out'],
    ['bake', '-f', 'docker-bake.hcl'],
    ['reproduce'],
  ])('so does %s %s', async (...words) => {
    const context = day.context();
    writeFileSync(join(context, 'docker-bake.hcl'), 'target "default" {}\n');
    const operands = words[0] === 'bake' ? [] : ['.'];
    const { stderr } = await day.scoville.expect(2, [...words, ...operands], {
      cwd: context,
      env: { PATH: await without() },
    });
    expect(stderr.endsWith(said)).toBe(true);
    expect(stderr).not.toContain('Usage:');
  });
});

describe('without what signs', () => {
  test('a missing cosign is said before the build', async () => {
    const { stderr } = await refused(2, [day.context()], {
      PATH: await day.pathOf('git', 'docker'),
    });
    expect(stderr).toContain(
      'scoville: cosign is not installed\n  next: Debian: apt-get install cosign',
    );
    expect(stderr).toContain('; or build unsigned: --sign=false\n');
    expect(stderr).not.toContain('#1');
  });

  test('--sign=false needs no cosign, and says that nothing is signed', async () => {
    const name = newName();
    const { stderr } = await day.scoville.expect(
      0,
      ['build', '--load', '--sign=false', '-t', name, day.context()],
      { env: { PATH: await day.pathOf('git', 'docker') } },
    );
    expect(stderr).toContain('scoville: sign and attest: off, signing is turned off\n');
    expect(await isInDocker(name)).toBe(true);
  });

  test('a wrong password of the key publishes nothing', async () => {
    const keys = mkdtempSync(join(day.folder, 'keys-'));
    await output('cosign', ['generate-key-pair'], {
      cwd: keys,
      env: { COSIGN_PASSWORD: canary('the password of a key') },
    });
    const key = join(keys, 'cosign.key');
    const { stderr } = await refused(2, ['--key', key, day.context()], {
      COSIGN_PASSWORD: canary('a wrong password of a key'),
    });
    expect(stderr).toContain(
      `scoville: wrong password for the signing key ${key}\n  next: set COSIGN_PASSWORD`,
    );
    expect(stderr).not.toContain('right');
    await refused(2, ['--key', key, day.context()]);
  });

  test('a key that is not there publishes nothing', async () => {
    const { stderr } = await refused(2, ['--key', '/nowhere/cosign.key', day.context()]);
    expect(stderr).toContain('scoville: signing key /nowhere/cosign.key: no such file\n  next: ');
  });

  test('a file that is no key publishes nothing', async () => {
    const key = join(day.folder, 'no.key');
    writeFileSync(key, 'no key at all');
    const { stderr } = await refused(2, ['--key', key, day.context()]);
    expect(stderr).toMatch(/^scoville: .*no\.key|cosign did not sign/m);
  });
});

describe('short of the gate', () => {
  test('exit 1, the scorecard is shown, nothing is loaded, pushed or written', async () => {
    const archive = join(day.folder, 'short.tar');
    const idFile = join(day.folder, 'short.iid');
    // Of a build before: whoever reads it next must not take it for this one's.
    writeFileSync(idFile, 'sha256:old');
    const ended = await refused(1, ['--min-level', '5', '--iidfile', idFile, day.context()]);
    expect(ended.stdout).toContain('Next step');
    expect(ended.stderr).toMatch(/^scoville: short of the gate: .*\(.*no-critical/m);
    expect(ended.stderr).toMatch(/scoville: nothing was tagged, loaded or pushed\n$/);
    await day.scoville.expect(1, [
      ...['build', '--min-grade', 'A+', '-o', `type=oci,dest=${archive}`, day.context()],
    ]);
    expect(readdirSync(day.folder)).not.toContain('short.tar');
    expect(readdirSync(day.folder)).not.toContain('short.iid');
  });
});

describe('a build that makes no image', () => {
  test('gives the files, and says in one line that nothing is signed', async () => {
    const out = join(day.folder, 'files');
    const context = day.context({
      Dockerfile: 'FROM scratch\nCOPY content /\n',
      content: 'the content',
    });
    const ended = await day.scoville.expect(0, [
      ...['build', '--progress', 'quiet', '-o', `type=local,dest=${out}`, context],
    ]);
    expect(readFileSync(join(out, 'content'), 'utf8')).toBe('the content');
    expect(readdirSync(out)).toEqual(['content']);
    const theirs = await run('docker', [
      ...['buildx', 'build', '--progress', 'quiet', '-o', `type=local,dest=${out}`, context],
    ]);
    expect(ended.stdout).toBe(theirs.stdout);
  });

  test('says so on stderr where it is not quiet', async () => {
    const ended = await day.scoville.expect(0, [
      ...['build', '-o', 'type=cacheonly', day.context()],
    ]);
    const own = ended.stderr.split('\n').filter((line) => line.startsWith('scoville:'));
    expect(own).toHaveLength(1);
    expect(own[0]).toMatch(/handed to docker buildx build, nothing is signed or graded$/);
  });
});

describe('--quiet', () => {
  test('prints the digest alone, and of a failed build what BuildKit said', async () => {
    const name = newName();
    const good = await day.scoville.expect(0, ['build', '-q', '--load', '-t', name, day.context()]);
    expect(good.stdout).toMatch(/^sha256:[0-9a-f]{64}\n$/);
    expect(good.stderr).toBe('');
    const context = day.context({ Dockerfile: `FROM ${bases.busybox}\nRUN exit 7\n` });
    const plain = await run('docker', ['buildx', 'build', '-q', context]);
    const bad = await refused(plain.exitCode, ['-q', context]);
    expect(bad.stdout).toBe('');
    expect(bad.stderr).toContain('did not complete successfully: exit code: 7');
  });
});

test('--quiet --json prints the scorecard alone, and --review says why it does not ask', async () => {
  const words = ['build', '-q', '--json', '--review', '-t', newName(), day.context()];
  const { stdout, stderr } = await day.scoville.expect(0, words);
  expect(JSON.parse(stdout)).toHaveProperty('digest', expect.stringMatching(/^sha256:/));
  expect(stderr).toBe(
    'scoville: --review asks in a terminal, without -q or --json; scoville fix shows its edits\n',
  );
});

describe('--dry-run', () => {
  test('shows the plan, and starts no build', async () => {
    const log = join(day.folder, 'docker.log');
    const path = await day.pathWith('docker', `echo "$1 $2" >> ${log}`);
    const builds = join(day.scoville.home, 'layout/builds');
    await day.scoville.expect(0, ['prune']);
    const before = readdirSync(builds);
    const ended = await refused(0, ['--dry-run', day.context()], { PATH: path });
    expect(ended.stdout).toContain('docker buildx build');
    expect(readdirSync(builds)).toEqual(before);
    const calls = new Set(readFileSync(log, 'utf8').trim().split('\n'));
    expect(
      [...calls].filter((call) => !/^(info|image inspect|buildx (version|inspect))/.test(call)),
    ).toEqual([]);
  });
});

describe('bad usage', () => {
  test.each([
    { args: ['--min-level', '9', '.'], says: /--min-level/, exitCode: 2 },
    { args: ['--min-grade', 'E', '.'], says: /--min-grade/, exitCode: 2 },
    { args: ['--sign=perhaps', '.'], says: /--sign/, exitCode: 125 },
    { args: ['--progress', 'dancing', '.'], says: /dancing/, exitCode: 1 },
    { args: [], says: /requires exactly 1 argument/, exitCode: 1 },
    { args: ['one', 'two'], says: /requires exactly 1 argument/, exitCode: 1 },
    { args: ['-t', 'NO SUCH NAME', '.'], says: /invalid|reference/i, exitCode: 1 },
    { args: ['-o', 'type=local', '.'], says: /dest/, exitCode: 1 },
  ])('build $args', async ({ args, says, exitCode }) => {
    const ended = await day.scoville.run(['build', ...args]);
    expect([ended.exitCode, ended.stdout]).toEqual([exitCode, '']);
    expect(ended.stderr).toMatch(says);
    expect(ended.stderr).not.toContain('defect');
  });

  test('a flag that nobody knows is answered by buildx, with its own code', async () => {
    const context = day.context();
    const theirs = await run('docker', ['buildx', 'build', '--no-such-flag', context]);
    const ended = await refused(theirs.exitCode, ['--no-such-flag', context]);
    expect(ended.stderr).toContain('unknown flag: --no-such-flag');
  });

  test('an unknown command is named, with the next step', async () => {
    const ended = await day.scoville.expect(2, ['biuld']);
    expect(ended.stderr).toContain('unknown command: "biuld"\n  next: scoville --help');
  });
});

describe('bad settings', () => {
  test('are told with line and column, all of them, before anything starts', async () => {
    const context = day.context({
      '.scoville.yaml': 'sign:\n  enabled: perhaps\nno-such-setting: 1\ngate:\n  minLevel: 9\n',
    });
    const { stderr } = await refused(2, [context]);
    expect(stderr).toMatch(/\.scoville\.yaml:2:12: /);
    expect(stderr).toMatch(/\.scoville\.yaml:3:1: .*no-such-setting/);
    expect(stderr).toMatch(/\.scoville\.yaml:5:\d+: /);
    expect(stderr).not.toContain('#1');
  });

  test('no YAML at all is told the same way', async () => {
    const { stderr } = await refused(2, [day.context({ '.scoville.yaml': 'sign: [1\n  x: "' })]);
    expect(stderr).toMatch(/\.scoville\.yaml:\d+:\d+: /);
  });

  test('a named file that is not there is an error', async () => {
    const { stderr } = await refused(2, ['--config', '/nowhere/s.yaml', day.context()]);
    expect(stderr).toContain('/nowhere/s.yaml');
  });
});
