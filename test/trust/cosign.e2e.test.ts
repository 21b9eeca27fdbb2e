import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runTool } from '../../src/lib/run-tool.ts';
import { digestOf } from '../../src/model/reference.ts';
import { PREDICATE_TYPE } from '../../src/model/statement.ts';
import { generateKeyPair, publicKey, signStatement } from '../../src/trust/cosign.ts';
import { misstated } from '../../src/trust/keys.ts';
import { verifyAttached } from '../../src/trust/trusted-signers.ts';

const PASSWORD = 'correct horse';
const predicate = { z: 1, a: { 'é<>&': [1.5, null, true], nested: { big: 9007199254740991 } } };

describe('the cosign on PATH', () => {
  let dir = '';
  let bundle: Uint8Array = Buffer.from('');
  const at = (name: string): string => join(dir, name);
  const sign = (predicateType: string, over: object = {}): Promise<Uint8Array> => {
    const key = { kind: 'key', ref: at('keys/cosign.key'), password: PASSWORD, ...over } as const;
    const manifestPath = at('manifest.json');
    return signStatement(runTool, key, { manifestPath, predicate, predicateType });
  };
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'scoville-cosign-'));
    writeFileSync(at('manifest.json'), '{"schemaVersion":2}');
    await generateKeyPair(runTool, at('keys'), PASSWORD);
    bundle = await sign(PREDICATE_TYPE.testResult);
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
      const subjects = [digestOf(readFileSync(at('manifest.json')))];
      const claim = { subjects, predicateType: type, predicate };
      expect(misstated(await sign(type), claim)).toBe(undefined);
    },
  );

  test('a wrong password is told as such, and so is a missing key', async () => {
    const { testResult } = PREDICATE_TYPE;
    await expect(sign(testResult, { password: 'wrong' })).rejects.toMatchObject({
      name: 'UserError',
      message: `wrong password for the signing key ${at('keys/cosign.key')}`,
    });
    await expect(sign(testResult, { ref: at('none.key'), password: '' })).rejects.toThrow(
      `the signing key ${at('none.key')} cannot be read`,
    );
  });

  const verification = (change: Record<string, unknown> = {}) =>
    verifyAttached(runTool, {
      bundle,
      blob: at('manifest.json'),
      predicateType: PREDICATE_TYPE.testResult,
      signer: { kind: 'key', publicKey: at('keys/cosign.pub') },
      ...change,
    });

  test('verifies what it signed, without a network, by a file and by its text', async () => {
    expect(await verification()).toEqual({ outcome: 'verified' });
    const publicKey = readFileSync(at('keys/cosign.pub'), 'utf8');
    expect(await verification({ signer: { kind: 'key', publicKey } })).toEqual({
      outcome: 'verified',
    });
  });

  test('refuses another key, another manifest, a changed signature', async () => {
    await generateKeyPair(runTool, at('other'), '');
    const text = Buffer.from(bundle).toString();
    const payload = /"payload": ?"([^"]+)"/.exec(text)?.[1] ?? '';
    const forged = Buffer.from(payload, 'base64').toString().replace('"z":1', '"z":2');
    const changed = text.replace(payload, Buffer.from(forged).toString('base64'));
    const outcomes = await Promise.all([
      verification({ signer: { kind: 'key', publicKey: at('other/cosign.pub') } }),
      verification({ blob: Buffer.from('{}') }),
      verification({ bundle: Buffer.from(changed) }),
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'failed']);
  });
});
