import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { ImageContent } from '../facts/layer-files.ts';
import { openerOf, ScanBudget } from '../facts/secrets/open-content.ts';
import { fetchDigest } from '../fix/fetch-digest.ts';
import { openCache } from '../image/caches.ts';
import { err, ok, type Result } from '../lib/errors.ts';
import { field, listField, numberField, parseJson, textField } from '../lib/json.ts';
import { groupBy, inParallel } from '../lib/parallel.ts';
import type { PipelineContext } from '../model/context.ts';
import type { SecretFinding } from '../model/facts.ts';

const MOST_PACKAGES = 20;
const AT_ONCE = 4;
const MOST_MS = 30_000;
/** Of one archive, packed and unpacked. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_PLAIN = 512 * 1024 * 1024;

type Named = NonNullable<SecretFinding['package']>;

/** Names as both registries allow them; what else a record says is not asked for. */
const NAME = /^(?:@[\w~-][\w.~-]{0,200}\/)?[\w~-][\w.~-]{0,200}$/;
const VERSION = /^[\w.+!-]{1,100}$/;

function keyOf(item: Named | undefined): string {
  return item === undefined ? '' : `${item.type} ${item.name} ${item.version}`;
}

/**
 * Sets aside what packages publish: a file that equals one in the archive of this name and version
 * in npm's or Python's public registry. Everybody can download that, and no record of the image has
 * to be believed. Where the registry cannot be asked, the findings stay and say why.
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

/** SHA-256 of all files in the archives that the public registry has of a package. */
async function archiveSums(
  context: PipelineContext,
  { type, name, version }: Named,
): Promise<Result<ReadonlySet<string>>> {
  if (!NAME.test(name) || !VERSION.test(version)) return err('its name is unusual');
  const sums = new Set<string>();
  if (type === 'npm') {
    const file = `${name.slice(name.indexOf('/') + 1)}-${version}.tgz`;
    const got = await fetched(context, `https://registry.npmjs.org/${name}/-/${file}`);
    return got.ok ? filesIn(got.value, sums) : got;
  }
  const listed = await fetched(context, `https://pypi.org/pypi/${name}/${version}/json`);
  if (!listed.ok) return listed;
  const archives = listField(parseJson(listed.value.toString('utf8')), 'urls')
    .filter((one) => textField(one, 'url')?.startsWith('https://files.pythonhosted.org/'))
    .sort((a, b) => (numberField(a, 'size') ?? 0) - (numberField(b, 'size') ?? 0));
  // A wheel of any platform has the same texts; what is built from source has those of that.
  const ofKind = (kind: string): unknown =>
    archives.find((one) => textField(one, 'packagetype') === kind);
  const chosen = [ofKind('bdist_wheel'), ofKind('sdist')].filter((one) => one !== undefined);
  for (const one of chosen) {
    const sha256 = textField(field(one, 'digests'), 'sha256');
    const got = await fetched(context, textField(one, 'url') ?? '', `sha256:${sha256}`);
    const files = got.ok ? await filesIn(got.value, sums) : got;
    if (!files.ok) return files;
  }
  return chosen.length === 0 ? err('pypi.org has no archive of it') : ok(sums);
}

async function fetched(
  { signal, version }: PipelineContext,
  url: string,
  digest?: string,
): Promise<Result<Buffer>> {
  const chunks: Uint8Array[] = [];
  const limits = { largest: MOST_BYTES, mostMs: MOST_MS, allowsPlain: () => false };
  const about = { signal, fetch, userAgent: `scoville/${version}` };
  const got = await fetchDigest(url, { ...limits, ...about, chunks });
  if (!got.ok) return err(`${new URL(url).host}: ${got.error}`);
  return digest === undefined || digest === got.value.digest
    ? ok(Buffer.concat(chunks))
    : err('pypi.org sent another file than it lists');
}

/** Adds the SHA-256 of the files in a tar.gz or zip. */
async function filesIn(archive: Buffer, sums: Set<string>): Promise<Result<ReadonlySet<string>>> {
  const isGzip = archive[0] === 0x1f;
  const bytes = isGzip
    ? await promisify(gunzip)(archive, { maxOutputLength: MOST_PLAIN }).catch(() => undefined)
    : archive;
  if (bytes === undefined) return err('its archive cannot be unpacked');
  const nothing = (): void => undefined;
  const opener = openerOf(bytes, 0, new ScanBudget(), nothing, () => {
    const hash = createHash('sha256');
    return {
      push: (part) => hash.update(part) === hash,
      end: () => sums.add(hash.digest('hex')),
    };
  });
  opener?.push(bytes);
  opener?.end();
  return ok(sums);
}
