import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bases, discard, type Ended, output, OWN, own, run } from './harness.ts';
import { rows } from './rows.ts';
import { folderHere, scovilleHere } from './workplace.ts';

/**
 * Docker's plugins of this toolchain where they are not installed (`npm run test:toolchains`);
 * empty where they are.
 */
const plugins = join(process.env['DOCKER_CONFIG'] ?? '/nowhere', 'cli-plugins');
const links = existsSync(plugins) ? readdirSync(plugins) : [];

describe('in place of docker build', () => {
  const scoville = scovilleHere();
  const folder = folderHere('in-place');
  let config = '';
  let env: Record<string, string | undefined> = {};
  const image = (name: string): string => own(`in-place:${name}`);
  const docker = (args: readonly string[], more: Record<string, string> = {}): Promise<Ended> =>
    run('docker', args, { cwd: folder, env: { ...env, ...more } });

  beforeAll(async () => {
    config = join(folder, 'docker');
    mkdirSync(join(config, 'cli-plugins'), { recursive: true });
    for (const name of links) symlinkSync(join(plugins, name), join(config, 'cli-plugins', name));
    writeFileSync(join(config, 'config.json'), '{\n\t"auths": {}\n}');
    writeFileSync(
      join(folder, 'Dockerfile'),
      `FROM ${bases.busybox}\nARG WAIT=0\nRUN sleep $WAIT && echo built ${OWN} > /built\n`,
    );
    env = {
      DOCKER_CONFIG: config,
      SCOVILLE_HOME: scoville.home,
      BUILDX_BUILDER: undefined,
    };
    await scoville.expect(0, ['install', '--replace-build'], { env });
  });
  afterAll(() => {
    discard(['a', 'b', 'c', 'd', 'e'].map(image));
  });

  test('docker knows the plugin', async () => {
    const info = JSON.parse(
      await output('docker', ['info', '--format', '{{json .ClientInfo.Plugins}}'], { env }),
    ) as readonly { readonly Name: string; readonly Vendor: string; readonly Err?: string }[];
    const ours = info.filter(({ Vendor }) => Vendor === 'Scoville');
    expect(ours.map(({ Name }) => Name).toSorted()).toEqual(['scoville', 'scovillebuilder']);
    expect(await output('docker', ['scoville', '--version'], { env })).toMatch(/^scoville \d/);
  });

  const spellings = [
    { tag: 'a', words: ['build'] },
    { tag: 'b', words: ['image', 'build'] },
    { tag: 'c', words: ['builder', 'build'] },
    { tag: 'd', words: ['--context', 'default', 'scoville', 'build'] },
  ];
  test.each(rows(spellings, ({ tag }) => tag === 'a' || tag === 'd'))(
    'docker $words signs, grades and loads',
    async ({ tag, words }) => {
      const ended = await docker([...words, '--json', '-t', image(tag), '.']);
      expect([ended.exitCode, ended.exitCode === 0 ? '' : ended.stderr]).toEqual([0, '']);
      const { digest } = JSON.parse(ended.stdout) as { readonly digest: string };
      const id = await output('docker', ['image', 'inspect', '--format', '{{.Id}}', image(tag)]);
      expect(id.trim()).toBe(digest);
      const verified = await docker(['scoville', 'verify', image(tag)]);
      expect([verified.exitCode, verified.stdout.includes(digest)]).toEqual([0, true]);
    },
  );

  test('what fails ends as buildx ends it', async () => {
    expect((await docker(['build', '--nothing=1', '-t', image('e'), '.'])).exitCode).not.toBe(0);
    writeFileSync(join(folder, 'Bad'), `FROM ${bases.busybox}\nRUN exit 7\n`);
    const theirs = await docker(['buildx', 'build', '-f', 'Bad', '.']);
    const ours = await docker(['build', '-f', 'Bad', '.']);
    expect([ours.exitCode, theirs.exitCode]).toEqual([1, 1]);
    expect(ours.stderr).toContain('exit code: 7');
    const none = await docker(['build']);
    expect([none.exitCode, none.stderr]).toEqual([1, expect.stringContaining('requires')]);
  });

  test('all else of docker builder goes on to buildx, with its output and exit code', async () => {
    const du = await docker(['builder', 'du']);
    expect([du.exitCode, du.stdout]).toEqual([0, expect.stringContaining('Reclaimable')]);
    const help = await docker(['builder', 'prune', '--help']);
    expect([help.exitCode, help.stdout]).toEqual([0, expect.stringContaining('buildx prune')]);
    // buildx 0.13 shows its help for what it does not know, 0.29 refuses it.
    const unknown = await docker(['builder', 'no-such']);
    // Without an alias Docker names its context as the builder; buildx' help tells it.
    const theirs = await docker(['buildx', 'no-such'], { BUILDX_BUILDER: 'default' });
    expect([unknown.exitCode, unknown.stdout]).toEqual([theirs.exitCode, theirs.stdout]);
    writeFileSync(
      join(folder, 'docker-bake.json'),
      JSON.stringify({ target: { default: { context: '.', tags: [image('e')] } } }),
    );
    const bake = await docker(['builder', 'bake', '--print']);
    const same = await docker(['buildx', 'bake', '--print']);
    expect([bake.exitCode, bake.stdout]).toEqual([0, same.stdout]);
    // `docker bake` came with Docker 28.
    const version = await output('docker', ['version', '--format', '{{.Client.Version}}'], { env });
    if (Number.parseInt(version) >= 28)
      expect((await docker(['bake', '--print'])).stdout).toBe(same.stdout);
  });

  // Compose bakes from 2.37 on; Debian 13's builds by itself.
  test.runIf(links.includes('docker-compose'))(
    'docker compose build bakes by buildx, as before',
    async () => {
      writeFileSync(
        join(folder, 'compose.yaml'),
        `name: in-place\nservices: {web: {image: "${image('e')}", build: .}}\n`,
      );
      const ended = await docker(['compose', 'build']);
      expect([ended.exitCode, ended.exitCode === 0 ? '' : ended.stderr]).toEqual([0, '']);
      const bakeFile = (await docker(['compose', 'build', '--print'])).stdout;
      expect(JSON.parse(bakeFile)).toMatchObject({ target: { web: { tags: [image('e')] } } });
      expect((await run('docker', ['image', 'inspect', image('e')])).exitCode).toBe(0);
    },
  );

  test('a build stays in Docker’s own context, whatever builder was chosen for buildx', async () => {
    const name = `scoville-in-place-${OWN}`;
    await output(
      'docker',
      ['buildx', 'create', '--name', name, '--driver', 'remote', 'tcp://127.0.0.1:9'],
      { env },
    );
    await output('docker', ['buildx', 'use', name], { env });
    try {
      const ended = await docker(['build', '-q', '-t', image('e'), '.']);
      expect([ended.exitCode, ended.stderr]).toEqual([0, expect.any(String)]);
      // The user's own choice holds.
      const chosen = await docker(['build', '-q', '--builder', 'no-such-builder', '.']);
      expect([chosen.exitCode, chosen.stderr]).toEqual([
        expect.any(Number),
        expect.stringContaining('no-such-builder'),
      ]);
      expect(chosen.exitCode).not.toBe(0);
    } finally {
      await run('docker', ['buildx', 'rm', name], { env });
    }
  });

  test('a docker that is told to end without a terminal ends the build', async () => {
    const child = spawn('docker', ['build', '--progress=plain', '--build-arg', 'WAIT=60', '.'], {
      cwd: folder,
      env: { ...process.env, ...env },
      // A group of its own: the signal reaches docker alone.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let asked = Infinity;
    child.stderr.on('data', (chunk: Buffer) => {
      const before = said;
      said += chunk.toString();
      if (before.includes('RUN sleep') || !said.includes('RUN sleep')) return;
      asked = Date.now();
      child.kill('SIGINT');
    });
    const exitCode = await new Promise((done) => child.once('close', done));
    expect([exitCode, said]).toEqual([130, expect.stringContaining('scoville: interrupted')]);
    expect(Date.now() - asked).toBeLessThan(40_000);
  });

  test('uninstall leaves what was there', async () => {
    await scoville.expect(0, ['uninstall'], { env });
    expect(readFileSync(join(config, 'config.json'), 'utf8')).toBe('{\n\t"auths": {}\n}');
    expect(existsSync(join(config, 'cli-plugins/docker-scoville'))).toBe(false);
    const plain = await docker(['build', '--help']);
    expect(plain.stdout).toContain('docker buildx build');
  });
});
