import { realpath } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { BakeTarget } from '../../model/bake.ts';
import { dockerfileOf } from '../../plans/bake/bake-jobs.ts';
import { csvAttributes } from '../../plans/flags/csv-fields.ts';
import { isAddress } from '../../plans/source-url.ts';

interface Grant {
  readonly kind: 'fs.read' | 'fs.write';
  readonly path: string;
}

/**
 * What targets ask for and nobody granted, in the form of `--allow`: entitlements, and files
 * outside of `cwd` (docker/buildx, bake/entitlements.go) unless `files` is false. buildx checks
 * files from 0.20 on; with an older one a definition that somebody else wrote gets no more than
 * that either.
 */
export async function missingGrants(
  targets: readonly BakeTarget[],
  allow: readonly string[],
  { cwd, files }: { readonly cwd: string; readonly files: boolean },
): Promise<readonly string[]> {
  const asked = targets.flatMap(({ entitlements }) => entitlements);
  const missing = asked.filter((text) => !allow.includes(text));
  if (files && !allow.includes('ssh') && targets.some(forwardsAgent)) missing.push('ssh');
  if (files)
    for (const { kind, path } of targets.flatMap(neededGrants))
      if (!(await isGranted(kind, path, allow, cwd))) missing.push(`${kind}=${path}`);
  return [...new Set(missing)];
}

/**
 * The address to which buildx would send the job's own token (ACTIONS_RUNTIME_TOKEN): one that a
 * definition names for GitHub's cache. Undefined where none does.
 */
export function tokenTaker(targets: readonly BakeTarget[]): string | undefined {
  for (const [, value = ''] of targets
    .flatMap(({ flags }) => flags)
    .map((flag) => /^--cache-(?:from|to)=(.*)$/s.exec(flag) ?? [])) {
    const attributes = csvAttributes(value);
    const address = attributes?.get('url_v2') ?? attributes?.get('url');
    if (attributes?.get('type') === 'gha' && !attributes.has('token') && address !== undefined)
      return address;
  }
  return undefined;
}

function neededGrants(target: BakeTarget): readonly Grant[] {
  const paths = [target.context, ...Object.values(target.contexts)]
    .map((text) => text.replace(/^cwd:\/\//, ''))
    .filter((text) => !isAddress(text) && !/^[a-z-]+:/.test(text));
  const file = dockerfileOf(target);
  const isFile = file !== '-' && !isAddress(file) && !isAddress(target.context);
  return [
    ...[...paths, ...(isFile ? [file] : [])].map((path) => ({ kind: 'fs.read' as const, path })),
    ...inFlags(target, ['secret', 'cache-from'], ['src', 'source']).map(read),
    ...inFlags(target, ['cache-to'], ['dest']).map(write),
    ...sshPaths(target).map(read),
    ...(target.outputs ?? []).flatMap(destination).map(write),
  ];
}

const read = (path: string): Grant => ({ kind: 'fs.read', path });
const write = (path: string): Grant => ({ kind: 'fs.write', path });

function inFlags(
  { flags }: BakeTarget,
  names: readonly string[],
  keys: readonly string[],
): readonly string[] {
  return flags.flatMap((flag) => {
    const [, name = '', value = ''] = /^--([a-z-]+)=(.*)$/s.exec(flag) ?? [];
    const attributes = names.includes(name) ? csvAttributes(value) : undefined;
    // `type=env` takes a variable, and a registry's `src` is none of this machine's.
    const isFile = ['', 'file', 'local'].includes(attributes?.get('type') ?? '');
    return isFile ? keys.flatMap((key) => attributes?.get(key) ?? []) : [];
  });
}

function sshPaths({ flags }: BakeTarget): readonly string[] {
  return flags.flatMap((flag) => /^--ssh=[^=]*=(.*)$/s.exec(flag)?.[1]?.split(',') ?? []);
}

/** Without paths it is the user's own agent. */
function forwardsAgent({ flags }: BakeTarget): boolean {
  return flags.some((flag) => /^--ssh=[^=]*$/.test(flag));
}

function destination(output: string): readonly string[] {
  const attributes = csvAttributes(output);
  const dest = attributes === undefined ? output : (attributes.get('dest') ?? '');
  return dest === '' || dest === '-' ? [] : [dest];
}

async function isGranted(
  kind: Grant['kind'],
  path: string,
  allow: readonly string[],
  cwd: string,
): Promise<boolean> {
  const granted = allow.flatMap((text) => {
    const [, name, where] = /^(fs|fs\.read|fs\.write)=(.*)$/s.exec(text) ?? [];
    return (name === 'fs' || name === kind) && where !== undefined ? [where] : [];
  });
  if (granted.includes('*')) return true;
  const real = await realOf(resolve(cwd, path));
  for (const root of [cwd, ...granted.map((where) => resolve(cwd, where))]) {
    const way = relative(await realOf(root), real);
    if (way === '' || !(way === '..' || way.startsWith('../'))) return true;
  }
  return false;
}

/** Links followed as far as the path is there. */
async function realOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const folder = dirname(path);
    return folder === path ? path : join(await realOf(folder), basename(path));
  }
}
