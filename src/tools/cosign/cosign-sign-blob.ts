import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunTool } from '../../model/run.ts';
import { toolFailure } from '../describe-run.ts';
import { bundleSignature } from './bundle.ts';
import { type CosignDialect, cosignDialect } from './cosign-dialect.ts';
import { runSigning } from './cosign-errors.ts';
import { writeOffline } from './cosign-trust.ts';

interface BlobSignatureRequest {
  readonly payload: Uint8Array;
  readonly key: { readonly ref: string; readonly password: string };
  /** An existing folder for the files of this call, which are removed. */
  readonly scratchDir: string;
  readonly signal?: AbortSignal;
}

/**
 * Signs bytes with a key and gives the signature alone, base64: what the signature format before bundles is made of. No network is
 * used. Throws UserError for what the user can mend, else ToolError.
 */
export async function signBlob(run: RunTool, request: BlobSignatureRequest): Promise<string> {
  const dialect = await cosignDialect(run);
  const name = join(request.scratchDir, `cosign-${randomUUID()}`);
  const files = {
    payload: `${name}.payload`,
    bundle: `${name}.json`,
    config: `${name}.config`,
    trust: `${name}.trust`,
  };
  try {
    await writeFile(files.payload, request.payload, { flag: 'wx', mode: 0o600 });
    if (dialect.kind === 'signing-config') {
      await writeOffline(dialect.withoutServices, files);
    }
    const { what, result } = await runSigning(
      run,
      {
        args: signBlobArgs(request.key.ref, dialect.kind, files),
        env: { COSIGN_PASSWORD: request.key.password },
      },
      request.key.ref,
      request.signal,
    );
    const signature = bundleSignature(await readFile(files.bundle));
    if (!signature.ok)
      throw toolFailure(what, result, `cosign gave no signature (${signature.error})`);
    return signature.value;
  } finally {
    await Promise.all(Object.values(files).map((file) => rm(file, { force: true })));
  }
}

/** The arguments of `cosign sign-blob` in either dialect. */
function signBlobArgs(
  key: string,
  dialect: CosignDialect['kind'],
  files: {
    readonly payload: string;
    readonly bundle: string;
    readonly config: string;
    readonly trust: string;
  },
): readonly string[] {
  return [
    'sign-blob',
    '--yes',
    '--key',
    key,
    ...(dialect === 'flags'
      ? ['--tlog-upload=false', '--new-bundle-format']
      : ['--signing-config', files.config, '--trusted-root', files.trust]),
    '--bundle',
    files.bundle,
    files.payload,
  ];
}
