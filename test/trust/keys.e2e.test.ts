import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '../../src/model/reference.ts';
import {
  openCosignKey,
  type OpenedKey,
  openPemKey,
  signBundle,
  signBytes,
} from '../../src/trust/keys.ts';
import { output, run } from '../e2e/harness.ts';
import { COSIGN_3 } from '../e2e/readers.ts';

const TYPE = 'https://example.com/predicate';
const manifest = '{"schemaVersion":2}';
const hasSecond = existsSync(COSIGN_3);
const made: Readonly<Record<string, () => KeyObject>> = {
  'P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  'P-384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
  'P-521': () => generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey,
  Ed25519: () => generateKeyPairSync('ed25519').privateKey,
  RSA: () => generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey,
};

let folder = '';
const at = (name: string): string => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'scoville-keys-'));
  writeFileSync(at('manifest.json'), manifest);
  writeFileSync(
    at('none.json'),
    '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
  );
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Signs a statement and a payload of the old form, and asks each cosign what it says of both. */
async function expectVerified(name: string, opened: OpenedKey): Promise<void> {
  const predicate = { a: 1 };
  const subjects = [digestOf(manifest)];
  writeFileSync(
    at('bundle.json'),
    signBundle(opened, { subjects, predicateType: TYPE, predicate }),
  );
  writeFileSync(at('payload.sig'), signBytes(opened, Buffer.from(manifest)));
  const by = ['--key', `${name}.pub`, '--insecure-ignore-tlog'];
  const statement = ['--trusted-root', 'none.json', '--bundle', 'bundle.json', '--type', TYPE];
  const asked = [
    ['cosign', 'verify-blob-attestation', '--new-bundle-format', ...by, ...statement],
    ['cosign', 'verify-blob', ...by, '--signature', 'payload.sig'],
    ...(hasSecond ? [[COSIGN_3, 'verify-blob-attestation', ...by, ...statement]] : []),
  ];
  for (const [command = '', ...args] of asked) {
    const { exitCode, stderr } = await run(command, [...args, 'manifest.json'], { cwd: folder });
    expect([args[0], exitCode, exitCode === 0 ? '' : stderr]).toEqual([args[0], 0, '']);
  }
}

describe.each(Object.keys(made))('%s', (name) => {
  beforeAll(async () => {
    const key = made[name]?.().export({ format: 'pem', type: 'pkcs8' }) ?? '';
    writeFileSync(at(`${name}.pem`), key);
    await output('openssl', ['pkey', '-in', `${name}.pem`, '-pubout', '-out', `${name}.pub`], {
      cwd: folder,
    });
  });

  test('signs from a plain file, and every cosign verifies it', async () => {
    const opened = openPemKey(readFileSync(at(`${name}.pem`), 'utf8'), '');
    if (!opened.ok) throw new Error(opened.error);
    await expectVerified(name, opened.value);
  });

  test.runIf(hasSecond)('signs after cosign import-key-pair', async () => {
    const prefix = ['--output-key-prefix', `imported-${name}`];
    const env = { COSIGN_PASSWORD: 'pass' };
    const args = ['import-key-pair', '--yes', '--key', `${name}.pem`, ...prefix];
    await output(COSIGN_3, args, { cwd: folder, env });
    const opened = await openCosignKey(readFileSync(at(`imported-${name}.key`), 'utf8'), 'pass');
    if (!opened.ok) throw new Error(opened.error);
    await expectVerified(name, opened.value);
  });
});
