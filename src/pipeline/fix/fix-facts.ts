import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseLock } from '../../config/parse-lock.ts';
import type { Digest } from '../../model/digest.ts';
import { messageOf } from '../../model/errors.ts';
import type { FixFacts, FetchedFile } from '../../model/fix-rule.ts';
import { inParallel } from '../../model/in-parallel.ts';
import { LOCK_FILE_NAME, type LockFile } from '../../model/lock.ts';
import { quantity } from '../../model/quantity.ts';
import { formatReference, withDefaultTag } from '../../model/reference.ts';
import { err, ok, type Result } from '../../model/result.ts';
import { slimImages } from '../../rules/minimal-base/edit.ts';
import { runtimeImages } from '../../rules/no-shell/edit.ts';
import { shownAddress } from '../../rules/verified-downloads/edit.ts';
import { fetchDigest } from '../../tools/fetch-digest.ts';
import { gitFacts, sourceUrl } from '../../tools/git/git.ts';
import { networkFetch } from '../../tools/network/network-fetch.ts';
import { type PipelineContext, phase } from '../context.ts';
import type { FactsRequest } from '../grade/facts-request.ts';
import { readLockText } from '../lock/lock-file.ts';
import { Registries } from '../registries.ts';
import { fixBases } from './fix-bases.ts';
import { fixVersions } from './fix-versions.ts';

/** Names at the top of a folder; undefined where it cannot be read. */
async function entries(folder: string): Promise<readonly string[] | undefined> {
  return readdir(folder).then(
    (names) => names.sort(),
    () => undefined,
  );
}

/** The lock beside a Dockerfile; undefined where none can be read, which builds report. */
async function readLockBeside(dockerfile: string): Promise<LockFile | undefined> {
  const path = join(dirname(dockerfile), LOCK_FILE_NAME);
  const text = await readLockText(path).catch(() => undefined);
  if (text === undefined) return undefined;
  const parsed = await parseLock(text, path);
  return parsed.ok ? parsed.value : undefined;
}

/** Gathers only what rules need. Facts that cannot be had are there with the reason. */
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

/**
 * The digests that the tags of a Dockerfile lead to, by full reference. What scoville.lock holds is
 * taken from there, so that both say the same; with `refresh` every registry is asked. An image
 * that only the engine has cannot be built by digest.
 */
export async function fixDigests(
  context: PipelineContext,
  registries: Registries,
  { read, refresh, settings }: FactsRequest,
  beside: LockFile | undefined,
): Promise<ReadonlyMap<string, Result<Digest>>> {
  const lock = refresh ? undefined : beside;
  const inFile = read.model.externalImages.flatMap(({ reference }) => {
    if (reference === undefined) return [];
    const { digest, ...unpinned } = reference;
    if (digest !== undefined && (!refresh || reference.tag === undefined)) return [];
    return [withDefaultTag(unpinned)];
  });
  const wanted = [...inFile, ...runtimeImages(read, settings.fix.distroless), ...slimImages(read)];
  const own = new Set(read.model.externalImages.map(({ reference }) => reference?.registry));
  const names = new Map(wanted.map((reference) => [formatReference(reference), reference]));
  const found = await Promise.all(
    [...names].map(async ([name, reference]): Promise<[string, Result<Digest>]> => {
      const locked = lock?.images.get(name);
      if (locked !== undefined && !locked.local) return [name, ok(locked.digest)];
      try {
        const { registry, repository, tag = 'latest' } = reference;
        // What an edit would bring in: offline, only registries of images that the Dockerfile has
        // are asked.
        if (settings.offline && !own.has(registry)) return [name, err(`${registry} is not asked`)];
        const root = await registries.reader(registry).findManifest(repository, tag);
        if (root === undefined) return [name, err(`${registry} does not have it`)];
        return [name, ok(root.descriptor.digest)];
      } catch (error) {
        context.signal.throwIfAborted();
        return [name, err(messageOf(error))];
      }
    }),
  );
  return new Map(found);
}

const AT_ONCE = 4;
/** A Dockerfile with more is not one that a person wrote. */
const MOST = 64;

/** Digests of what the Dockerfile downloads without a check, taken now, by address. */
export async function fixHashes(
  context: PipelineContext,
  { read, settings }: FactsRequest,
): Promise<ReadonlyMap<string, Result<FetchedFile>>> {
  const wanted = read.analysis.downloads.flatMap(({ kind, url, verifiedBy }) =>
    ['curl', 'wget', 'add'].includes(kind) && url !== undefined && verifiedBy === undefined
      ? [url]
      : [],
  );
  const urls = [...new Set(wanted)].slice(0, MOST);
  if (settings.offline) return new Map(urls.map((url) => [url, err('nothing is fetched offline')]));
  const found = new Map<string, Result<FetchedFile>>();
  const { env } = context;
  const named = ({ host }: URL) => settings.registries[host];
  const guarded = networkFetch(env, env['HOME'] ?? '/', { isNamed: (url) => !!named(url) });
  const fetchOne = async (url: string): Promise<void> => {
    context.emit({ kind: 'notice', text: `fetching ${shownAddress(url)} for its hash` });
    found.set(
      url,
      await fetchDigest(url, {
        allowsPlain: (url) => named(url)?.plainHttp === true,
        fetch: guarded,
        userAgent: `scoville/${context.version}`,
        signal: context.signal,
      }),
    );
  };
  if (urls.length > 0)
    await phase(
      context,
      'inspect',
      () => inParallel(urls, AT_ONCE, fetchOne),
      () => ({ detail: `${fetched(found)} of ${quantity(urls.length, 'download')} fetched` }),
    );
  return found;
}

function fetched(found: ReadonlyMap<string, Result<FetchedFile>>): number {
  return [...found.values()].filter(({ ok }) => ok).length;
}
