import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '../../model/digest.ts';
import type { RunTool } from '../../model/run.ts';
import { toolFailure } from '../describe-run.ts';
import { checkBundle } from './bundle.ts';
import { type CosignDialect, cosignDialect } from './cosign-dialect.ts';
import { runSigning } from './cosign-errors.ts';
import { writeOffline } from './cosign-trust.ts';

/** With what cosign signs. A password that is not given is taken from COSIGN_PASSWORD, as cosign does. */
type SigningKey =
  | { readonly kind: 'key'; readonly ref: string; readonly password?: string }
  /** Fulcio's certificate for the OIDC token at hand, logged in Rekor. */
  | { readonly kind: 'keyless'; readonly identityToken?: string };

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

interface ScratchFiles {
  readonly bundle: string;
  readonly config: string;
  readonly trust: string;
}

/**
 * Signs an in-toto statement about a manifest and gives the sigstore bundle's bytes, after checking that it states what was
 * asked. With a key no network is used. Throws UserError for what the user can mend (password, key, token), else ToolError.
 */
export async function signStatement(run: RunTool, request: StatementRequest): Promise<Uint8Array> {
  const dialect = await cosignDialect(run);
  const name = join(request.scratchDir, `cosign-${randomUUID()}`);
  const files = { bundle: `${name}.json`, config: `${name}.config`, trust: `${name}.trust` };
  try {
    if (dialect.kind === 'signing-config' && request.key.kind === 'key') {
      await writeOffline(dialect.withoutServices, files);
    }
    return await sign(run, request, dialect, files);
  } finally {
    await Promise.all(Object.values(files).map((file) => rm(file, { force: true })));
  }
}

async function sign(
  run: RunTool,
  request: StatementRequest,
  dialect: CosignDialect,
  files: ScratchFiles,
): Promise<Uint8Array> {
  const { what, result } = await runSigning(
    run,
    { args: signArgs(request, dialect.kind, files), env: signEnv(request.key) },
    request.key.kind === 'key' ? request.key.ref : undefined,
    request.signal,
  );
  const bundle = await readFile(files.bundle);
  const checked = checkBundle(bundle, {
    subject: digestOf(await readFile(request.manifestPath)),
    predicateType: request.predicateType,
    predicate: JSON.parse(await readFile(request.predicatePath, 'utf8')) as unknown,
  });
  if (!checked.ok)
    throw toolFailure(what, result, `cosign signed something else (${checked.error})`);
  return bundle;
}

/** The arguments of `cosign attest-blob` in either dialect. */
export function signArgs(
  request: Pick<StatementRequest, 'manifestPath' | 'predicateType' | 'predicatePath' | 'key'>,
  dialect: CosignDialect['kind'],
  files: ScratchFiles,
): readonly string[] {
  const { key } = request;
  const offline =
    dialect === 'flags'
      ? ['--tlog-upload=false']
      : ['--signing-config', files.config, '--trusted-root', files.trust];
  return [
    'attest-blob',
    '--yes',
    ...(key.kind === 'key' ? ['--key', key.ref, ...offline] : []),
    ...(dialect === 'flags' ? ['--new-bundle-format'] : []),
    '--bundle',
    files.bundle,
    '--type',
    request.predicateType,
    '--predicate',
    request.predicatePath,
    request.manifestPath,
  ];
}

function signEnv(key: SigningKey): Record<string, string> {
  if (key.kind === 'keyless')
    return key.identityToken === undefined ? {} : { SIGSTORE_ID_TOKEN: key.identityToken };
  return key.password === undefined ? {} : { COSIGN_PASSWORD: key.password };
}
