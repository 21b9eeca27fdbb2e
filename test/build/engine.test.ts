import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { buildEngine } from '../../src/build/engine.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { fakeRun, type ScriptedRun } from '../fakes/fake-run.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const INFO = {
  ServerVersion: '26.1.5',
  DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']],
  OSType: 'linux',
  Architecture: 'x86_64',
  context: 'default',
  plugins: [{ Name: 'buildx', Path: '/plugins/docker-buildx', Version: 'v0.29.1' }],
};
const ENGINE: ScriptedRun = {
  command: 'docker',
  args: ['info'],
  result: { stdout: JSON.stringify(INFO) },
};
const NO_ENGINE: ScriptedRun = {
  command: 'docker',
  args: ['info'],
  result: { stderr: 'Cannot connect to the Docker daemon at unix:///not/there.' },
};

/** As buildx 0.13 and 0.29 print a builder of one node. */
function builder(name: string, driver: string, rest: string): string {
  return `Name:          ${name}\nDriver:        ${driver}\nLast Activity: 2026-11-25 03:52:40 +0000 UTC\n\nNodes:\nName:             ${name}0\nEndpoint:         tcp://127.0.0.1:12345\n${rest}`;
}
const RUNS =
  'Status:           running\nBuildKit version: v0.25.2\nPlatforms:        linux/arm64, linux/arm/v7\n';

let home = '';
beforeEach(() => {
  home = temporaryFolder();
});

function made(...names: readonly string[]): void {
  const folder = join(home, 'docker/buildx/instances');
  mkdirSync(folder, { recursive: true });
  for (const name of names) writeFileSync(join(folder, name), '{}');
}

async function chosen(script: readonly ScriptedRun[], named?: string) {
  const { run, runs } = fakeRun(script);
  const told = await buildEngine(contextOf(run, home), named);
  return { told, inspected: runs.filter(({ args }) => args[1] === 'inspect').map((r) => r.args) };
}
const inspect = (stdout: string): ScriptedRun => ({
  command: 'docker',
  args: ['buildx', 'inspect'],
  result: { stdout },
});

describe('where nobody made a builder', () => {
  test('the engine builds from its own images, and buildx is not asked', async () => {
    const { told, inspected } = await chosen([ENGINE]);
    expect(told).toMatchObject({ seesLocal: true, platform: { architecture: 'amd64' } });
    expect([told.elsewhere, inspected]).toEqual([undefined, []]);
  });

  test('BUILDX_BUILDER with the name of its context is the engine too, as Docker sets it for docker build', async () => {
    expect((await chosen([ENGINE], 'default')).told.seesLocal).toBe(true);
    expect((await chosen([ENGINE], 'another-engine')).told.seesLocal).toBe(false);
  });
});

test('an engine whose docker has no buildx is refused, with how to install it', async () => {
  const bare = { ...ENGINE, result: { stdout: JSON.stringify({ ...INFO, plugins: [] }) } };
  // What docker says of a word that it does not know.
  const help = { exitCode: 1, stderr: "docker: 'buildx' is not a docker command." };
  const asked = { command: 'docker', args: ['buildx', 'version'], result: help };
  await expect(chosen([bare, asked])).rejects.toMatchObject({
    message: 'docker buildx is not installed',
    nextStep: 'Debian: apt-get install docker-buildx; macOS: brew install docker-buildx',
  });
});

describe('where builders were made', () => {
  test('where no engine answers, the chosen one builds alone; the engine’s own does not', async () => {
    made('far');
    const far = await chosen([NO_ENGINE, inspect(builder('far', 'remote', RUNS))]);
    expect(far.told).toMatchObject({ docker: undefined, platform: { architecture: 'arm64' } });
    const own =
      'Name:          default\nDriver:        \nError:         Cannot connect to the Docker daemon\n';
    await expect(chosen([NO_ENGINE, inspect(own)])).rejects.toThrow('cannot connect to Docker');
    const unknown = { ...inspect(''), result: { exitCode: 1, stderr: 'ERROR: no builder' } };
    await expect(chosen([NO_ENGINE, unknown], 'none')).rejects.toThrow('cannot connect to Docker');
  });
});
