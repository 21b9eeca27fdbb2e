import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { written } from '../fakes/written.ts';
import { printedBy } from './containers.ts';
import { bases, CLI, output, own, run } from './harness.ts';
import { until } from './until.ts';
import { folderHere, scovilleHere } from './workplace.ts';

const folder = folderHere('head-start');
const scoville = scovilleHere();
const fresh = scovilleHere();
const config = join(folder, 'docker');
const project = join(folder, 'project');
const log = join(folder, 'starts');
const name = own('head-start:1');
const env = { DOCKER_CONFIG: config, BUILDX_BUILDER: undefined };
const SECRET = 'hunter2-of-the-build';

const git = (...args: readonly string[]): Promise<string> =>
  output('git', ['-C', project, '-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args]);

/** Each time that buildx builds, with its words. */
const starts = (): readonly string[] =>
  existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];

const change = (text: string): void => {
  writeFileSync(join(project, 'app'), `${text}\n`);
};

const build = (...more: readonly string[]) =>
  scoville.run(['build', '--sign=false', '--progress=plain', '-t', name, ...more, project], {
    env,
  });

/** Claimed folders in the store, and those that came to nothing. */
function unfinished(): readonly string[] {
  const builds = join(scoville.home, 'layout/builds');
  return readdirSync(builds).filter(
    (id) =>
      !existsSync(join(builds, id, 'build.json')) || existsSync(join(builds, id, 'owner.json')),
  );
}

beforeAll(async () => {
  const { stdout } = await run('docker', ['info', '--format', '{{json .ClientInfo.Plugins}}']);
  const plugins = JSON.parse(stdout) as readonly { Name: string; Path: string }[];
  const buildx = plugins.find(({ Name }) => Name === 'buildx')?.Path ?? '';
  mkdirSync(join(config, 'cli-plugins'), { recursive: true });
  for (const { Name, Path } of plugins)
    if (!['buildx', 'scoville'].includes(Name))
      symlinkSync(Path, join(config, 'cli-plugins', `docker-${Name}`));
  const plugin = join(config, 'cli-plugins/docker-buildx');
  writeFileSync(
    plugin,
    `#!/bin/sh\ncase "$*" in *"buildx build --progress"*) echo "$*" >> ${log};; esac\nexec ${buildx} "$@"\n`,
  );
  chmodSync(plugin, 0o755);
  written(project, {
    Dockerfile: `FROM ${bases.busybox}\nARG TOKEN=none\nCOPY app /app\nRUN test "$(cat /app)" != broken\n`,
    app: 'first\n',
  });
  await git('init', '--quiet');
  await git('add', '.');
  await git('commit', '--quiet', '-m', 'app');
  change('second');
  expect((await build()).exitCode).toBe(0);
});

beforeEach(() => {
  rmSync(log, { force: true });
});

describe('buildx, started as the last time', () => {
  test('builds what is there now, once, as a build that planned first', async () => {
    change('third');
    const { exitCode, stderr } = await build();
    expect({ exitCode, started: starts().length }).toEqual({ exitCode: 0, started: 1 });
    expect(stderr).toMatch(/\n#\d+ \[.*\] COPY app \/app\n/);
    const id = await output('docker', ['images', '--no-trunc', '--quiet', name]);
    const args = ['build', '--sign=false', '-t', name, project];
    await fresh.expect(0, args, { env });
    expect(await output('docker', ['images', '--no-trunc', '--quiet', name])).toBe(id);
    expect(await printedBy(name, 'cat', '/app')).toBe('third\n');
    expect(unfinished()).toEqual([]);
  });

  test('is ended where the plan is another, and starts by the plan', async () => {
    await git('commit', '--quiet', '--all', '-m', 'more');
    const { exitCode } = await build();
    const [early, planned, ...more] = starts();
    expect({ exitCode, more }).toEqual({ exitCode: 0, more: [] });
    const commit = (await git('rev-parse', 'HEAD')).trim();
    expect(early).not.toContain(commit);
    expect(planned).toContain(`--label=org.opencontainers.image.revision=${commit} `);
    const label = '{{index .Config.Labels "org.opencontainers.image.revision"}}';
    expect((await output('docker', ['inspect', '-f', label, name])).trim()).toBe(commit);
    expect(unfinished()).toEqual([]);
  });

  test('waits for the plan after a change of the settings', async () => {
    writeFileSync(join(project, '.scoville.yaml'), 'image: {title: other}\n');
    expect((await build()).exitCode).toBe(0);
    rmSync(join(project, '.scoville.yaml'));
    expect(starts()).toEqual([expect.stringContaining('image.title=other')]);
  });

  test('waits for the plan where bases have to be signed', async () => {
    const settings = join(scoville.home, 'config/config.yaml');
    mkdirSync(join(settings, '..'), { recursive: true });
    writeFileSync(settings, 'trust: {bases: ["localhost:*/base/*"]}\n');
    for (let i = 0; i < 2; i++) expect((await build()).exitCode).toBe(2);
    rmSync(settings);
    expect(starts()).toEqual([]);
  });

  test('fails as it does by the plan', async () => {
    change('fourth');
    expect((await build()).exitCode).toBe(0);
    rmSync(log);
    change('broken');
    const { exitCode, stderr } = await build();
    change('fourth');
    expect({ exitCode, started: starts().length }).toEqual({ exitCode: 1, started: 1 });
    expect(stderr).toContain('did not complete successfully: exit code: 1');
    expect(unfinished()).toEqual([]);
  });

  test('keeps no build argument', async () => {
    for (let i = 0; i < 2; i++)
      expect((await build('--build-arg', `TOKEN=${SECRET}`)).exitCode).toBe(0);
    expect(starts()).toEqual(Array(2).fill(expect.stringContaining(`TOKEN=${SECRET} `)));
    const found = await run('grep', ['-rlaF', SECRET, join(scoville.home, 'cache')]);
    expect({ exitCode: found.exitCode, stdout: found.stdout }).toEqual({ exitCode: 1, stdout: '' });
  });

  test('leaves nothing where it is interrupted at once', async () => {
    change('slow');
    appendFileSync(join(project, 'Dockerfile'), 'RUN sleep 60\n');
    const words = ['build', '--sign=false', '-t', name, project];
    const child = spawn(process.execPath, [CLI, ...words], {
      env: { ...process.env, DOCKER_CONFIG: config, SCOVILLE_HOME: scoville.home },
      stdio: 'ignore',
    });
    await until('buildx starts', () => starts().length > 0);
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(130);
    expect(unfinished()).toEqual([]);
  });
});
