import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { ImageContent } from '../facts/layer-files.ts';
import { openerOf, ScanBudget } from '../facts/secrets/open-content.ts';
import { fetchDigest } from '../fix/fetch-digest.ts';
import { openCache } from '../image/caches.ts';
import { err, ok, type Result } from '../lib/errors.ts';
import { groupBy, inParallel } from '../lib/parallel.ts';
import type { PipelineContext } from '../model/context.ts';
import type { SecretFinding } from '../model/facts.ts';

const REGISTRY = 'registry.npmjs.org';
const MOST_PACKAGES = 20;
const AT_ONCE = 4;
const MOST_MS = 30_000;
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_PLAIN = 512 * 1024 * 1024;

type Named = NonNullable<SecretFinding['package']>;

/** Names as npm allows them; what else a record says is not asked for. */
const NAME = /^(?:@[\w~-][\w.~-]{0,200}\/)?[\w~-][\w.~-]{0,200}$/;
const VERSION = /^[\w.+!-]{1,100}$/;

function keyOf(item: Named | undefined): string {
  return item === undefined ? '' : `${item.type} ${item.name} ${item.version}`;
}

/**
 * Sets aside what packages publish: a file that equals one in the archive of this name and version
 * in npm's public registry. Everybody can download that, and no record of the image has to be
 * believed. Where the registry cannot be asked, the findings stay and say why.
 */
export async function withPublished(
  context: PipelineContext,
  content: ImageContent,
  offline: boolean,
): Promise<ImageContent> {
  const { secrets } = content;
  const asked = secrets.findings.filter((one) => one.sha256 !== undefined);
  const packages = [...groupBy(asked, (one) => keyOf(one.package))].slice(0, MOST_PACKAGES);
  const answers = new Map<string, ReadonlySet<string> | string>();
  await inParallel(packages, AT_ONCE, async ([key, found]) => {
    const [item] = found.flatMap((one) => one.package ?? []);
    const sums = found.flatMap(({ sha256 }) => sha256 ?? []);
    if (item !== undefined) answers.set(key, await publishedOf(context, item, sums, offline));
  });
  const findings: SecretFinding[] = [];
  const suppressed = [...(secrets.suppressed ?? [])];
  for (const { sha256, ...one } of secrets.findings) {
    const answer = answers.get(keyOf(one.package)) ?? 'too many packages to ask for';
    if (sha256 === undefined) findings.push(one);
    else if (typeof answer === 'string') findings.push({ ...one, unpublished: answer });
    else if (answer.has(sha256)) suppressed.push({ ...one, reason: 'as published' });
    else findings.push({ ...one, unpublished: 'the published package does not have this file' });
  }
  return { ...content, secrets: { ...secrets, findings, suppressed } };
}

/** Which of the hashes the published archives have, or why that is not known. */
async function publishedOf(
  context: PipelineContext,
  item: Named,
  sums: readonly string[],
  offline: boolean,
): Promise<ReadonlySet<string> | string> {
  // What a registry published once stays so: it gives a version no other content.
  const cache = openCache(context, 'published', 1);
  const keyFor = (sum: string): string => `${keyOf(item)} ${sum}`;
  const kept = await Promise.all(sums.map((sum) => cache.get(keyFor(sum))));
  if (kept.every((one) => typeof one === 'boolean'))
    return new Set(sums.filter((_, at) => kept[at] === true));
  if (offline) return 'not compared with what is published (offline)';
  const found = await archiveSums(context, item);
  if (!found.ok) return `not compared with what is published: ${found.error}`;
  await Promise.all(sums.map((sum) => cache.set(keyFor(sum), found.value.has(sum))));
  return found.value;
}

/** SHA-256 of all files in the archive that the public registry has of a package. */
async function archiveSums(
  { signal, version: own }: PipelineContext,
  { name, version }: Named,
): Promise<Result<ReadonlySet<string>>> {
  if (!NAME.test(name) || !VERSION.test(version)) return err('its name is unusual');
  const file = `${name.slice(name.indexOf('/') + 1)}-${version}.tgz`;
  const chunks: Uint8Array[] = [];
  const got = await fetchDigest(`https://${REGISTRY}/${name}/-/${file}`, {
    signal,
    fetch,
    userAgent: `scoville/${own}`,
    chunks,
    allowsPlain: () => false,
    largest: MOST_BYTES,
    mostMs: MOST_MS,
  });
  if (!got.ok) return err(`${REGISTRY}: ${got.error}`);
  const limit = { maxOutputLength: MOST_PLAIN };
  const bytes = await promisify(gunzip)(Buffer.concat(chunks), limit).catch(() => undefined);
  if (bytes === undefined) return err('its archive cannot be unpacked');
  const sums = new Set<string>();
  const nothing = (): void => undefined;
  const opener = openerOf(bytes, 0, new ScanBudget(), nothing, () => {
    const hash = createHash('sha256');
    return { push: (part) => hash.update(part) === hash, end: () => sums.add(hash.digest('hex')) };
  });
  opener?.push(bytes);
  opener?.end();
  return ok(sums);
}
