import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type DoctorContext, runChecks } from '../../src/cli/doctor-checks.ts';
import { SIGNING_CHECK } from '../../src/cli/doctor.ts';
import { machine, missing } from './surroundings.ts';

async function row(about: DoctorContext) {
  const [only] = await runChecks([SIGNING_CHECK], about);
  return only;
}

function withSettings(about: DoctorContext, yaml: string): DoctorContext {
  writeFileSync(join(about.cwd, '.scoville.yaml'), yaml);
  return about;
}

function withOwnKey(about: DoctorContext, mode = 0o600): string {
  const folder = join(about.paths.config, 'keys');
  mkdirSync(folder, { recursive: true });
  const key = join(folder, 'cosign.key');
  writeFileSync(key, 'a key');
  chmodSync(key, mode);
  return key;
}

test('a first build makes a key', async () => {
  const about = machine();
  expect(await row(about)).toMatchObject({
    state: 'ok',
    detail: `none yet; the first build makes ${about.paths.config}/keys/cosign.key`,
  });
});

test('the own key is ok where cosign can read it', async () => {
  const about = machine();
  const key = withOwnKey(about);
  expect(await row(about)).toMatchObject({ state: 'ok', detail: key });
});

test('a password that is wrong or not given is told before a build fails on it', async () => {
  const about = machine([
    {
      command: 'cosign',
      args: ['public-key'],
      result: { exitCode: 1, stderr: 'Error: reading key: decrypt: encrypted: decryption failed' },
    },
  ]);
  const key = withOwnKey(about);
  expect(await row(about)).toMatchObject({
    state: 'missing',
    detail: `wrong password for the signing key ${key}`,
    fix: 'set COSIGN_PASSWORD to the password of the key',
  });
});

test('without cosign the key is there and no more is known', async () => {
  const about = machine([missing('cosign')]);
  const key = withOwnKey(about);
  expect(await row(about)).toMatchObject({
    state: 'advice',
    detail: `${key} is there; cosign could not be asked about it`,
  });
});

test.each([
  [0o644, 'advice', 'read'],
  [0o620, 'missing', 'written'],
  [0o666, 'missing', 'written'],
])('a key of mode %o is %s: others can have it %s', async (mode, state, verb) => {
  const about = machine();
  const key = withOwnKey(about, mode);
  const detail = `the signing key ${key} can be ${verb} by other users`;
  expect(await row(about)).toMatchObject({ state, detail, fix: `chmod 600 ${key}` });
});

test('a configured key that is not there is missing', async () => {
  const about = machine();
  withSettings(about, `sign:\n  key: ${about.cwd}/it's.key\n`);
  expect(await row(about)).toMatchObject({
    state: 'missing',
    detail: `${about.cwd}/it's.key is named in the settings file but does not exist`,
    fix: `cosign generate-key-pair --output-key-prefix '${about.cwd}/it'\\''s'`,
  });
});

test('a key in a KMS is not asked', async () => {
  const about = machine();
  mkdirSync(about.paths.config, { recursive: true });
  writeFileSync(join(about.paths.config, 'config.yaml'), 'sign:\n  key: awskms:///alias/x\n');
  expect(await row(about)).toMatchObject({ state: 'ok', detail: 'awskms:///alias/x (not asked)' });
});

test('a key in a KMS that only the project names is not used', async () => {
  const about = withSettings(machine(), 'sign:\n  key: awskms:///alias/x\n');
  expect(await row(about)).toMatchObject({ state: 'missing', fix: 'scoville build --key KEY' });
});

test('an OIDC token means keyless', async () => {
  const about = machine([], { env: { SIGSTORE_ID_TOKEN: 'secret.token.value' } });
  expect(await row(about)).toMatchObject({ state: 'ok', detail: 'keyless, SIGSTORE_ID_TOKEN' });
});

test('signing may be off', async () => {
  const about = withSettings(machine(), 'sign:\n  enabled: false\n');
  expect((await row(about))?.detail).toBe('signing is off in the settings file');
});
