import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  BUILDX_CHECK,
  type Check,
  COSIGN_CHECK,
  type DoctorContext,
  GIT_CHECK,
  installCommand,
  NODE_CHECK,
  OLDEST_NODE,
  runChecks,
  SCANNER_CHECK,
} from '../../src/cli/doctor-checks.ts';
import { err, ok } from '../../src/lib/errors.ts';
import { machine, missing } from './surroundings.ts';

async function row(check: Check, about: DoctorContext) {
  const [only] = await runChecks([check], about);
  return only;
}

test('the oldest Node.js is the one that package.json names', () => {
  const manifest = readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8');
  const { engines } = JSON.parse(manifest) as { engines: { node: string } };
  expect(`${engines.node}.0`).toBe(`>=${OLDEST_NODE}`);
});

test.each([
  ['20.19.0', 'ok'],
  ['24.1.0', 'ok'],
  ['20.18.3', 'missing'],
  ['18.20.0', 'missing'],
])('Node.js %s is %s', async (nodeVersion, state) => {
  expect(await row(NODE_CHECK, machine([], { nodeVersion }))).toMatchObject({ state });
});

describe('tools', () => {
  test('are told by their versions', async () => {
    expect((await row(BUILDX_CHECK, machine()))?.detail).toBe(
      '0.30.1, newer than those tried (0.13 to 0.29)',
    );
    expect((await row(COSIGN_CHECK, machine()))?.detail).toBe('2.5.3, sigstore bundles by flags');
    expect((await row(GIT_CHECK, machine()))?.detail).toBe('2.47.3');
  });

  test('that are not there are told with the command for this platform', async () => {
    expect(await row(COSIGN_CHECK, machine([missing('cosign')]))).toMatchObject({
      state: 'missing',
      detail: 'cosign is not installed',
      fix: 'sudo apt-get install cosign',
    });
    const mac = machine([missing('cosign')], { platform: 'darwin' });
    expect((await row(COSIGN_CHECK, mac))?.fix).toBe('brew install cosign');
  });

  test('that are too old are missing', async () => {
    const old = machine([
      { command: 'docker', args: ['buildx', 'version'], result: { stdout: 'buildx v0.9.1 abc\n' } },
    ]);
    expect(await row(BUILDX_CHECK, old)).toMatchObject({
      state: 'missing',
      detail: 'docker buildx 0.9.1 is too old: 0.13.0 or newer is needed',
      fix: 'sudo apt-get install docker-buildx',
    });
  });

  test('git is advice: an image is built without it too', async () => {
    expect(await row(GIT_CHECK, machine([missing('git')]))).toMatchObject({
      required: false,
      state: 'advice',
    });
  });

  test('a cosign that writes no bundles is missing', async () => {
    const old = machine([
      { command: 'cosign', args: ['attest-blob'], result: { stdout: '--key' } },
    ]);
    expect(await row(COSIGN_CHECK, old)).toMatchObject({
      state: 'missing',
      detail: 'this cosign is too old: it cannot write sigstore bundles',
    });
  });
});

test.each([
  [{}, 'advice', 'none installed; api.osv.dev is asked', 'https://api.osv.dev'],
  [
    { HTTPS_PROXY: 'http://proxy.example:3128' },
    'missing',
    'none installed, and no answer from api.osv.dev through HTTPS_PROXY proxy.example:3128: connection refused',
    'http://proxy.example:3128',
  ],
])('without a scanner OSV.dev is tried: %j', async (env, state, detail, asked) => {
  const tried: string[] = [];
  const connect: DoctorContext['connect'] = (url) => {
    tried.push(url);
    return Promise.resolve(state === 'advice' ? ok(undefined) : err('connection refused'));
  };
  const [row] = await runChecks([SCANNER_CHECK], machine([], { env, connect }));
  expect(row).toMatchObject({ state, detail });
  expect(tried).toEqual([asked]);
});

test('one scanner is enough', async () => {
  const trivy = machine([
    { command: 'trivy', args: ['--version'], result: { stdout: 'Version: 0.67.2\n' } },
  ]);
  expect(await row(SCANNER_CHECK, trivy)).toMatchObject({ state: 'ok', detail: 'trivy 0.67.2' });
  expect(await row(SCANNER_CHECK, machine())).toMatchObject({
    state: 'advice',
    fix: 'see https://github.com/anchore/grype#installation',
  });
});

test('installCommand asks for root where apt needs it', () => {
  expect(installCommand('git', 'linux')).toBe('sudo apt-get install git');
  expect(installCommand('git', 'darwin')).toBe('brew install git');
});
