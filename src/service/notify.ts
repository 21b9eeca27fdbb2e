import { createHmac } from 'node:crypto';
import { homedir } from 'node:os';
import { messageOf, UserError } from '../lib/errors.ts';
import { networkFetch } from '../lib/fetch.ts';
import { given } from '../lib/json.ts';
import { inParallel } from '../lib/parallel.ts';
import { oneLine } from '../lib/text.ts';
import { DAY_MS } from '../lib/time.ts';
import { GRADES } from '../model/scorecard.ts';
import { imageText, isNamedAddress } from './allowed.ts';
import type { Query } from './database.ts';
import type { AppDeps } from './parts.ts';
import { TryAgain } from './queue.ts';
import type { Finished } from './records.ts';
import type { NotifyRule } from './settings.ts';
import type { GradeRow } from './shapes.ts';

/** Changes wait so long for others, to go with them. */
const COLLECT_SECONDS = 15;
/** Named in one message; of the rest it has the number. */
const MOST_NAMED = 100;
const TIMEOUT_MS = 10_000;
/** News is removed after so long, sent or not. */
const KEPT_DAYS = 3;
/** Shorter than KEPT_DAYS: the rows of that time show what was sent before. */
const FAILED_MS = DAY_MS;

/** What is worse in `after`, as in schema/service-notification-1.json; nothing where none is. */
function worsened(before: GradeRow, after: GradeRow): readonly (readonly [string, string])[] {
  const [was, now] = [before.overall.grade, after.overall.grade];
  const more = (severity: 'critical' | 'high'): number =>
    (after.counts?.[severity] ?? 0) - (before.counts?.[severity] ?? Infinity);
  const fails = ({ failing }: GradeRow): boolean => failing.includes('signed');
  const all = [
    [after.level < before.level, 'level', `level ${before.level} → ${after.level}`],
    [GRADES.indexOf(now) > GRADES.indexOf(was), 'grade', `grade ${was} → ${now}`],
    [more('critical') > 0, 'critical', `${more('critical')} more critical`],
    [more('high') > 0, 'high', `${more('high')} more high`],
    [fails(after) && !fails(before), 'signed', 'signed fails now'],
  ] as const;
  return all.flatMap(([isWorse, what, line]) => (isWorse ? [[what, line] as const] : []));
}

function stateOf({ digest, gradedAt, level, overall, counts }: GradeRow) {
  const { grade, points } = overall;
  const { critical, high } = counts ?? {};
  const at = gradedAt.toISOString();
  return { digest, gradedAt: at, level, grade, points, ...given({ critical, high }) };
}

/** For the transaction that finishes a grade: what it changed for the worse becomes news. */
export function newsOf({ settings, queue }: Pick<AppDeps, 'settings' | 'queue'>) {
  return async ({ grade, before }: Finished, query: Query): Promise<void> => {
    if (before === undefined || worsened(before, grade).length === 0) return;
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
  deps.queue.work('notify', async ({ data: { url } }) => {
    const rule = deps.settings.notify.find((one) => one.url === url);
    if (rule !== undefined) await sendNews(deps, rule, send);
  });
}

async function sendNews(deps: AppDeps, rule: NotifyRule, send: typeof fetch): Promise<void> {
  const { database, log, now } = deps;
  // Taken for two minutes, so that no other process sends the same; no transaction waits for them.
  const rows = await database.query<News>(
    `UPDATE news SET taken_until = now() + interval '2 minutes' WHERE id IN (
       SELECT id FROM news WHERE url = $1 AND sent_at IS NULL
         AND (taken_until IS NULL OR taken_until < now())
       ORDER BY made_at, id LIMIT 1000 FOR UPDATE SKIP LOCKED)
     RETURNING id, grade_id, before_id, reason`,
    [rule.url],
  );
  const ids = rows.map(({ id }) => id);
  try {
    const found = await inParallel(rows, 4, (row) => changeOf(deps, row));
    const changes = found.filter((one) => one !== undefined);
    if (changes.length > 0) await post(rule, changes, send, now());
    await database.query('UPDATE news SET sent_at = now() WHERE id = ANY ($1::uuid[])', [ids]);
  } catch (error) {
    await database.query('UPDATE news SET taken_until = NULL WHERE id = ANY ($1::uuid[])', [ids]);
    // Not the address: that of Slack is a secret.
    const { host } = new URL(rule.url);
    const { cause } = error as Error;
    const message = messageOf(cause instanceof UserError ? cause : error);
    log.warn('a notification was not taken', { host, message });
    throw new TryAgain(`${host}: ${message}`);
  }
}

async function changeOf({ records, settings }: AppDeps, { id, ...news }: News) {
  const before = await records.grade(news.before_id);
  const after = news.grade_id === null ? undefined : await records.grade(news.grade_id);
  if (before === undefined) return undefined;
  const reason = oneLine(news.reason ?? '').slice(0, 300);
  const failed = [['failed', `cannot be graded any more: ${reason}`]] as const;
  const found = after === undefined ? failed : worsened(before, after);
  const image = imageText(before.image);
  return {
    ...{ id, image, what: found.map(([what]) => what), lines: found.map(([, line]) => line) },
    ...{ before: stateOf(before), ...given({ after: after && stateOf(after) }) },
    ...given({ url: settings.url && `${settings.url}/images/${image}` }),
  };
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
  const urls = settings.notify.map(({ url }) => url);
  await database.query(
    `INSERT INTO news (id, url, before_id, ask_id, reason)
     SELECT gen_random_uuid(), url, i.grade_id, a.id, a.error ->> 'message'
     FROM ask a JOIN image i ON i.id = a.image_id, unnest($1::text[]) AS u (url)
     WHERE a.state = 'failed' AND a.finished_at > $2 AND a.finished_at > i.graded_at
       AND i.is_followed AND i.gone_at IS NULL AND i.grade_id IS NOT NULL
       AND NOT EXISTS (
         SELECT FROM ask b WHERE b.image_id = a.image_id AND b.state = 'failed'
           AND b.finished_at > i.graded_at AND b.finished_at < a.finished_at)
     ON CONFLICT (url, ask_id) DO NOTHING`,
    [urls, new Date(now() - FAILED_MS)],
  );
  for (const url of urls) await queue.send('notify', { url }, { key: url });
  await database.query(`DELETE FROM news WHERE made_at < now() - interval '${KEPT_DAYS} days'`);
}
