import { createHmac } from 'node:crypto';
import { homedir } from 'node:os';
import { messageOf, UserError } from '../lib/errors.ts';
import { networkFetch } from '../lib/fetch.ts';
import { given } from '../lib/json.ts';
import { inParallel } from '../lib/parallel.ts';
import { oneLine } from '../lib/text.ts';
import { DAY_MS } from '../lib/time.ts';
import type { Vulnerability } from '../model/facts.ts';
import { GRADES } from '../model/scorecard.ts';
import { imageText, isNamedAddress } from './allowed.ts';
import type { StoredDetail as Detail } from './answers.ts';
import type { Query } from './database.ts';
import { vulnerabilitiesOf } from './grader.ts';
import type { AppDeps } from './parts.ts';
import { TryAgain } from './queue.ts';
import type { Finished } from './records.ts';
import type { NotifyRule } from './settings.ts';
import type { GradeRow } from './shapes.ts';

/** Changes wait so long for others, to go with them. */
const COLLECT_SECONDS = 15;
/** More than so many go in one message. */
const MOST_ALONE = 20;
/** Named in one message; of the rest it has the number. */
const MOST_NAMED = 100;
/** Vulnerabilities that one change names. */
const MOST_IDS = 20;
const TIMEOUT_MS = 10_000;
/** News is removed after so long, sent or not. */
const KEPT_DAYS = 3;
/** Shorter than KEPT_DAYS: the rows of that time show what was sent before. */
const FAILED_MS = DAY_MS;

/** What is worse in `after`, as in schema/service-notification-1.json; undefined for nothing. */
function worsened(before: Detail, after: Detail) {
  const found: [what: string, line: string][] = [];
  const [was, now] = [before.overall.grade, after.overall.grade];
  if (after.level < before.level) found.push(['level', `level ${before.level} → ${after.level}`]);
  if (GRADES.indexOf(now) > GRADES.indexOf(was)) found.push(['grade', `grade ${was} → ${now}`]);
  const fresh = newVulnerabilities(before, after);
  for (const severity of ['critical', 'high'] as const) {
    // Of grades that came as verdicts, only the counts are known.
    const more = (after.counts?.[severity] ?? 0) - (before.counts?.[severity] ?? Infinity);
    const count = fresh?.filter((one) => one.severity === severity).length ?? more;
    if (count > 0) found.push([severity, `${count} new ${severity}`]);
  }
  if (isSigned(before) === 'pass' && isSigned(after) === 'fail')
    found.push(['signed', 'no longer signed']);
  if (found.length === 0) return undefined;
  const ids = [...new Set(fresh?.map(({ id }) => id))].slice(0, MOST_IDS);
  return {
    what: found.map(([what]) => what),
    lines: found.map(([, line]) => line),
    after: stateOf(after),
    ...(ids.length === 0 ? {} : { vulnerabilities: ids }),
  };
}

/** Those of `after` that rate critical or high and did not before; undefined where not known. */
function newVulnerabilities(before: Detail, after: Detail): readonly Vulnerability[] | undefined {
  const [was, now] = [vulnerabilitiesOf(before.report), vulnerabilitiesOf(after.report)];
  if (!was.known || !now.known) return undefined;
  const bad = ({ severity }: Vulnerability): boolean => /^(?:critical|high)$/.test(severity);
  const keyOf = (one: Vulnerability): string => `${one.id} ${one.package}`;
  const known = new Set(was.value.filter(bad).map(keyOf));
  return now.value.filter((one) => bad(one) && !known.has(keyOf(one)));
}

function isSigned({ scorecard }: Detail): string | undefined {
  return scorecard.criteria.find((one) => one.id === 'signed')?.outcome;
}

function stateOf({ digest, gradedAt, level, overall, counts }: Detail) {
  const { grade, points } = overall;
  const { critical, high } = counts ?? {};
  const at = gradedAt.toISOString();
  return { digest, gradedAt: at, level, grade, points, ...given({ critical, high }) };
}

/** For the transaction that finishes a grade: what it changed for the worse becomes news. */
export function newsOf({ settings, queue }: Pick<AppDeps, 'settings' | 'queue'>) {
  /** Of most grades of a day nothing differs. */
  const shown = ({ digest, level, overall, counts, failing }: GradeRow): string =>
    JSON.stringify([digest, level, overall, counts, failing]);
  return async ({ grade, before }: Finished, query: Query): Promise<void> => {
    if (before === undefined || shown(before) === shown(grade)) return;
    for (const { url } of settings.notify) {
      await query(
        'INSERT INTO news (id, url, grade_id, before_id) VALUES (gen_random_uuid(), $1, $2, $3)',
        [url, grade.id, before.id],
      );
      await queue.send('notify', { url }, { key: url, afterSeconds: COLLECT_SECONDS, query });
    }
  };
}

interface News {
  readonly id: string;
  readonly grade_id: string | null;
  readonly before_id: string;
  readonly reason: string | null;
}

/** Sends what waits for each address; the queue tries again what failed. */
export function startNotifying(deps: AppDeps, env: NodeJS.ProcessEnv = process.env): void {
  // Of a name, only addresses of the internet: one around this machine has to be written as such.
  const send = networkFetch(env, homedir(), { isNamed: isNamedAddress });
  deps.queue.work('notify', ({ data: { url } }) => sendNews(deps, url, send));
}

async function sendNews(deps: AppDeps, url: string, send: typeof fetch): Promise<void> {
  const { database, settings, log, now } = deps;
  // Taken for two minutes, so that no other process sends the same; no transaction waits for them.
  const rows = await database.query<News>(
    `UPDATE news SET taken_until = now() + interval '2 minutes' WHERE id IN (
       SELECT id FROM news WHERE url = $1 AND sent_at IS NULL
         AND (taken_until IS NULL OR taken_until < now())
       ORDER BY made_at, id LIMIT 1000 FOR UPDATE SKIP LOCKED)
     RETURNING id, grade_id, before_id, reason`,
    [url],
  );
  const update = (set: string, news: readonly { readonly id: string }[]) =>
    database.query(`UPDATE news SET ${set} WHERE sent_at IS NULL AND id = ANY ($1::uuid[])`, [
      news.map(({ id }) => id),
    ]);
  const rule = settings.notify.find((one) => one.url === url);
  // For an address that settings no longer have there is nothing.
  const found = await inParallel(rule === undefined ? [] : rows, 4, (row) => changeOf(deps, row));
  const changes = found.filter((one) => one !== undefined);
  try {
    await update(
      'sent_at = now()',
      rows.filter((_, at) => found[at] === undefined),
    );
    for (const group of changes.length > MOST_ALONE ? [changes] : changes.map((one) => [one])) {
      if (rule !== undefined) await post(rule, group, send, now());
      await update('sent_at = now()', group);
    }
  } catch (error) {
    await update('taken_until = NULL', rows);
    // Not the address: that of Slack is a secret.
    const { host } = new URL(url);
    const { cause } = error as Error;
    const message = messageOf(cause instanceof UserError ? cause : error);
    log.warn('a notification was not taken', { host, message });
    throw new TryAgain(`${host}: ${message}`);
  }
}

async function changeOf({ records, settings }: AppDeps, { id, ...news }: News) {
  const before = await records.detail(news.before_id);
  if (before === undefined) return undefined;
  const image = imageText(before.image);
  const url = settings.url && `${settings.url}/images/${image}`;
  const about = { id, image, ...given({ url }), before: stateOf(before) };
  if (news.grade_id === null) {
    const reason = oneLine(news.reason ?? '').slice(0, 300);
    return { ...about, what: ['failed'], lines: [`cannot be graded any more: ${reason}`] };
  }
  const after = await records.detail(news.grade_id);
  const change = after && worsened(before, after);
  return change && { ...about, ...change };
}

type Change = NonNullable<Awaited<ReturnType<typeof changeOf>>>;

/**
 * POSTs one message; throws for anything but 2xx. A redirect is not followed. It is signed by
 * `t=SECONDS,v1=HEX`: HMAC-SHA256 over `SECONDS.BODY`. The time is signed too, so that a receiver
 * can refuse what is old.
 */
async function post(
  { url, form, secret }: NotifyRule,
  all: readonly Change[],
  send: typeof fetch,
  now: number,
): Promise<void> {
  const changes = all.slice(0, MOST_NAMED);
  const more = all.length - changes.length;
  const message = { schemaVersion: '1', changes, more };
  const body = JSON.stringify(form === 'slack' ? { text: slackText(changes, more) } : message);
  const seconds = Math.floor(now / 1000);
  const sum = secret && createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  const response = await send(url, {
    ...{ method: 'POST', redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS), body },
    headers: {
      ...{ 'content-type': 'application/json', 'user-agent': 'scoville' },
      ...given({ 'scoville-signature': sum && `t=${seconds},v1=${sum}` }),
    },
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`it answered ${response.status}`);
}

function slackText(changes: readonly Change[], more: number): string {
  const escaped = (text: string): string =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const lines = changes.map(({ image, lines: found, url }) => {
    const name = url === undefined ? `*${escaped(image)}*` : `<${url}|${escaped(image)}>`;
    return `${name}: ${escaped(found.join(', '))}`;
  });
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

/**
 * Followed tags whose newest ask failed, the first since they were graded, become news; what could
 * not be sent before is tried again. Called now and then.
 */
export async function gatherNews({ settings, database, queue, now }: AppDeps): Promise<void> {
  const since = new Date(now() - FAILED_MS);
  for (const { url } of settings.notify) {
    await database.query(
      `INSERT INTO news (id, url, before_id, ask_id, reason)
       SELECT gen_random_uuid(), $1, i.grade_id, a.id, a.error ->> 'message'
       FROM ask a JOIN image i ON i.id = a.image_id
       WHERE a.state = 'failed' AND a.finished_at > $2 AND a.finished_at > i.graded_at
         AND i.is_followed AND i.gone_at IS NULL AND i.grade_id IS NOT NULL
         AND NOT EXISTS (
           SELECT FROM ask b WHERE b.image_id = a.image_id AND b.state = 'failed'
             AND b.finished_at > i.graded_at AND b.finished_at < a.finished_at)
       ON CONFLICT (url, ask_id) DO NOTHING`,
      [url, since],
    );
    const waiting = 'SELECT 1 FROM news WHERE url = $1 AND sent_at IS NULL LIMIT 1';
    if ((await database.query(waiting, [url])).length > 0)
      await queue.send('notify', { url }, { key: url });
  }
  await database.query(`DELETE FROM news WHERE made_at < now() - interval '${KEPT_DAYS} days'`);
}
