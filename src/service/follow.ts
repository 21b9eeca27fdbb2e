import { homedir } from 'node:os';
import { matchesImage } from '../criteria/trusted-source.ts';
import { pull } from '../image/registry/auth.ts';
import { RegistryClient } from '../image/registry/client.ts';
import { drop } from '../image/registry/http.ts';
import { listNames } from '../image/registry/lists.ts';
import { messageOf } from '../lib/errors.ts';
import { networkFetch } from '../lib/fetch.ts';
import { inParallel } from '../lib/parallel.ts';
import { MEDIA_TYPE } from '../model/image.ts';
import { isAttachedTag, parseDigest, parseReference } from '../model/reference.ts';
import { Allowed } from './allowed.ts';
import type { AppDeps, RegistryRule } from './deps.ts';
import { gatherNews } from './notify.ts';
import { imageOf } from './record-rows.ts';
import type { ImageName } from './shapes.ts';
import { forgetEvents } from './webhooks.ts';

/** Tags of a registry that are checked in one round; the next begins with the others. */
const MOST_CHECKS = 5_000;
const PARALLEL = 4;
/** Seconds between two looks for images whose grade is old. */
const TICK_SECONDS = 600;

/** The jobs that ask for new tags and moved ones, and for each image once a day. */
export function startFollowing(deps: AppDeps, env: NodeJS.ProcessEnv = process.env): void {
  const { queue, settings } = deps;
  const { guardOf } = new Allowed(settings.registries);
  const send = networkFetch(env, homedir(), { guardOf });
  const followOne = (rule: RegistryRule, signal: AbortSignal): Promise<void> => {
    const { host, credentials, plainHttp, also } = rule;
    const client = new RegistryClient({
      ...{ registry: host, tokenServers: also, fetch: send, signal },
      credentials: () => Promise.resolve(credentials && { kind: 'basic', ...credentials }),
      // Where nobody says so, the address decides.
      ...(plainHttp ? { plainHttp } : {}),
    });
    return followRegistry(deps, rule, client);
  };
  queue.work('follow', async ({ signal }) => {
    const followed = settings.registries.filter(({ follow }) => follow.length > 0);
    // At the same time: one that is away, or slow, does not delay the others.
    await Promise.all(followed.map((rule) => followOne(rule, signal)));
  });
  queue.work('daily', () => askAgain(deps));
  queue.schedule('follow', settings.every.followSeconds);
  queue.schedule('daily', TICK_SECONDS);
}

async function followRegistry(
  deps: AppDeps,
  rule: RegistryRule,
  client: RegistryClient,
): Promise<void> {
  const told = async (what: string, run: () => Promise<void>): Promise<void> => {
    try {
      await run();
    } catch (error) {
      client.connection.signal?.throwIfAborted();
      deps.log.warn(`${what} was not followed`, { registry: rule.host, message: messageOf(error) });
    }
  };
  await told('a registry', async () => {
    const repositories = await repositoriesOf(deps, rule, client, told);
    await inParallel(repositories, PARALLEL, (one) =>
      told(one, () => newTags(deps, rule, client, one)),
    );
    await missedTags(deps, rule);
    await movedTags(deps, rule, client, told);
  });
}

type Told = (what: string, run: () => Promise<void>) => Promise<void>;

/** `team/*:1.*` in its two halves; without a tag, all. */
function halves(pattern: string): readonly [repository: string, tag: string] {
  const [, repository = '', tag = '*'] = /^(.*?)(?::([^/:]+))?$/s.exec(pattern) ?? [];
  return [repository, tag];
}

/** Those that are named, those of the catalog, and those that were followed before. */
async function repositoriesOf(
  { database, settings }: AppDeps,
  { host, follow }: RegistryRule,
  client: RegistryClient,
  told: Told,
): Promise<readonly string[]> {
  const allowed = new Allowed(settings.registries);
  const patterns = follow.map((one) => halves(one)[0]);
  const found = new Set(patterns.filter((one) => !one.includes('*')));
  const meant = (repository: string): boolean =>
    patterns.some((one) => matchesImage(`${host}/${one}`, { registry: host, repository }));
  if (patterns.some((one) => one.includes('*')))
    await told('the catalog', async () => {
      for (const one of await listNames(client)) if (meant(one)) found.add(one);
    });
  // A repository that went away is in no catalog: its tags count as gone when it is asked for them.
  const before = await database.query<{ repository: string }>(
    `SELECT DISTINCT substring(name FROM '^[^/]+/(.*):[^:]*$') AS repository FROM image ${FOLLOWED}`,
    rangeOf(host),
  );
  for (const { repository } of before) if (meant(repository)) found.add(repository);
  return [...found].filter(
    (repository) => allowed.refusal({ registry: host, repository }) === undefined,
  );
}

async function newTags(
  { records, queue }: AppDeps,
  { host, follow }: RegistryRule,
  client: RegistryClient,
  repository: string,
): Promise<void> {
  const patterns = follow.map((one) => `${host}/${halves(one).join(':')}`);
  const tags = (await listNames(client, repository)).filter((tag) => {
    const name = parseReference(`${host}/${repository}:${tag}`);
    const isMeant = name.ok && patterns.some((one) => matchesImage(one, name.value));
    return isMeant && !isAttachedTag(tag);
  });
  for (const image of await records.followTags(host, repository, tags))
    await queue.ask({ image, reason: 'follow' });
}

/** Of a registry, by the range of its names. */
const FOLLOWED = 'WHERE name >= $1 AND name < $2 AND is_followed AND gone_at IS NULL';

function rangeOf(host: string): readonly string[] {
  // `0` comes behind `/`.
  return [`${host}/`, `${host}0`];
}

/** Tags that were listed, and the round ended before they were asked for. */
async function missedTags({ database, queue }: AppDeps, { host }: RegistryRule): Promise<void> {
  const missed = await database.query<{ name: string }>(
    `SELECT name FROM image ${FOLLOWED} AND grade_id IS NULL
       AND NOT EXISTS (SELECT FROM ask WHERE image_id = image.id) LIMIT ${MOST_CHECKS}`,
    rangeOf(host),
  );
  for (const { name } of missed) await queue.ask({ image: imageOf(name), reason: 'follow' });
}

/** Tags whose digest is another now. Those that were checked longest ago come first. */
async function movedTags(
  { database, records, queue }: AppDeps,
  { host }: RegistryRule,
  client: RegistryClient,
  told: Told,
): Promise<void> {
  const rows = await database.query<{ name: string }>(
    `SELECT name FROM image ${FOLLOWED} AND grade_id IS NOT NULL
     ORDER BY checked_at NULLS FIRST LIMIT ${MOST_CHECKS}`,
    rangeOf(host),
  );
  await inParallel(rows, PARALLEL, ({ name }) =>
    told(name, async () => {
      const image = imageOf(name);
      const digest = await digestNow(client, image);
      if (digest === undefined) await records.gone(image);
      else if (await records.checked(image, digest)) await queue.ask({ image, reason: 'follow' });
    }),
  );
}

const { index, manifest, dockerIndex, dockerManifest } = MEDIA_TYPE;
const ACCEPT = [index, manifest, dockerIndex, dockerManifest].join(', ');

/** What a tag points to, undefined if it is gone; if possible without reading the manifest. */
async function digestNow(client: RegistryClient, { repository, tag = '' }: ImageName) {
  const response = await client.connection.call({
    ...{ method: 'HEAD', at: `${repository}/manifests/${tag}`, scopes: [pull(repository)] },
    ...{ headers: { accept: ACCEPT }, accept: [404] },
    action: `checking ${repository}:${tag}`,
  });
  await drop(response);
  if (response.status === 404) return undefined;
  const stated = parseDigest(response.headers.get('docker-content-digest'));
  return stated ?? (await client.getManifest(repository, tag)).descriptor.digest;
}

/** Asks for images whose grade is old, a part each time: a day's work is spread over it. */
async function askAgain(deps: AppDeps): Promise<void> {
  const { records, queue, settings } = deps;
  await records.upkeep();
  await forgetEvents(deps);
  await gatherNews(deps);
  const { images } = await records.counts();
  // Twice the even part: what fell behind catches up.
  const part = Math.ceil((2 * images * TICK_SECONDS) / settings.every.gradeSeconds);
  for (const image of await records.takeDue(Math.max(part, 20)))
    await queue.ask({ image, reason: 'daily' });
}
