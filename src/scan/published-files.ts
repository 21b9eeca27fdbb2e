import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { ImageContent } from '../facts/layer-files.ts';
import { openerOf, ScanBudget } from '../facts/secrets/open-content.ts';
import { openCache } from '../image/caches.ts';
import { bodyOf, wholeStream } from '../lib/bytes.ts';
import { reasonOf } from '../lib/can-connect.ts';
import { err, errorCode, ok, ProxyError, type Result } from '../lib/errors.ts';
import { field, listField, numberField, parseJson, textField } from '../lib/json.ts';
import { groupBy, inParallel } from '../lib/parallel.ts';
import type { PipelineContext } from '../model/context.ts';
import type { SecretFinding } from '../model/facts.ts';

const MOST_PACKAGES = 20;
const AT_ONCE = 4;
const REQUEST_MS = 20_000;
/** Of one archive, packed and unpacked. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_PLAIN = 512 * 1024 * 1024;

type Named = NonNullable<SecretFinding['package']>;

/** Names as both registries allow them; what else a record says is not asked for. */
const NAME = /^(?:@[\w~-][\w.~-]{0,200}\/)?[\w~-][\w.~-]{0,200}$/;
const VERSION = /^[\w.+!-]{1,100}$/;

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
  const packages = [...groupBy(asked, ({ package: item }) => item && keyOf(item))].flatMap(
    ([key, found]) => (key === undefined ? [] : [{ key, found }]),
  );
  const answers = new Map<string, ReadonlySet<string> | string>();
  await inParallel(packages.slice(0, MOST_PACKAGES), AT_ONCE, async ({ key, found }) => {
    const [item] = found.flatMap((one) => one.package ?? []);
    const sums = found.flatMap(({ sha256 }) => sha256 ?? []);
    if (item !== undefined) answers.set(key, await publishedOf(context, item, sums, offline));
  });
  const findings: SecretFinding[] = [];
  const suppressed = [...(secrets.suppressed ?? [])];
  for (const { sha256, ...one } of secrets.findings) {
    const answer =
      one.package && (answers.get(keyOf(one.package)) ?? 'too many packages to ask for');
    if (sha256 === undefined || answer === undefined) findings.push(one);
    else if (typeof answer === 'string') findings.push({ ...one, unpublished: answer });
    else if (answer.has(sha256)) suppressed.push({ ...one, reason: 'as published' });
    else findings.push({ ...one, unpublished: 'the published package does not have this file' });
  }
  return { ...content, secrets: { ...secrets, findings, suppressed } };
}

function keyOf({ type, name, version }: Named): string {
  return `${type} ${name} ${version}`;
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
  const kept = await Promise.all(sums.map((sum) => cache.get(`${keyOf(item)} ${sum}`)));
  if (kept.every((one) => typeof one === 'boolean'))
    return new Set(sums.filter((_, at) => kept[at] === true));
  if (offline) return 'not compared with what is published (offline)';
  const found = await archiveSums(context, item);
  if (!found.ok) return `not compared with what is published: ${found.error}`;
  const published = sums.filter((sum) => found.value.has(sum));
  await Promise.all(sums.map((sum) => cache.set(`${keyOf(item)} ${sum}`, published.includes(sum))));
  return new Set(published);
}

/** SHA-256 of all files in the archives that the public registry has of a package. */
async function archiveSums(
  context: PipelineContext,
  { type, name, version }: Named,
): Promise<Result<ReadonlySet<string>>> {
  if (!NAME.test(name) || !VERSION.test(version)) return err('its name is unusual');
  if (type === 'npm') {
    const file = `${name.slice(name.indexOf('/') + 1)}-${version}.tgz`;
    const got = await fetched(context, `https://registry.npmjs.org/${name}/-/${file}`);
    return got.ok ? filesIn(got.value) : got;
  }
  const listed = await fetched(context, `https://pypi.org/pypi/${name}/${version}/json`);
  if (!listed.ok) return listed;
  const urls = listField(parseJson(listed.value.toString('utf8')), 'urls');
  const archives = urls
    .map((one) => ({
      url: textField(one, 'url') ?? '',
      kind: textField(one, 'packagetype'),
      sha256: textField(field(one, 'digests'), 'sha256'),
      size: numberField(one, 'size') ?? 0,
    }))
    .filter(({ url }) => url.startsWith('https://files.pythonhosted.org/'))
    .sort((a, b) => a.size - b.size);
  // A wheel of any platform has the same texts; what is built from source has those of that.
  const chosen = ['bdist_wheel', 'sdist'].flatMap(
    (kind) => archives.find((one) => one.kind === kind) ?? [],
  );
  const sums = new Set<string>();
  for (const { url, sha256 } of chosen) {
    const got = await fetched(context, url);
    if (!got.ok) return got;
    if (createHash('sha256').update(got.value).digest('hex') !== sha256)
      return err('pypi.org sent another file than it lists');
    const files = await filesIn(got.value);
    if (!files.ok) return files;
    for (const sum of files.value) sums.add(sum);
  }
  return chosen.length === 0 ? err('pypi.org has no archive of it') : ok(sums);
}

async function fetched({ signal, version }: PipelineContext, url: string): Promise<Result<Buffer>> {
  const { host } = new URL(url);
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]),
      headers: { 'user-agent': `scoville/${version}` },
    });
    if (response.status === 200) {
      const bytes = await wholeStream(bodyOf(response), MOST_BYTES);
      return bytes === undefined ? err(`${host} sent more than 64 MiB`) : ok(bytes);
    }
    await response.body?.cancel();
    return err(`${host} answered ${response.status}`);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ProxyError) return err(error.advice);
    if (error instanceof DOMException) return err(`${host} did not answer in time`);
    return err(`${host}: ${reasonOf(errorCode(error instanceof Error ? error.cause : undefined))}`);
  }
}

/** SHA-256 of the files in a tar.gz or zip. A damaged one gives those before the damage. */
async function filesIn(archive: Buffer): Promise<Result<ReadonlySet<string>>> {
  const sums = new Set<string>();
  let bytes = archive;
  if (archive[0] === 0x1f)
    try {
      bytes = await promisify(gunzip)(archive, { maxOutputLength: MOST_PLAIN });
    } catch {
      return err('its archive cannot be unpacked');
    }
  const opener = openerOf(
    bytes,
    0,
    new ScanBudget(),
    () => undefined,
    () => {
      const hash = createHash('sha256');
      return {
        push: (part) => {
          hash.update(part);
          return true;
        },
        end: () => sums.add(hash.digest('hex')),
      };
    },
  );
  opener?.push(bytes);
  opener?.end();
  return ok(sums);
}
