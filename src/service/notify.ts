import { createHmac } from 'node:crypto';
import { homedir } from 'node:os';
import { messageOf, UserError } from '../lib/errors.ts';
import { networkFetch } from '../lib/fetch.ts';
import { given } from '../lib/json.ts';
import { oneLine } from '../lib/text.ts';
import { DAY_MS } from '../lib/time.ts';
import { GRADES } from '../model/scorecard.ts';
import { imageText, isNamedAddress } from './allowed.ts';
import type { Query } from './database.ts';
import type { AppDeps } from './parts.ts';
import { TryAgain } from './queue.ts';
import { gradeOf, object, read } from './record-rows.ts';
import type { Finished } from './records.ts';
import type { NotifyRule } from './settings.ts';
import type { AskError, GradeRow } from './shapes.ts';

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

/** Of an image that was graded: its next grade, or why there is none. */
function changeOf({ url }: AppDeps['settings'], before: GradeRow, after: GradeRow | string) {
  const found =
    typeof after === 'string'
      ? [['failed', `cannot be graded any more: ${oneLine(after).slice(0, 300)}`] as const]
      : worsened(before, after);
  const image = imageText(before.image);
  return {
    image,
    what: found.map(([what]) => what),
    lines: found.map(([, line]) => line),
    before: stateOf(before),
    ...(typeof after === 'string' ? {} : { after: stateOf(after) }),
    ...given({ url: url && `${url}/images/${image}` }),
  };
}

type Change = ReturnType<typeof changeOf>;
type Deps = Pick<AppDeps, 'settings' | 'queue'>;

async function add({ settings, queue }: Deps, query: Query, change: Change, askId?: string) {
  for (const { url } of settings.notify) {
    await query(
      `INSERT INTO news (url, change, ask_id) VALUES ($1, $2, $3) ON CONFLICT (url, ask_id) DO NOTHING`,
      [url, JSON.stringify(change), askId],
    );
    await queue.send('notify', { url }, { key: url, afterSeconds: COLLECT_SECONDS, query });
  }
}

/** For the transaction that finishes a grade: what it changed for the worse becomes news. */
export function newsOf(deps: Deps) {
  return async ({ grade, before }: Finished, query: Query): Promise<void> => {
    const change = before && changeOf(deps.settings, before, grade);
    if (change !== undefined && change.what.length > 0) await add(deps, query, change);
  };
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

async function sendNews(
  { database, log, now }: AppDeps,
  rule: NotifyRule,
  send: typeof fetch,
): Promise<void> {
  const found = await database.query<{ id: string; change: Change }>(
    'SELECT id, change FROM news WHERE url = $1 AND sent_at IS NULL ORDER BY made_at, id LIMIT 1000',
    [rule.url],
  );
  if (found.length === 0) return;
  try {
    await post(rule, found, send, now());
  } catch (error) {
    // Not the address: that of Slack is a secret.
    const { host } = new URL(rule.url);
    const { cause } = error as Error;
    const message = messageOf(cause instanceof UserError ? cause : error);
    log.warn('a notification was not taken', { host, message });
    throw new TryAgain(`${host}: ${message}`);
  }
  const ids = found.map(({ id }) => id);
  await database.query('UPDATE news SET sent_at = now() WHERE id = ANY ($1::uuid[])', [ids]);
}

/**
 * POSTs one message; throws for anything but 2xx. A redirect is not followed. It is signed by
 * `t=SECONDS,v1=HEX`: HMAC-SHA256 over `SECONDS.BODY`. The time is signed too, so that a receiver
 * can refuse what is old.
 */
async function post(
  { url, form, secret }: NotifyRule,
  all: readonly { readonly id: string; readonly change: Change }[],
  send: typeof fetch,
  now: number,
): Promise<void> {
  const changes = all.slice(0, MOST_NAMED).map(({ id, change }) => ({ id, ...change }));
  const more = all.length - changes.length;
  const message = { schemaVersion: '1', changes, more };
  const body = JSON.stringify(form === 'slack' ? { text: slackText(changes, more) } : message);
  const seconds = Math.floor(now / 1000);
  const sum = secret && createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  const response = await send(url, {
    method: 'POST',
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    body,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'scoville',
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
export async function gatherNews(deps: AppDeps): Promise<void> {
  const { settings, database, queue, now } = deps;
  const failed = await read<{ id: string; error: AskError; before: GradeRow }>(
    database.query,
    `SELECT ${object(`'id', a.id, 'error', a.error, 'before', ${gradeOf('g')}`)} AS row
     FROM ask a JOIN image i ON i.id = a.image_id JOIN grade g ON g.id = i.grade_id
     WHERE a.state = 'failed' AND a.finished_at > $1 AND a.finished_at > i.graded_at
       AND i.is_followed AND i.gone_at IS NULL
       AND NOT EXISTS (SELECT FROM news WHERE ask_id = a.id)
       AND NOT EXISTS (
         SELECT FROM ask b WHERE b.image_id = a.image_id AND b.state = 'failed'
           AND b.finished_at > i.graded_at AND b.finished_at < a.finished_at)`,
    [new Date(now() - FAILED_MS)],
  );
  for (const { id, error, before } of failed)
    await add(deps, database.query, changeOf(settings, before, error.message), id);
  for (const { url } of settings.notify) await queue.send('notify', { url }, { key: url });
  await database.query(`DELETE FROM news WHERE made_at < now() - interval '${KEPT_DAYS} days'`);
}
