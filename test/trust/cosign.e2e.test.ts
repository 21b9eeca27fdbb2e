import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runTool } from '../../src/lib/run-tool.ts';
import { digestOf } from '../../src/model/reference.ts';
import { PREDICATE_TYPE } from '../../src/model/statement.ts';
import { generateKeyPair, publicKey, signStatement } from '../../src/trust/cosign-sign.ts';
import { verifyAttached } from '../../src/trust/cosign-verify-attached.ts';
import { misstated } from '../../src/trust/sign-bundle.ts';

const PASSWORD = 'correct horse';
const predicate = { z: 1, a: { 'é<>&': [1.5, null, true], nested: { big: 9007199254740991 } } };

describe('the cosign on PATH', () => {
  let dir = '';
  const at = (name: string): string => join(dir, name);
  const request = (predicateType: string) => ({
    manifestPath: at('manifest.json'),
    predicatePath: at('predicate.json'),
    predicateType,
    key: { kind: 'key', ref: at('keys/cosign.key'), password: PASSWORD } as const,
    scratchDir: dir,
  });
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'scoville-cosign-'));
    writeFileSync(at('manifest.json'), '{"schemaVersion":2}');
    writeFileSync(at('predicate.json'), JSON.stringify(predicate));
    await generateKeyPair(runTool, at('keys'), PASSWORD);
    writeFileSync(
      at('bundle.json'),
      await signStatement(runTool, request(PREDICATE_TYPE.testResult)),
    );
  });
  afterAll(() => {
    rmSync(dir, { recursive: true });
  });

  test('made a key pair that only its owner reads, and leaves one that is there', async () => {
    expect(statSync(at('keys/cosign.key')).mode & 0o777).toBe(0o600);
    expect(statSync(at('keys')).mode & 0o777).toBe(0o700);
    const before = readFileSync(at('keys/cosign.key'), 'utf8');
    expect(await generateKeyPair(runTool, at('keys'), 'other')).toBe(false);
    expect(readFileSync(at('keys/cosign.key'), 'utf8')).toBe(before);
    expect(readdirSync(dir).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('gives the public key', async () => {
    expect(await publicKey(runTool, at('keys/cosign.key'), PASSWORD)).toBe(
      readFileSync(at('keys/cosign.pub'), 'utf8'),
    );
  });

  test.each(Object.values(PREDICATE_TYPE))(
    'keeps a predicate of type %s as it is',
    async (type) => {
      const bundle = await signStatement(runTool, request(type));
      const subject = digestOf(readFileSync(at('manifest.json')));
      expect(misstated(bundle, { subjects: [subject], predicateType: type, predicate })).toBe(
        undefined,
      );
    },
  );

  test('a wrong password is told as such', async () => {
    const wrong = { ...request(PREDICATE_TYPE.testResult).key, password: 'wrong' };
    await expect(
      signStatement(runTool, { ...request(PREDICATE_TYPE.testResult), key: wrong }),
    ).rejects.toMatchObject({
      name: 'UserError',
      message: `wrong password for the signing key ${at('keys/cosign.key')}`,
    });
  });

  test('a missing key is told as such', async () => {
    const key = { kind: 'key', ref: at('none.key'), password: '' } as const;
    await expect(
      signStatement(runTool, { ...request(PREDICATE_TYPE.testResult), key }),
    ).rejects.toThrow(`the signing key ${at('none.key')} cannot be read`);
  });

  const verification = (change: Record<string, unknown> = {}) =>
    verifyAttached(runTool, {
      bundlePath: at('bundle.json'),
      blobPath: at('manifest.json'),
      predicateType: PREDICATE_TYPE.testResult,
      signer: { kind: 'key', publicKey: at('keys/cosign.pub') },
      scratchDir: dir,
      ...change,
    });

  test('verifies what it signed, without a network', async () => {
    expect(await verification()).toEqual({ outcome: 'verified' });
  });

  test('refuses another key, another manifest, a changed signature', async () => {
    await generateKeyPair(runTool, at('other'), '');
    writeFileSync(at('other.json'), '{}');
    const bundle = readFileSync(at('bundle.json'), 'utf8');
    const payload = /"payload": ?"([^"]+)"/.exec(bundle)?.[1] ?? '';
    const forged = Buffer.from(payload, 'base64').toString().replace('"z":1', '"z":2');
    writeFileSync(
      at('forged.json'),
      bundle.replace(payload, Buffer.from(forged).toString('base64')),
    );
    const outcomes = await Promise.all([
      verification({ signer: { kind: 'key', publicKey: at('other/cosign.pub') } }),
      verification({ blobPath: at('other.json') }),
      verification({ bundlePath: at('forged.json') }),
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'failed']);
  });

  test('leaves no files of its own behind', () => {
    expect(readdirSync(dir).filter((name) => name.startsWith('cosign-'))).toEqual([]);
  });
});
