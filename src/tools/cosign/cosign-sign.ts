import { readFile } from 'node:fs/promises';
import { digestOf } from '../../model/digest.ts';
import type { RunTool } from '../../model/run.ts';
import { toolFailure } from '../tool-failure.ts';
import { checkBundle } from './bundle.ts';
import { signingCall, type SigningKey } from './cosign-call.ts';
import { runSigning } from './cosign-errors.ts';

interface StatementRequest {
  /** The manifest's blob; the statement's subject is the digest of its bytes. */
  readonly manifestPath: string;
  readonly predicateType: string;
  /** A JSON file. */
  readonly predicatePath: string;
  readonly key: SigningKey;
  /** An existing folder for the files of this call, which are removed. */
  readonly scratchDir: string;
  readonly signal?: AbortSignal;
}

/**
 * Signs an in-toto statement about a manifest and gives the sigstore bundle's bytes, after checking
 * that it states what was asked. With a key no network is used. Throws UserError for what the user
 * can fix (password, key, token), else ToolError.
 */
export async function signStatement(run: RunTool, request: StatementRequest): Promise<Uint8Array> {
  const { predicateType, predicatePath, manifestPath } = request;
  const call = await signingCall(run, request.key, request);
  try {
    const args = [
      ...['attest-blob', '--yes', ...call.args, '--bundle', call.bundle],
      ...['--type', predicateType, '--predicate', predicatePath, manifestPath],
    ];
    const result = await runSigning(run, { ...call, args }, request.signal);
    const bundle = await readFile(call.bundle);
    const checked = checkBundle(bundle, {
      subject: digestOf(await readFile(manifestPath)),
      predicateType,
      predicate: JSON.parse(await readFile(predicatePath, 'utf8')) as unknown,
    });
    if (!checked.ok) throw toolFailure(result, `cosign signed something else (${checked.error})`);
    return bundle;
  } finally {
    await call.remove();
  }
}
