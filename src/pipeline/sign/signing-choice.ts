import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Settings } from '../../model/settings.ts';
import { makeFolder } from '../../oci/blobs/disk.ts';
import type { ParsedBuild } from '../../plans/flags/parse-build-args.ts';
import { isAddress } from '../../plans/source-url.ts';
import { tokenVariable } from '../../tools/oidc/ambient-token.ts';
import type { PipelineContext } from '../context.ts';
import { settingsOf } from '../load-settings.ts';
import { forgetFile, writeFileBeside } from '../write-file-beside.ts';
import { hasOwnKey } from './signer.ts';

/** How a person wants images signed where nothing else says so. */
export type SigningChoice =
  | { readonly with: 'own-key' }
  | { readonly with: 'keyless' }
  /** A file by its absolute path, or a URI. */
  | { readonly with: 'key'; readonly key: string }
  | { readonly with: 'nothing' };

type Where = Pick<PipelineContext, 'paths'>;

/** The file that keeps the answer. */
export function signingFile({ paths }: Where): string {
  return join(paths.config, 'signing.json');
}

/**
 * What a build would be signed with by the person's own choice: the answer that was kept; `open`
 * where there is none and the first key would be made; undefined where flags, settings, a CI
 * identity or a key that is there decide.
 */
export async function signingChoice(
  context: PipelineContext,
  parsed: ParsedBuild,
): Promise<SigningChoice | 'open' | undefined> {
  const { own } = parsed;
  const given = own.sign !== undefined || own.key !== undefined || own.keyless !== undefined;
  if (given || own.dryRun || parsed.output.kind !== 'image') return undefined;
  if (tokenVariable(context.env) !== undefined) return undefined;
  const kept = await keptChoice(context);
  // Settings are the build's to read; where a key is there they change nothing here.
  if (kept === undefined && (await hasOwnKey(context))) return undefined;
  const sign = await signSettings(context, parsed);
  if (sign === undefined || !sign.enabled || sign.keyless) return undefined;
  if (sign.key !== undefined || sign.refusedKey !== undefined) return undefined;
  return kept ?? 'open';
}

/** Settings that cannot be read are for the build to complain about. */
async function signSettings(
  context: PipelineContext,
  { context: place, own }: ParsedBuild,
): Promise<Settings['sign'] | undefined> {
  const isFolder = place !== '-' && !isAddress(place);
  const startDir = isFolder ? resolve(context.cwd, place) : undefined;
  const named = own.config === undefined ? undefined : resolve(context.cwd, own.config);
  const policy = own.trustPolicy === undefined ? undefined : resolve(context.cwd, own.trustPolicy);
  const userDir = context.paths.config;
  return settingsOf({ named, policy, startDir, userDir, task: 'project', now: context.now() }).then(
    ({ sign }) => sign,
    () => undefined,
  );
}

async function keptChoice(where: Where): Promise<SigningChoice | undefined> {
  const text = await readFile(signingFile(where), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return choiceOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function choiceOf(value: unknown): SigningChoice | undefined {
  if (typeof value !== 'object' || value === null || !('with' in value)) return undefined;
  const kind = value.with;
  if (kind === 'own-key' || kind === 'keyless' || kind === 'nothing') return { with: kind };
  if (kind !== 'key' || !('key' in value) || typeof value.key !== 'string') return undefined;
  return value.key === '' ? undefined : { with: 'key', key: value.key };
}

/** Keeps an answer for all later builds of this user. */
export async function keepSigningChoice(where: Where, choice: SigningChoice): Promise<void> {
  await makeFolder(where.paths.config);
  await writeFileBeside(signingFile(where), `${JSON.stringify(choice, null, 2)}\n`);
}

/** Forgets an answer that did not work. */
export async function forgetSigningChoice(where: Where): Promise<void> {
  await forgetFile(signingFile(where));
}

/** The build with the choice, as if flags had made it. */
export function withSigningChoice(parsed: ParsedBuild, choice: SigningChoice): ParsedBuild {
  switch (choice.with) {
    case 'own-key':
      return parsed;
    case 'keyless':
      return { ...parsed, own: { ...parsed.own, keyless: true } };
    case 'key':
      return { ...parsed, own: { ...parsed.own, key: choice.key } };
    case 'nothing':
      return { ...parsed, own: { ...parsed.own, sign: false } };
  }
}
