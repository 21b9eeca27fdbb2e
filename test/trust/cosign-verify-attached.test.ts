import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyAttached, verifyAttachedArgs } from '../../src/trust/cosign-verify-attached.ts';
import { signerArgs, signerName } from '../../src/trust/trusted-signers.ts';
import { fakeRun } from '../fakes/fake-run.ts';

const key = { kind: 'key', publicKey: 'k.pub' } as const;
const files = { bundlePath: '/b', blobPath: '/m' };
const recorded = (name: string): string =>
  readFileSync(new URL(`../fixtures/cosign/${name}`, import.meta.url), 'utf8');

describe('arguments', () => {
  test('with a key no service is trusted and none is asked', () => {
    const request = { ...files, signer: key, predicateType: 'https://example.org/t' };
    expect(verifyAttachedArgs(request, 'flags', '/r').join(' ')).toBe(
      'verify-blob-attestation --new-bundle-format --key k.pub --insecure-ignore-tlog --trusted-root /r --bundle /b --type https://example.org/t /m',
    );
    expect(verifyAttachedArgs(request, 'signing-config', '/r')).not.toContain(
      '--new-bundle-format',
    );
  });

  test('plain bytes are verified without a type', () => {
    const request = { ...files, signer: key, predicateType: undefined };
    expect(verifyAttachedArgs(request, 'signing-config', '/r').join(' ')).toBe(
      'verify-blob --key k.pub --insecure-ignore-tlog --trusted-root /r --bundle /b /m',
    );
  });

  test('an identity is verified with the log, and never with less than both names', () => {
    const signer = {
      kind: 'identity',
      identity: { pattern: '^https://github\\.com/org/' },
      issuer: { exact: 'https://i' },
    } as const;
    expect(signerArgs(signer, '/r')).toEqual([
      '--certificate-identity-regexp',
      '^https://github\\.com/org/',
      '--certificate-oidc-issuer',
      'https://i',
    ]);
    expect(signerArgs({ ...signer, trustedRoot: 't.json' }, '/r')).toContain('t.json');
    expect(signerName(signer)).toBe('/^https://github\\.com/org// (https://i)');
    expect(signerName(key)).toBe('k.pub');
  });
});

describe('verifyAttached', () => {
  let scratchDir = '';
  beforeEach(() => {
    scratchDir = mkdtempSync(join(tmpdir(), 'scoville-verify-'));
  });
  afterEach(() => {
    rmSync(scratchDir, { recursive: true });
  });
  const help = {
    command: 'cosign',
    args: ['attest-blob', '--help'],
    result: { stdout: recorded('2.5.0/attest-blob-help.txt') },
  };
  const answer = async (exitCode: number, stderr: string) => {
    const { run } = fakeRun([
      help,
      { command: 'cosign', args: ['verify-blob'], result: { exitCode, stderr } },
    ]);
    return verifyAttached(run, { ...files, signer: key, predicateType: undefined, scratchDir });
  };

  test('its exit code is the answer; what it says tells a bad signature from one that was not checked', async () => {
    expect(await answer(0, '')).toEqual({ outcome: 'verified' });
    expect((await answer(1, recorded('2.5.0/wrongkey.err'))).outcome).toBe('failed');
    expect(await answer(1, 'Error: getting trusted root: no route to host\n')).toEqual({
      outcome: 'unknown',
      reason: 'getting trusted root: no route to host',
    });
    expect(readdirSync(scratchDir)).toEqual([]);
  });

  test('a cosign that is missing is the user’s to mend', async () => {
    const { run } = fakeRun([
      { command: 'cosign', args: ['attest-blob', '--help'], result: { ended: 'not-found' } },
    ]);
    await expect(
      verifyAttached(run, { ...files, signer: key, predicateType: undefined, scratchDir }),
    ).rejects.toMatchObject({ name: 'UserError', message: 'cosign is not installed' });
  });
});
