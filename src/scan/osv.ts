import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isPassingStatus, retryAfter } from '../image/registry/http.ts';
import { bodyOf, wholeStream } from '../lib/bytes.ts';
import { canConnect, reasonOf } from '../lib/can-connect.ts';
import { err, errorCode, ok, ProxyError, type Result } from '../lib/errors.ts';
import { field, given, listField, lookup, numberField, parseJson, textField } from '../lib/json.ts';
import { groupBy, inParallel } from '../lib/parallel.ts';
import { HOUR_MS } from '../lib/time.ts';
import type { VulnerabilitiesFact } from '../model/facts.ts';
import type { OsRelease, Package } from '../model/packages.ts';
import {
  isJudged,
  isOsvId,
  isOsvRecord,
  type OsvMatch,
  type OsvPlan,
  type OsvQuery,
  type OsvRecord,
  osvReports,
  parseOsvRecord,
  planOsv,
  UNRATED,
} from './osv-records.ts';
import { isCve, scanFact } from './severity.ts';

interface OsvHttpOptions {
  readonly url: string;
  readonly userAgent: string;
  readonly signal?: AbortSignal;
  readonly requestMs?: number;
  readonly budgetMs?: number;
  readonly fetch?: typeof fetch;
}

const REQUEST_MS = 20_000;
const BUDGET_MS = 90_000;
const TRIES = 4;
const FIRST_PAUSE_MS = 250;
/** A batch of 1,000 answers is some MB, a record of a kernel's CVE too. */
const MAX_BYTES = 64 * 1024 * 1024;

interface Failure {
  readonly status: number | undefined;
  readonly reason: string;
  /** Milliseconds until another try may help; undefined where none does. */
  readonly pause?: number;
}

type Answer = Result<unknown, Failure>;

/** Sends requests to OSV, one or several at a time, within one budget of time. */
export class OsvHttp {
  readonly #options: OsvHttpOptions;
  readonly #deadline: AbortSignal;
  readonly #until: number;

  constructor(options: OsvHttpOptions) {
    this.#options = options;
    const budget = options.budgetMs ?? BUDGET_MS;
    this.#until = performance.now() + budget;
    this.#deadline = AbortSignal.timeout(budget);
  }

  /**
   * The JSON answer of a path; an error says why there is none, after retries if they can help.
   * Throws on abort only.
   */
  async json(path: string, body?: unknown): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const answer = await this.#once(path, body);
      if (answer.ok || answer.error.pause === undefined || attempt === TRIES) return answer;
      const wait = Math.max(answer.error.pause, (FIRST_PAUSE_MS / 2) * 2 ** attempt);
      if (performance.now() + wait >= this.#until) return answer;
      await sleep(wait, undefined, given({ signal: this.#options.signal }));
    }
  }

  async #once(path: string, body: unknown): Promise<Answer> {
    const { url, userAgent, signal, requestMs } = this.#options;
    const timeout = AbortSignal.timeout(requestMs ?? REQUEST_MS);
    const stops = [timeout, this.#deadline, ...(signal === undefined ? [] : [signal])];
    const lost = (reason: string, pause?: number): Answer =>
      err({ status: undefined, reason, ...given({ pause }) });
    try {
      const response = await (this.#options.fetch ?? fetch)(`${url}${path}`, {
        redirect: 'manual',
        signal: AbortSignal.any(stops),
        headers: { 'user-agent': userAgent, accept: 'application/json' },
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      });
      const { status } = response;
      if (status !== 200) {
        await response.body?.cancel();
        const pause = isPassingStatus(status) ? retryAfter(response) : undefined;
        return err({ status, reason: `it answered ${status}`, ...given({ pause }) });
      }
      const bytes = await wholeStream(bodyOf(response), MAX_BYTES);
      if (bytes === undefined) return lost('its answer is larger than 64 MiB');
      const json = parseJson(bytes.toString('utf8'));
      return json === undefined ? lost('its answer is not JSON', 0) : ok(json);
    } catch (error) {
      signal?.throwIfAborted();
      if (this.#deadline.aborted) return lost('it took too long in all');
      if (timeout.aborted) return lost('it did not answer in time', 0);
      if (error instanceof ProxyError) return lost(error.advice, 0);
      // What undici hides in the cause.
      return lost(reasonOf(errorCode(error instanceof Error ? error.cause : undefined)), 0);
    }
  }
}

/** As many questions as OSV takes at once. */
const BATCH = 1000;
const BATCHES_AT_ONCE = 4;
/** Pages of one question, and answers in all, that no honest server needs. */
const MOST_PAGES = 100;
const MOST_MATCHES = 200_000;

/** A question of the plan, or with none a probe of its ecosystem. */
interface Asked {
  readonly question?: number;
  readonly query: Omit<OsvQuery, 'version'> & { readonly version?: string };
  readonly page?: string;
}

interface Answers {
  readonly matches: readonly OsvMatch[];
  /** Ecosystems that the server does not know. */
  readonly unknown: readonly string[];
}

interface Answered {
  readonly asked: Asked;
  readonly found: readonly Omit<OsvMatch, 'question'>[];
  readonly nextPage: string | undefined;
}

/**
 * Asks all questions of a plan, page by page, and whether the server knows their ecosystems. What
 * it did not find in an `unknown` one proves nothing.
 */
async function askBatches(http: OsvHttp, plan: OsvPlan): Promise<Result<Answers>> {
  const probes = plan.ecosystems.flatMap((ecosystem) =>
    probedPackages(ecosystem).map((name): Asked => ({ query: { package: { name, ecosystem } } })),
  );
  const questions = plan.questions.map(({ query }, question): Asked => ({ question, query }));
  let asked: readonly Asked[] = [...questions, ...probes];
  const matches: OsvMatch[] = [];
  const known = new Set<string>();
  for (let page = 0; asked.length > 0; page++) {
    if (page === MOST_PAGES) return err('its answers have no end');
    const answers = await inParallel(batchesOf(asked), BATCHES_AT_ONCE, (batch) =>
      askBatch(http, batch, page === 0),
    );
    const next: Asked[] = [];
    for (const answer of answers) {
      if (!answer.ok) return answer;
      for (const { asked: one, found, nextPage } of answer.value) {
        const { question, query } = one;
        if (found.length > 0) known.add(query.package.ecosystem);
        if (question === undefined) continue;
        // One by one: what a server lists may be more than a call takes arguments.
        for (const match of found) matches.push({ question, ...match });
        if (matches.length > MOST_MATCHES) return err('its answers have no end');
        if (nextPage !== undefined) next.push({ ...one, page: nextPage });
      }
    }
    asked = next;
  }
  return ok({ matches, unknown: plan.ecosystems.filter((name) => !known.has(name)) });
}

/** One batch per ecosystem: the server refuses a whole batch if it does not know an ecosystem. */
function batchesOf(asked: readonly Asked[]): readonly (readonly Asked[])[] {
  return [...groupBy(asked, ({ query }) => query.package.ecosystem).values()].flatMap((all) =>
    Array.from({ length: Math.ceil(all.length / BATCH) }, (_, i) =>
      all.slice(i * BATCH, (i + 1) * BATCH),
    ),
  );
}

async function askBatch(
  http: OsvHttp,
  batch: readonly Asked[],
  isFirst: boolean,
): Promise<Result<readonly Answered[]>> {
  const queries = batch.map(({ query, page }) => ({ ...query, ...given({ page_token: page }) }));
  const answer = await http.json('/v1/querybatch', { queries });
  if (!answer.ok) return answer.error.status === 400 && isFirst ? ok([]) : err(answer.error.reason);
  const results = listField(answer.value, 'results');
  if (results.length !== batch.length) return err('it left questions unanswered');
  const answered = batch.map((asked, i) => ({
    asked,
    found: foundIn(results[i]),
    nextPage: textField(results[i], 'next_page_token') || undefined,
  }));
  return answered.every((one): one is Answered => one.found !== undefined)
    ? ok(answered)
    : err('its answer cannot be read');
}

function foundIn(result: unknown): readonly Omit<OsvMatch, 'question'>[] | undefined {
  const listed = field(result, 'vulns') ?? [];
  if (!Array.isArray(listed)) return undefined;
  const found = listed.flatMap((one: unknown) => {
    const id = textField(one, 'id');
    if (id === undefined || !isOsvId(id)) return [];
    return [{ id, modified: textField(one, 'modified')?.slice(0, 40) ?? '' }];
  });
  return found.length === listed.length ? found : undefined;
}

/** Packages that every distribution ships and has fixed in every release. */
const OF_DISTRIBUTIONS = ['curl', 'openssl'] as const;

const BY_ECOSYSTEM = lookup<readonly string[]>({
  npm: ['lodash'],
  PyPI: ['django'],
  Go: ['stdlib'],
  Maven: ['org.apache.logging.log4j:log4j-core'],
  RubyGems: ['rails'],
  Packagist: ['symfony/symfony'],
  'crates.io': ['tokio'],
  NuGet: ['Newtonsoft.Json'],
  // Filed by product stream: the base system and the applications.
  'Red Hat': [...OF_DISTRIBUTIONS, 'httpd', 'nodejs'],
});

/**
 * Packages of an ecosystem that had vulnerabilities in every release there is. A server that does
 * not know a release answers as if nothing were wrong with it; asked for these, it gives itself
 * away.
 */
function probedPackages(ecosystem: string): readonly string[] {
  const family = ecosystem.split(':', 1)[0] ?? '';
  return BY_ECOSYSTEM[family] ?? OF_DISTRIBUTIONS;
}

/** How long to wait for a connection before the machine counts as offline. */
const CONNECT_MS = 3000;

const OSV_URL = 'https://api.osv.dev';

/** A cache of records between runs: it returns the JSON it was given, undefined if not there. */
export interface RecordCache {
  readonly get: (key: string) => Promise<unknown>;
  readonly set: (key: string, value: unknown) => Promise<void>;
}

export interface OsvRequest extends OsvHttpOptions {
  readonly packages: readonly Package[];
  readonly osRelease: OsRelease | undefined;
  readonly cache: RecordCache;
  /** Present time, milliseconds since 1970: the date of an answer that is always fresh. */
  readonly now: number;
  /** The address that has to answer: a proxy's, where one is asked for `url`. */
  readonly proxy?: string | undefined;
}

/**
 * Known vulnerabilities of packages by the OSV.dev API: which (`querybatch`), then their records by
 * id, kept between runs. An error, with the reason, where it cannot be reached or asked to the end:
 * nothing is said on half of the evidence.
 */
export async function scanWithOsv(request: OsvRequest): Promise<Result<VulnerabilitiesFact>> {
  const url = request.url.replace(/(?<!\/)\/+$/, '');
  const failed = (reason: string): Result<never> => err(`OSV (${new URL(url).host}): ${reason}`);
  const plan = planOsv(request.packages, request.osRelease);
  const key = keyOfAnswers(url, plan);
  const before = await answeredBefore(request, key, plan);
  if (before === undefined && plan.questions.length > 0) {
    const reached = await canConnect(request.proxy ?? url, CONNECT_MS);
    if (!reached.ok)
      return failed(
        request.proxy === undefined
          ? reached.error
          : `the proxy ${new URL(request.proxy).host}: ${reached.error}`,
      );
  }
  const http = new OsvHttp({ ...request, url });
  const asked = before === undefined ? await askBatches(http, plan) : ok(before);
  if (!asked.ok) return failed(asked.error);
  const { matches, unknown } = asked.value;
  const records = await recordsOf(http, { ...request, url }, matches);
  if (!records.ok) return failed(records.error);
  const at = before?.at ?? request.now;
  if (before === undefined) await request.cache.set(key, { at, matches, unknown });
  const reports = await osvReports(plan, matches, records.value);
  return ok(
    scanFact(reports, {
      scanner: scannerName(url),
      scannerVersion: 'API v1',
      databaseDate: new Date(at).toISOString(),
      unrated: UNRATED,
      gaps: [...plan.gaps, ...unknown.map((name) => `OSV has no data for ${name}`)],
    }),
  );
}

/**
 * What the server said of the same questions within the hour: an edit moves no package, and
 * scanners with a database go by one of a day and more.
 */
async function answeredBefore(
  { cache, now }: OsvRequest,
  key: string,
  plan: OsvPlan,
): Promise<(Answers & { readonly at: number }) | undefined> {
  const kept = await cache.get(key);
  const at = numberField(kept, 'at');
  if (at === undefined || at > now || now - at >= HOUR_MS) return undefined;
  const matches = listField(kept, 'matches').flatMap((one): OsvMatch[] => {
    const [question, id] = [numberField(one, 'question'), textField(one, 'id')];
    const modified = textField(one, 'modified');
    const isOne = question !== undefined && question in plan.questions;
    return isOne && id !== undefined && isOsvId(id) && modified !== undefined
      ? [{ question, id, modified }]
      : [];
  });
  const unknown = listField(kept, 'unknown').filter((name) => typeof name === 'string');
  return matches.length === listField(kept, 'matches').length
    ? { at, matches, unknown }
    : undefined;
}

function keyOfAnswers(url: string, { questions, ecosystems }: OsvPlan): string {
  const asked = JSON.stringify([questions.map(({ query }) => query), ecosystems]);
  return [KEPT, url, 'answers', createHash('sha256').update(asked).digest('hex')].join(' ');
}

/** `OSV.dev` for that alone: of another server the address is shown. */
function scannerName(url: string): string {
  const { origin, pathname } = new URL(url);
  const address = `${origin}${pathname}`.replace(/(?<!\/)\/+$/, '');
  return address === OSV_URL ? 'OSV.dev' : `OSV at ${address}`;
}

async function recordsOf(
  http: OsvHttp,
  request: OsvRequest,
  matches: readonly OsvMatch[],
): Promise<Result<ReadonlyMap<string, OsvRecord>>> {
  const wanted = new Map(matches.map(({ id, modified }) => [id, modified]));
  const found = await fetchRecords(http, request, wanted, false);
  if (!found.ok) return found;
  const silent = [...found.value.values()].filter((record) => !isJudged(record));
  const cves = silent.flatMap(({ names }) => names.filter(isCve));
  const today = new Date(request.now).toISOString().slice(0, 10);
  const behind = new Map(cves.filter((id) => !found.value.has(id)).map((id) => [id, today]));
  const upstream = await fetchRecords(http, request, behind, true);
  return upstream.ok ? ok(new Map([...upstream.value, ...found.value])) : upstream;
}

/** Changes with what is kept of a record. */
const KEPT = 1;
const RECORDS_AT_ONCE = 16;

/**
 * Records by id, from the cache where they are unchanged, else from the server. `wanted` has when
 * each was last modified, or the day for which it is fresh. A record that the server does not have
 * is left out where `mayLack`, else it is an error: what cannot be judged must not be passed over.
 */
async function fetchRecords(
  http: OsvHttp,
  { url, cache }: OsvRequest,
  wanted: ReadonlyMap<string, string>,
  mayLack: boolean,
): Promise<Result<ReadonlyMap<string, OsvRecord>>> {
  let failure: string | undefined;
  const records = new Map<string, OsvRecord>();
  await inParallel([...wanted], RECORDS_AT_ONCE, async ([id, stamp]) => {
    if (failure !== undefined) return;
    const key = [KEPT, url, id, stamp].join(' ');
    const kept = await cache.get(key);
    if (isOsvRecord(kept, id)) {
      records.set(id, kept);
      return;
    }
    const answer = await http.json(`/v1/vulns/${encodeURIComponent(id)}`);
    const record = answer.ok ? parseOsvRecord(answer.value, id) : undefined;
    if (record !== undefined) {
      records.set(id, record);
      await cache.set(key, record);
    } else if (answer.ok) failure ??= `its record of ${id} cannot be read`;
    else if (!mayLack || answer.error.status !== 404) failure ??= answer.error.reason;
  });
  return failure === undefined ? ok(records) : err(failure);
}
