import { homedir } from 'node:os';
import { matchesImage } from '../criteria/trusted-source.ts';
import { RegistryClient } from '../image/registry/client.ts';
import { listNames } from '../image/registry/lists.ts';
import { messageOf } from '../lib/errors.ts';
import { inParallel } from '../lib/parallel.ts';
import { isAttachedTag, parseReference } from '../model/reference.ts';
import { Allowed } from './allowed.ts';
import { accessOf } from './hands.ts';
import { gatherNews } from './notify.ts';
import type { AppDeps } from './parts.ts';
import { imageOf } from './record-rows.ts';
import type { RegistryRule } from './settings.ts';
import type { ImageName } from './shapes.ts';
import { forgetEvents } from './webhooks.ts';

/** Tags of a registry that are checked in one round; the next begins with the others. */
const MOST_CHECKS = 5_000;
const PARALLEL = 4;
/** Seconds between two looks for images whose grade is old. */
const TICK_SECONDS = 600;
/** Tags that one process grades again at once. */
const TOGETHER = 50;

/** The jobs that ask for new tags and moved ones, and for each image once a day. */
export function startFollowing(deps: AppDeps, env: NodeJS.ProcessEnv = process.env): void {
  const { queue, settings } = deps;
  const allowed = new Allowed(settings.registries);
  const access = accessOf(settings.registries, allowed.fetch(env, homedir()));
  queue.work('follow', async ({ signal }) => {
    const followed = settings.registries.filter(({ follow }) => follow.length > 0);
    // At the same time: one that is away, or slow, does not delay the others.
    await Promise.all(
      followed.map((rule) => {
        const client = new RegistryClient({ registry: rule.host, signal, ...access(rule.host) });
        return followRegistry(deps, rule, { client, allowed, signal });
      }),
    );
  });
  queue.work('daily', () => daily(deps));
  queue.schedule('follow', settings.every.followSeconds);
  queue.schedule('daily', TICK_SECONDS);
}

async function followRegistry(
  { database, records, queue, log }: AppDeps,
  { host, follow }: RegistryRule,
  { client, allowed, signal }: { client: RegistryClient; allowed: Allowed; signal: AbortSignal },
): Promise<void> {
  /** What one repository or tag refuses stops no other. */
  const told = async (what: string, run: () => Promise<unknown>): Promise<void> => {
    try {
      await run();
    } catch (error) {
      signal.throwIfAborted();
      log.warn(`${what} was not followed`, { registry: host, message: messageOf(error) });
    }
  };
  const ask = (images: readonly ImageName[]) =>
    queue.askAll(images.map((image) => ({ image, reason: 'follow' })));
  /** Of a registry, by the range of its names: `0` comes behind `/`. */
  const followed = (columns: string, more: string) =>
    database.query<{ name: string }>(
      `SELECT ${columns} AS name FROM image
       WHERE name >= $1 AND name < $2 AND is_followed AND gone_at IS NULL ${more}`,
      [`${host}/`, `${host}0`],
    );
  const named = follow.map((one) => one.replace(/:[^/:]+$/, ''));
  const isMeant = (repository: string): boolean =>
    named.some((one) => matchesImage(`${host}/${one}`, { registry: host, repository }));
  const isMeantTag = (name: string): boolean => {
    const read = parseReference(name);
    return read.ok && follow.some((one) => matchesImage(`${host}/${one}`, read.value));
  };

  await told('a registry', async () => {
    const found = named.filter((one) => !one.includes('*'));
    if (found.length < named.length)
      await told('the catalog', async () =>
        found.push(...(await listNames(client)).filter(isMeant)),
      );
    // One that went away is in no catalog: its tags count as gone when it is asked for them.
    const before = await followed(`DISTINCT substring(name FROM '^[^/]+/(.*):[^:]*$')`, '');
    found.push(...before.map(({ name }) => name).filter(isMeant));
    const repositories = [...new Set(found)].filter(
      (repository) => allowed.refusal({ registry: host, repository }) === undefined,
    );
    await inParallel(repositories, PARALLEL, (one) =>
      told(one, async () => {
        const tags = (await listNames(client, one)).filter(
          (tag) => isMeantTag(`${host}/${one}:${tag}`) && !isAttachedTag(tag),
        );
        await ask(await records.followTags(host, one, tags));
      }),
    );
    // Tags that were listed, and the round ended before they were asked for.
    const missed = `AND grade_id IS NULL
      AND NOT EXISTS (SELECT FROM ask WHERE image_id = image.id) LIMIT ${MOST_CHECKS}`;
    await ask((await followed('name', missed)).map(({ name }) => imageOf(name)));
    // Tags whose digest is another now. Those that were checked longest ago come first.
    const graded = `AND grade_id IS NOT NULL ORDER BY checked_at NULLS FIRST LIMIT ${MOST_CHECKS}`;
    await inParallel(await followed('name', graded), PARALLEL, ({ name }) =>
      told(name, async () => {
        const image = imageOf(name);
        const digest = await client.findDigest(image.repository, image.tag ?? '');
        if (digest === undefined) await records.gone(image);
        else if (await records.checked(image, digest)) await ask([image]);
      }),
    );
  });
}

/** What each day needs, a part of it each time: its work is spread over it. */
async function daily(deps: AppDeps): Promise<void> {
  const { records, settings } = deps;
  await records.upkeep();
  await forgetEvents(deps);
  await gatherNews(deps);
  const { images } = await records.counts();
  // Twice the even part: what fell behind catches up.
  const part = Math.ceil((2 * images * TICK_SECONDS) / settings.every.gradeSeconds);
  await gradeAgain(deps, Math.max(part, 20));
}

/** Has images graded whose grade is old. */
export async function gradeAgain(
  { records, queue }: Pick<AppDeps, 'records' | 'queue'>,
  most: number,
): Promise<void> {
  const due = await records.takeDue(most);
  for (let i = 0; i < due.length; i += TOGETHER)
    await queue.send('again', { due: due.slice(i, i + TOGETHER) });
}
