import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CHECKS } from '../../src/cli/doctor-checks.ts';
import { install, uninstall } from '../../src/cli/plugin-install.ts';
import { temporaryFolder } from '../fakes/layouts.ts';
import { fakeIo } from './command-io.ts';
import { machine } from './surroundings.ts';

test('install and uninstall say what they did, on stderr', async () => {
  const dir = temporaryFolder();
  const { io, out, err } = fakeIo({ env: { DOCKER_CONFIG: dir } });
  expect(await install(['--replace-build'], io)).toBe(0);
  const plugin = join(dir, 'cli-plugins/docker-scovillebuilder');
  expect(readFileSync(plugin, 'utf8')).toContain(
    'exec /usr/bin/node /opt/scoville/dist/scoville.js docker-cli-plugin "$@"',
  );
  expect(err()).toContain(`${join(dir, 'config.json')}: aliases.builder is "scovillebuilder"\n`);
  expect(await uninstall([], io)).toBe(0);
  expect(existsSync(plugin)).toBe(false);
  expect(await uninstall([], io)).toBe(0);
  expect(err()).toMatch(/: nothing of scoville is installed in .*\n$/);
  expect(out()).toBe('');
});

test.each([install, uninstall])(
  'names and flags that are not there are refused',
  async (command) => {
    await expect(command(['x'], fakeIo().io)).rejects.toThrow('does not take names');
    await expect(command(['--nothing'], fakeIo().io)).rejects.toThrow('has no flag --nothing');
  },
);

test('doctor tells what is installed, and an alias that was taken away', async () => {
  const about = machine();
  const look = () => CHECKS.find(({ id }) => id === 'docker-plugin')?.look(about);
  const { io } = fakeIo({ env: { DOCKER_CONFIG: about.paths.dockerConfig } });
  expect(await look()).toEqual({
    state: 'optional',
    detail: 'not installed (optional: scoville install)',
  });
  await install([], io);
  expect(await look()).toEqual({ state: 'ok', detail: 'docker scoville' });
  await install(['--replace-build'], io);
  expect(await look()).toEqual({ state: 'ok', detail: 'docker scoville, and docker build' });
  const { writeFileSync } = await import('node:fs');
  writeFileSync(join(about.paths.dockerConfig, 'config.json'), '{"aliases":{"builder":"buildx"}}');
  expect(await look()).toMatchObject({ state: 'advice', fix: 'scoville install --replace-build' });
});
