import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../src/config/schema.ts';
import { openCache } from '../../src/image/caches.ts';
import type { PipelineEvent } from '../../src/model/events.ts';
import { digestOf } from '../../src/model/reference.ts';
import { resolveSigner, type Signer } from '../../src/trust/signer.ts';
import { contextOf } from '../config/pipeline-context.ts';
import { keyFile } from '../fakes/cosign-key-file.ts';
import { fakeRun } from '../fakes/fake-run.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

type KeySigner = Extract<Signer, { kind: 'key' }>;

const made = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const halfOf = ({ publicKey }: ReturnType<typeof made>): string =>
  publicKey.export({ format: 'pem', type: 'spki' }).toString();

/** A key in a folder of its own, and the signer of one run after another. */
function keyOf(password: string) {
  const home = temporaryFolder();
  const pair = made();
  const text = keyFile(pair.privateKey.export({ format: 'der', type: 'pkcs8' }), password);
  writeFileSync(join(home, 'cosign.key'), text, { mode: 0o600 });
  const context = contextOf(fakeRun([]).run, home, { env: { COSIGN_PASSWORD: password } });
  const sign = { ...DEFAULT_SETTINGS.sign, key: join(home, 'cosign.key') };
  const signer = async () => (await resolveSigner(context, sign)) as KeySigner;
  return { home, half: halfOf(pair), text, signer, halves: join(home, 'cache/public-halves') };
}

test('a key without a password is known by its file, and opened when something is signed', async () => {
  const { half, halves, signer } = keyOf('');
  await signer();
  expect(readdirSync(join(halves, 'v1'))).toHaveLength(1);
  const { publicKey, opened } = await signer();
  expect(publicKey).toBe(half);
  const key = await opened?.();
  const bytes = Buffer.from('signed');
  expect(key?.verifies(bytes, key.sign(bytes))).toBe(true);
  expect(await opened?.()).toBe(key);
});

test('of a key with a password nothing is kept', async () => {
  const { half, halves, signer } = keyOf('secret');
  expect((await signer()).publicKey).toBe(half);
  expect(existsSync(halves)).toBe(false);
});

test('a key that is known is still held against the public key beside it', async () => {
  const { home, signer } = keyOf('');
  await signer();
  writeFileSync(join(home, 'cosign.pub'), halfOf(made()));
  await expect(signer()).rejects.toThrow('is not the public half of');
});

test('a public half that is not the one of the key signs nothing', async () => {
  const { halves, signer, text } = keyOf('');
  await openCache({ paths: { cache: dirname(halves) } }, 'public-halves', 1).set(
    digestOf(text),
    halfOf(made()),
  );
  await expect((await signer()).opened?.()).rejects.toThrow('the cache has another public half');
});

test.each([
  [0o600, 'cosign.key', 'used'],
  [0o400, 'cosign.key', 'used'],
  [0o644, 'cosign.key', 'read'],
  [0o640, 'cosign.key', 'read'],
  [0o660, 'cosign.key', 'written'],
  [0o602, 'cosign.key', 'written'],
  [0o666, 'cosign.key', 'written'],
  [0o666, 'link.key', 'written'],
])('a key of mode %o at %s is %s', async (mode, name, expected) => {
  const home = temporaryFolder();
  const text = keyFile(made().privateKey.export({ format: 'der', type: 'pkcs8' }), '');
  writeFileSync(join(home, 'cosign.key'), text);
  chmodSync(join(home, 'cosign.key'), mode);
  symlinkSync('cosign.key', join(home, 'link.key'));
  const key = join(home, name);
  const warnings: unknown[] = [];
  const context = {
    ...contextOf(fakeRun([]).run, home),
    emit: (event: PipelineEvent) => warnings.push(event),
  };
  const said = (verb: string): string => `the signing key ${key} can be ${verb} by other users`;
  const signing = resolveSigner(context, { ...DEFAULT_SETTINGS.sign, key });
  if (expected === 'written')
    await expect(signing).rejects.toMatchObject({
      message: `${said('written')}: nothing is signed with it`,
      nextStep: `chmod 600 ${key}`,
    });
  else expect(await signing).toMatchObject({ kind: 'key', ref: key });
  expect(warnings).toEqual(
    expected === 'read'
      ? [{ kind: 'warning', text: said('read'), nextStep: `chmod 600 ${key}` }]
      : [],
  );
});
