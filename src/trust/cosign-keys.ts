import { chmod, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../lib/errors.ts';
import { makeFolders } from '../lib/make-folders.ts';
import { completed, toolFailure } from '../lib/run-result.ts';
import type { RunTool } from '../lib/run-tool.ts';
import { cosignUserError } from './cosign.ts';
import { keyAccess, keyName } from './keys.ts';

/**
 * Makes cosign.key and cosign.pub in `dir`, which is created and contains nothing else. The pair is
 * made beside it and renamed, so that it is there whole or not at all. The password goes through
 * the environment; '' means unencrypted. Private key 0600, folder 0700. False where the folder had
 * a pair already (another process was first), which is untouched.
 */
export async function generateKeyPair(
  run: RunTool,
  dir: string,
  password: string,
): Promise<boolean> {
  await makeFolders(dirname(dir), { mode: 0o700 });
  const beside = await mkdtemp(join(dirname(dir), `.${basename(dir)}-`));
  try {
    const result = await completed(run, 'cosign', {
      command: 'cosign',
      args: ['generate-key-pair'],
      cwd: beside,
      env: { COSIGN_PASSWORD: password },
      timeoutMs: 60_000,
    });
    if (result.exitCode !== 0) throw toolFailure(result, 'cosign made no key pair');
    await chmod(join(beside, 'cosign.key'), 0o600);
    return await moved(beside, dir);
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // The folder is there and not empty.
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}

/** The PEM public key of a private key file, KMS or PKCS#11 URI. Throws UserError or ToolError. */
export async function publicKey(run: RunTool, keyRef: string, password?: string): Promise<string> {
  const { ref, env } = keyAccess(keyRef, password);
  const result = await completed(run, 'cosign', {
    command: 'cosign',
    args: ['public-key', '--key', ref],
    timeoutMs: 60_000,
    env,
  });
  if (result.exitCode !== 0)
    throw (
      cosignUserError(result.stderr, keyRef) ??
      toolFailure(result, `the public key of ${keyName(keyRef)} cannot be had`)
    );
  const pem = /-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+-----END PUBLIC KEY-----\n?/.exec(
    result.stdout,
  );
  if (pem === null) throw new UserError(`cosign gave no public key for ${keyName(keyRef)}`);
  return pem[0];
}
