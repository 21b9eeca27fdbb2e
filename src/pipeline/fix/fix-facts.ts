import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseLock } from '../../config/parse-lock.ts';
import type { FixFacts } from '../../model/fix-rule.ts';
import { LOCK_FILE_NAME, type LockFile } from '../../model/lock.ts';
import { gitFacts, sourceUrl } from '../../tools/git/git.ts';
import type { PipelineContext } from '../context.ts';
import type { FactsRequest } from '../grade/facts-request.ts';
import { readLockText } from '../lock/lock-file.ts';
import { Registries } from '../registries.ts';
import { fixBases } from './fix-bases.ts';
import { fixDigests } from './fix-digests.ts';
import { fixHashes } from './fix-hashes.ts';
import { fixVersions } from './fix-versions.ts';

/** Names at the top of a folder; undefined where it cannot be read. */
async function entries(folder: string): Promise<readonly string[] | undefined> {
  return readdir(folder).then(
    (names) => names.sort(),
    () => undefined,
  );
}

/** The lock beside a Dockerfile; undefined where there is none, or none that can be read: builds tell of that. */
async function readLockBeside(dockerfile: string): Promise<LockFile | undefined> {
  const path = join(dirname(dockerfile), LOCK_FILE_NAME);
  const text = await readLockText(path).catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = await parseLock(text, path);
  return parsed.ok ? parsed.value : undefined;
}

/** Finds out what rules need, and nothing that none needs. What cannot be had is in the facts, with the reason. */
export async function gatherFacts(
  context: PipelineContext,
  request: FactsRequest,
): Promise<Omit<FixFacts, 'ignoreFile'>> {
  const { needs, contextFolder, dockerfile, settings } = request;
  const registries = new Registries(context, settings.registries);
  const lock =
    needs.has('digests') || needs.has('versions') ? await readLockBeside(dockerfile) : undefined;
  const git = needs.has('git') ? await gitFacts(context.run, contextFolder) : undefined;
  return {
    digests: needs.has('digests')
      ? await fixDigests(context, registries, request, lock)
      : new Map<never, never>(),
    bases: needs.has('bases')
      ? await fixBases(context, registries, request)
      : new Map<never, never>(),
    hashes: needs.has('hashes') ? await fixHashes(context, request) : new Map<never, never>(),
    versions: needs.has('versions')
      ? await fixVersions(context, request, lock)
      : new Map<never, never>(),
    context: needs.has('context') ? await entries(contextFolder) : undefined,
    repository: sourceUrl(git?.remote),
  };
}
