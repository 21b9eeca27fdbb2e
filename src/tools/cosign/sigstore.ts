import { cp, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { messageOf, UserError } from '../../model/errors.ts';
import type { RunTool } from '../../model/run.ts';
import type { SigstoreChoice } from '../../model/settings.ts';
import { completed } from '../completed-run.ts';
import { toolFailure } from '../tool-failure.ts';
import { cosignDialect } from './cosign-dialect.ts';
import type { CallFiles } from './cosign-trust.ts';
import {
  PUBLIC_SERVICES,
  readSigningConfig,
  requireAddresses,
  servicesOf,
  signingConfigText,
  type SigstoreServices,
} from './sigstore-services.ts';
import { type TrustTexts, trustTexts } from './trusted-root.ts';

/** A sigstore that this cosign can sign with, without a key. */
export interface Sigstore {
  readonly services: SigstoreServices;
  /** For cosign from 2.6; undefined where flags name the services. */
  readonly signingConfig?: string;
  /** A file by its absolute path. */
  readonly trustedRoot?: string;
  /** The same for a cosign that is asked by flags. */
  readonly trust?: TrustTexts;
}

interface KeylessCall {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The sigstore that is to be asked: of one's own where settings name it, else the public one, or
 * the one that `cosign initialize` was given. Throws UserError where a file cannot be used, or
 * where this cosign is too old for the log.
 */
export async function resolveSigstore(run: RunTool, choice: SigstoreChoice): Promise<Sigstore> {
  const found = await sigstoreOf(run, choice);
  requireAddresses(found.services);
  return found;
}

async function sigstoreOf(run: RunTool, choice: SigstoreChoice): Promise<Sigstore> {
  const { kind } = await cosignDialect(run);
  const { signingConfig: file, trustedRoot, fulcioUrl, rekorUrl } = choice;
  const text = file === undefined ? undefined : await configText(file);
  const root = trustedRoot === undefined ? {} : { trustedRoot };
  // Also a check of the file, better before a build than after.
  const trust = trustedRoot === undefined ? undefined : await trustTexts(trustedRoot, rekorUrl);
  if (kind === 'flags') {
    const named = text === undefined ? PUBLIC_SERVICES : readSigningConfig(text, file ?? '');
    const services = withoutNewLogs(servicesOf(choice, named));
    return { services, ...root, ...(trust === undefined ? {} : { trust }) };
  }
  if (text !== undefined)
    return { services: readSigningConfig(text, file ?? ''), signingConfig: text, ...root };
  const otherwise =
    fulcioUrl === undefined || rekorUrl === undefined
      ? readSigningConfig(await defaultConfig(run), 'what cosign takes by default')
      : PUBLIC_SERVICES;
  const services = servicesOf(choice, otherwise);
  return { services, signingConfig: signingConfigText(services), ...root };
}

async function configText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new UserError(`the signing config ${file} cannot be read: ${messageOf(error)}`);
  });
}

/** The services of the current TUF repository: sigstore's, or that of `cosign initialize`. */
async function defaultConfig(run: RunTool): Promise<string> {
  const result = await completed(run, 'cosign', {
    command: 'cosign',
    args: ['signing-config', 'create', '--with-default-services'],
    timeoutMs: 60_000,
  });
  if (result.exitCode === 0) return result.stdout;
  throw toolFailure(
    result,
    'the services of sigstore cannot be had from its TUF repository',
    'check the network, or name a sigstore of your own: --signing-config FILE --trusted-root FILE',
  );
}

/** cosign up to 2.5 writes into Rekor v1 alone. */
function withoutNewLogs(services: SigstoreServices): SigstoreServices {
  const logs = services.logs.filter(({ version }) => version === 1);
  if (logs.length === 0 && services.logs.length > 0)
    throw new UserError(
      `this cosign cannot write into Rekor v2 (${services.logs.map(({ url }) => url).join(', ')})`,
      { nextStep: 'install cosign 3, or name a log of Rekor v1: --rekor-url URL' },
    );
  return { ...services, logs };
}

interface CallRequest {
  readonly token: string;
  /** Nothing is logged. */
  readonly certificateOnly: boolean;
  readonly files: CallFiles;
  /** The user's TUF cache, which is copied for the call: two cosigns cannot use one at a time. */
  readonly tufRoot: string;
}

/** Writes the files of one call. The token goes by a file: arguments can be seen by other users. */
export async function keylessCall(
  { services, signingConfig, trustedRoot, trust }: Sigstore,
  { token, certificateOnly, files, tufRoot }: CallRequest,
): Promise<KeylessCall> {
  const only = certificateOnly ? { ...services, logs: [], tsas: [] } : services;
  const withToken = ['--identity-token', await files.write('token', token)];
  if (signingConfig !== undefined) {
    const text = certificateOnly ? signingConfigText(only) : signingConfig;
    const root = trustedRoot === undefined ? [] : ['--trusted-root', trustedRoot];
    const config = await files.write('config', text);
    return { args: [...withToken, '--signing-config', config, ...root], env: {} };
  }
  const [log] = only.logs;
  const [tsa] = only.tsas;
  const args = [
    ...withToken,
    ...['--fulcio-url', only.fulcio],
    ...(log === undefined ? ['--tlog-upload=false'] : ['--rekor-url', log.url]),
    ...(tsa === undefined ? [] : ['--timestamp-server-url', tsa]),
  ];
  if (trust !== undefined) {
    const env: Record<string, string> = {};
    for (const [variable, text] of Object.entries(trust))
      env[variable] = await files.write(`${variable}.pem`, text);
    return { args, env };
  }
  const copy = files.path('tuf');
  const filter = (from: string): boolean => basename(from) !== 'LOCK';
  await cp(tufRoot, copy, { recursive: true, filter }).catch(() => undefined);
  return { args, env: { TUF_ROOT: copy } };
}
