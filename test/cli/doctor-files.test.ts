import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Check, type DoctorContext, runChecks } from '../../src/cli/doctor-checks.ts';
import { DOCKER_CONFIG_CHECK, SETTINGS_CHECK, STORE_CHECK } from '../../src/cli/doctor.ts';
import { openStore } from '../../src/image/layout/store.ts';
import { machine, missing } from './surroundings.ts';

async function row(check: Check, about: DoctorContext) {
  const [only] = await runChecks([check], about);
  return only;
}

test('a store that is not there yet is not made by looking', async () => {
  const about = machine();
  const before = await row(STORE_CHECK, about);
  expect(before?.detail).toMatch(
    /layout, not there yet, [\d.]+ [kMGT]?B free(?:, less than the 5\.00 GB that a large image takes)?$/,
  );
  expect((await row(STORE_CHECK, about))?.detail).toContain('not there yet');
});

test('the store is told with its size', async () => {
  const about = machine();
  const { blobs } = await openStore(about.paths.store);
  await blobs.write(Buffer.alloc(2500));
  expect((await row(STORE_CHECK, about))?.detail).toContain(`${about.paths.store}, 2.50 kB, `);
});

test('a file where the store should be is in the way', async () => {
  const about = machine();
  writeFileSync(about.paths.store, '');
  expect(await row(STORE_CHECK, about)).toMatchObject({
    state: 'missing',
    detail: `${about.paths.store} is not a folder`,
    fix: `mv ${about.paths.store} ${about.paths.store}.old`,
  });
});

test('no settings file is fine', async () => {
  expect(await row(SETTINGS_CHECK, machine())).toMatchObject({
    state: 'ok',
    detail: 'none (using defaults)',
  });
});

test('a settings file is named', async () => {
  const about = machine();
  const file = join(about.cwd, '.scoville.yaml');
  writeFileSync(file, 'recentDays: 30\n');
  expect(await row(SETTINGS_CHECK, about)).toMatchObject({ state: 'ok', detail: file });
});

test('each problem of a settings file is told with line and column', async () => {
  const about = machine();
  const file = join(about.cwd, '.scoville.yaml');
  writeFileSync(file, 'sign:\n  enabled: perhaps\n  kee: x\n');
  const found = await row(SETTINGS_CHECK, about);
  expect(found?.state).toBe('missing');
  const lines = found?.detail.split('\n') ?? [];
  expect(lines).toHaveLength(2);
  expect(lines.map((line) => line.slice(0, file.length + 4))).toEqual(
    expect.arrayContaining([`${file}:2:1`, `${file}:3:3`]),
  );
  expect(found?.fix).toMatch(/^\$\{EDITOR:-vi\} \+[23] \//);
});

function withDockerConfig(about: DoctorContext, text: string): DoctorContext {
  mkdirSync(about.paths.dockerConfig);
  writeFileSync(join(about.paths.dockerConfig, 'config.json'), text);
  return about;
}

test('without a Docker configuration nothing is missing, and the row says so', async () => {
  const detail = 'none (docker login HOST saves them)';
  expect(await row(DOCKER_CONFIG_CHECK, machine())).toMatchObject({ state: 'optional', detail });
});

test('a broken Docker configuration is missing, and no secret of it is shown', async () => {
  const about = withDockerConfig(machine(), '{"auths":{"r.example":{"auth":"c2VjcmV0"}},');
  const found = await row(DOCKER_CONFIG_CHECK, about);
  expect(found).toMatchObject({
    state: 'missing',
    fix: `\${EDITOR:-vi} ${about.paths.dockerConfig}/config.json`,
  });
  expect(JSON.stringify(found)).not.toContain('c2VjcmV0');
});

test('a credential helper must be on PATH', async () => {
  const text = '{"credsStore":"desktop"}';
  const without = withDockerConfig(machine([missing('docker-credential-desktop')]), text);
  expect(await row(DOCKER_CONFIG_CHECK, without)).toMatchObject({
    state: 'advice',
    detail: expect.stringContaining('docker-credential-desktop, which is not on PATH') as string,
  });
  const there = { command: 'docker-credential-desktop', args: ['version'], result: {} };
  expect((await row(DOCKER_CONFIG_CHECK, withDockerConfig(machine([there]), text)))?.state).toBe(
    'ok',
  );
});
