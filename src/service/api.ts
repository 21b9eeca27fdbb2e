import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { nextSteps } from '../criteria/next-steps.ts';
import { given } from '../lib/json.ts';
import { Recent } from '../lib/recent.ts';
import { DAY_MS } from '../lib/time.ts';
import type { Digest } from '../model/reference.ts';
import type { ReportInput } from '../model/report.ts';
import { BADGES, imageBadge } from '../report/badges.ts';
import { diffScorecards } from '../report/compare.ts';
import { jsonReport } from '../report/json.ts';
import { jsonLine, withNulls } from '../report/text.ts';
import { limitOf, type NewToken, tooMany } from './access.ts';
import { type Allowed, imageText, parseImage } from './allowed.ts';
import type { GradeReport } from './grader.ts';
import type { Hands } from './hands.ts';
import { ApiProblem, operation, readJson } from './http.ts';
import { type Metrics, registerHealth } from './metrics.ts';
import type { AppDeps } from './parts.ts';
import type { ImageFilter } from './records-images.ts';
import type { Ask, GradeRow, ImageName, ImageRow } from './shapes.ts';

export const API = '/api/v1';

export interface ApiDeps extends AppDeps {
  readonly allowed: Allowed;
  /** Checks verdicts that are sent; without it none are taken. */
  readonly hands: (() => Promise<Hands>) | undefined;
  /** Of one address in a minute: badges that are made, and wrong tokens and secrets. */
  readonly limits: { readonly badges: number; readonly wrongTokens: number };
  readonly metrics: Metrics;
}

export function registerApi(app: FastifyInstance, deps: ApiDeps): void {
  readJson(app, 'application/json', 'the body');
  registerGrades(app, deps);
  registerImages(app, deps);
  registerBadges(app, deps);
  registerTokens(app, deps);
  registerHealth(app, deps, deps.metrics);
}

/** Loads nothing and belongs to no site, whatever an image has put into it. */
const REPORT_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-scripts allow-popups";
/** A grade never changes. */
const GRADE_SECONDS = 3600;

type ById = { Params: { id: string } };

function registerGrades(app: FastifyInstance, deps: ApiDeps): void {
  const { records, queue } = deps;
  const events = askEvents(deps);
  app.addHook('preClose', (done) => {
    events.close();
    done();
  });

  type NewAsk = { Body: { image: string; fresh?: boolean } };
  operation<NewAsk>(app, 'askForGrade', {}, async ({ body, token }, reply) => {
    const { image: name, fresh = false } = body;
    const asked = { image: allowedImage(deps, name), reason: 'api', fresh } as const;
    const { ask } = await queue.ask({ ...asked, ...given({ askedBy: token?.name }) });
    const headers = { location: `${API}/grades/${ask.id}`, 'retry-after': '2' };
    return reply.code(202).headers(headers).send({ id: ask.id, status: ask.state });
  });

  operation<ById>(app, 'grade', {}, async ({ params: { id } }, reply) => {
    const { ask, detail } = await found(deps, id);
    const grade = detail && gradeJson(detail);
    if (detail !== undefined || ask?.state === 'failed') keepFor(deps, reply, GRADE_SECONDS);
    if (ask !== undefined) return { ...askJson(ask), grade };
    return { id, image: detail && imageText(detail.image), status: 'done', grade };
  });

  operation<ById>(app, 'events', {}, async ({ params: { id }, ip }, reply) => {
    const ask = await records.ask(id);
    if (ask === undefined) throw notFound();
    const stream = events.open(ask, ip);
    return reply.header('x-accel-buffering', 'no').type('text/event-stream').send(stream);
  });

  type Report = ById & { Querystring: { form: 'html' | 'json' } };
  operation<Report>(app, 'report', {}, async ({ params: { id }, query: { form } }, reply) => {
    const { detail, ask } = await found(deps, id);
    if (detail === undefined)
      throw new ApiProblem('not-graded', `this is ${ask?.state ?? 'unknown'}, and has no report`);
    keepFor(deps, reply, GRADE_SECONDS);
    if (form === 'json') return reply.type('application/json').send(jsonReport(detail.scorecard));
    // React is loaded for those who ask for it.
    const { htmlReport } = await import('../report/html/report.ts');
    void reply.type('text/html; charset=utf-8').header('content-security-policy', REPORT_POLICY);
    return reply.send(htmlReport(reportOf(detail)));
  });
}

function keepFor(deps: ApiDeps, reply: FastifyReply, seconds: number): void {
  void reply.header('cache-control', caching(deps, `max-age=${seconds}`));
}

/** By the id of an ask, or of a grade that nobody asked for. Throws ApiProblem. */
async function found({ records }: ApiDeps, id: string) {
  const ask = await records.ask(id);
  if (ask !== undefined && ask.gradeId === undefined) return { ask, detail: undefined };
  const detail = await records.detail(ask?.gradeId ?? id);
  if (ask === undefined && detail === undefined) throw notFound();
  return { ask, detail };
}

type ByName = { Params: { '*': string } };
type Paged = { Querystring: { cursor?: string; limit: number } };

function registerImages(app: FastifyInstance, deps: ApiDeps): void {
  const { records } = deps;

  type Filter = Omit<ImageFilter, 'olderThanDays'> & { olderThan?: number };
  type Filtered = { Querystring: Filter & Paged['Querystring'] };
  operation<Filtered>(app, 'images', {}, async ({ query }) => {
    const { olderThan: olderThanDays, ...filter } = query;
    const { rows, next } = await records.search({ ...filter, ...given({ olderThanDays }) }, query);
    return { images: rows.map(imageJson), next };
  });

  operation<ByName>(app, 'image', {}, async ({ params: { '*': name } }) =>
    imageJson(await knownImage(deps, imageNameOf(name))),
  );

  operation<ByName & Paged>(app, 'history', {}, async ({ params: { '*': name }, query }) => {
    const image = imageNameOf(name);
    const { rows, next } = await records.history(image, query);
    if (rows.length > 0 || query.cursor !== undefined) return { grades: rows.map(gradeJson), next };
    // Never graded by this name, or never heard of.
    const { latest } = await knownImage(deps, image);
    const isOther = latest !== undefined && image.digest !== undefined;
    return { grades: isOther ? [gradeJson(latest)] : [] };
  });

  operation<{ Params: { digest: Digest } }>(app, 'digest', {}, async ({ params: { digest } }) => {
    const [grades, images] = await Promise.all([
      records.gradesOf(digest, MOST_OF_DIGEST),
      records.imagesOf(digest, MOST_OF_DIGEST),
    ]);
    if (grades.length + images.length === 0) throw notFound('this digest was never seen');
    return { digest, images: images.map(imageJson), grades: grades.map(gradeJson) };
  });

  type Two = { Querystring: { a: string; b: string } };
  operation<Two>(app, 'compare', {}, async ({ query: { a, b } }) => {
    const [before, after] = await Promise.all([newestOf(deps, a), newestOf(deps, b)]);
    const { criteria, ...difference } = diffScorecards(reportOf(before), reportOf(after));
    return { ...difference, criteria: withNulls(criteria) };
  });

  operation(app, 'export', {}, async (_, reply) => {
    const stream = Readable.from(lines(records.export()));
    // Before anything is sent, so that a database that is away is still an answer.
    await once(stream, 'readable');
    return reply.type('application/x-ndjson').send(stream);
  });
}

async function* lines(rows: AsyncIterable<ImageRow>): AsyncGenerator<string> {
  for await (const row of rows) yield `${jsonLine(imageJson(row))}\n`;
}

async function knownImage(deps: AppDeps, image: ImageName): Promise<ImageRow> {
  const row = await imageRow(deps, image);
  if (row === undefined) throw notFound(`${imageText(image)} was never asked for`);
  return row;
}

/** The newest grade of an image, by a name from outside. Throws ApiProblem. */
export async function newestOf(deps: AppDeps, name: string): Promise<StoredDetail> {
  const { latest } = await knownImage(deps, imageNameOf(name));
  const detail = latest && (await deps.records.detail(latest.id));
  if (detail === undefined) throw new ApiProblem('not-graded', `${name} has no grade yet`);
  return detail;
}

const KEPT_MS = 60_000;
const MOST_KEPT = 5000;
const TYPES = { svg: 'image/svg+xml; charset=utf-8', json: 'application/json; charset=utf-8' };
const PATH = /^(.+)\/([A-Za-z]+)\.(svg|json)$/;

function registerBadges(app: FastifyInstance, deps: ApiDeps): void {
  const cache = new Recent<Awaited<ReturnType<typeof made>>>(MOST_KEPT);
  const limit = limitOf(app, 'badges', deps.limits.badges);
  const config = { rateLimit: false } as const;
  operation<ByName>(app, 'badge', { config }, async (request, reply) => {
    const path = request.params['*'];
    let kept = cache.get(path);
    if (kept === undefined || kept.until <= deps.now()) {
      await limit(request);
      cache.set(path, (kept = await made(path, deps.now())));
    }
    keepFor(deps, reply, KEPT_MS / 1000);
    void reply.headers({ etag: kept.etag, 'cross-origin-resource-policy': 'cross-origin' });
    return reply.type(kept.type).send(kept.text);
  });

  async function made(path: string, now: number) {
    const [, name = '', label = '', ending] = PATH.exec(path) ?? [];
    const form = ending === 'svg' ? 'svg' : 'json';
    const image = ending === undefined ? undefined : imageNameOf(name);
    const { latest: graded } = (image && (await imageRow(deps, image))) ?? {};
    const at = graded?.gradedAt;
    const said =
      graded === undefined ? 'was not graded' : `at ${graded.digest}, graded ${at?.toISOString()}`;
    const days = (now - (at?.getTime() ?? now)) / DAY_MS;
    const badge =
      image && imageBadge(label, { graded, days, about: `${imageText(image)} ${said}` });
    if (badge === undefined)
      throw notFound(`no badge has this name: ${BADGES.map(({ label }) => label).join(', ')}`);
    const text = badge[form];
    return { until: now + KEPT_MS, text, etag: etagOf(text), type: TYPES[form] };
  }
}

/** Of a service that runs: an embedded database has one process, which is that service. */
function registerTokens(app: FastifyInstance, { tokens }: ApiDeps): void {
  operation(app, 'tokens', {}, async () => ({ tokens: await tokens.list() }));
  operation<{ Body: NewToken }>(app, 'makeToken', {}, async ({ body }, reply) =>
    reply.code(201).send(await tokens.create(body)),
  );
  operation<{ Params: { name: string } }>(app, 'revokeToken', {}, async ({ params: { name } }) => {
    await tokens.revoke(name);
    return { revoked: name };
  });
}

const EACH_MS = 1000;
const HEARTBEAT_MS = 15_000;
const MOST = { all: 500, ofOne: 20 };

/** Server-sent events of asks. All listeners of this process share one query a second. */
export function askEvents({ records, log }: Pick<AppDeps, 'records' | 'log'>, most = MOST) {
  const open: { readonly id: string; readonly address: string }[] = [];
  const stop = new AbortController();
  let next: Promise<readonly Ask[]> | undefined;
  /** In a second, the same for all: of those that are open then. */
  const looked = (): Promise<readonly Ask[]> =>
    (next ??= wait(EACH_MS, undefined, { signal: stop.signal, ref: false }).then(() => {
      next = undefined;
      return records.asks([...new Set(open.map(({ id }) => id))]);
    }));

  /** Ends when the ask is done or failed, or was removed with what is too old. */
  async function* eventsOf(first: Ask): AsyncGenerator<string> {
    yield 'retry: 3000\n\n';
    let [sent, at] = ['', Date.now()];
    for (let ask: Ask | undefined = first; ask !== undefined;) {
      const text = jsonLine(askJson(ask));
      const isNews = text !== sent;
      if (isNews || Date.now() - at >= HEARTBEAT_MS) {
        yield isNews ? `event: ${ask.state}\ndata: ${text}\n\n` : ': still here\n\n';
        [sent, at] = [text, Date.now()];
      }
      if (ask.state === 'done' || ask.state === 'failed') return;
      try {
        ask = (await looked()).find(({ id }) => id === first.id);
      } catch (error) {
        if (stop.signal.aborted) return;
        log.warn('events cannot be read', { error });
      }
    }
  }

  return {
    /** Throws ApiProblem for one too many. */
    open(ask: Ask, address: string): Readable {
      const own = open.filter((one) => one.address === address);
      if (open.length >= most.all || own.length >= most.ofOne) throw tooMany(5000);
      const listener = { id: ask.id, address };
      open.push(listener);
      return Readable.from(eventsOf(ask)).once('close', () => {
        open.splice(open.indexOf(listener), 1);
      });
    },
    /** Ends all streams; clients connect again elsewhere. */
    close(): void {
      stop.abort();
    },
  };
}

/** How caches may keep an answer: those that many share, too, where anyone may read. */
export function caching({ settings }: AppDeps, how: string): string {
  return `${settings.reading === 'open' ? 'public' : 'private'}, ${how}`;
}

export function etagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
}

/** The image of a name from outside. Throws ApiProblem. */
export function imageNameOf(text: string): ImageName {
  const read = parseImage(text);
  if (read.ok) return read.value;
  const nextStep = 'write HOST/REPOSITORY:TAG or HOST/REPOSITORY@sha256:DIGEST';
  throw new ApiProblem('malformed', read.error, { nextStep });
}

/** Of a registry that may be asked. Throws ApiProblem. */
export function allowedImage({ allowed }: ApiDeps, name: string): ImageName {
  const image = imageNameOf(name);
  const refusal = allowed.refusal(image);
  if (refusal === undefined) return image;
  throw new ApiProblem('registry-not-allowed', refusal, {
    nextStep: `start the service with --registry ${image.registry}`,
  });
}

export function notFound(what = 'no grade has this id'): ApiProblem {
  return new ApiProblem('not-found', what);
}

/** Most images and grades of a digest that are read. */
export const MOST_OF_DIGEST = 100;

/** Of a tag, or of a digest that was graded; undefined where nobody asked. */
export async function imageRow({ records }: AppDeps, image: ImageName) {
  const { registry, repository, digest } = image;
  const row: ImageRow | undefined = await records.image(image);
  if (row !== undefined || digest === undefined) return row;
  const latest = (await records.gradesOf(digest, MOST_OF_DIGEST)).find(
    ({ image: of }) => of.registry === registry && of.repository === repository,
  );
  return latest && { image, digest, isFollowed: false, latest };
}

/** As the database has it: `report` is what the grader found besides. */
export type StoredDetail = NonNullable<Awaited<ReturnType<AppDeps['records']['detail']>>>;

/** All that a report shows; of a verdict, what its scorecard has. */
export function reportOf({ scorecard, report, advisoriesAt }: StoredDetail): ReportInput {
  const { contents } = (report ?? {}) as Partial<GradeReport>;
  // The date is kept with the grade alone, so that equal reports are one.
  const databaseDate = advisoriesAt?.toISOString().slice(0, 10);
  const dated = contents?.map(({ facts, ...one }) => {
    const { vulnerabilities: fact } = facts;
    const value = fact.known && { ...fact.value, ...given({ databaseDate }) };
    return { ...one, facts: { ...facts, vulnerabilities: value ? { ...fact, value } : fact } };
  });
  return { scorecard, steps: nextSteps(scorecard), ...given({ contents: dated }) };
}

export function gradeJson({ image, ...row }: GradeRow): object {
  return { ...row, image: imageText(image), report: undefined };
}

/** Who asked is left out: it may be the name of a token. */
export function askJson({ image, state, ...ask }: Ask): object {
  const hidden = { askedBy: undefined, gradeId: undefined };
  return { ...ask, image: imageText(image), status: state, ...hidden };
}

export function imageJson({ image, isFollowed, latest, ...row }: ImageRow): object {
  return {
    ...row,
    image: imageText(image),
    followed: isFollowed,
    latest: latest && gradeJson(latest),
  };
}
