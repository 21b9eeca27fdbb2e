import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CATALOGUE } from '../../criteria/catalogue.ts';
import { given } from '../../lib/json.ts';
import { parseReference } from '../../model/reference.ts';
import type { ImageContents } from '../../model/report.ts';
import { etagOf, imageNameOf, isKnown, isShared, notFound } from '../answers.ts';
import type { AppDeps, ImageFilter } from '../deps.ts';
import type { GradeReport } from '../grader.ts';
import { ApiProblem, knownProblem, problemOf } from '../problems.ts';
import type { GradeRow, ImageName } from '../shapes.ts';
import { fleetPage, HORIZON_DAYS, MOST_SHORT } from './fleet.ts';
import { ASSETS, POLICY } from './frame.ts';
import {
  comparePage,
  faultPage,
  type Graded,
  gradePage,
  imagePage,
  repositoryPage,
  type Side,
} from './image.ts';

/** Rows of a list on one page, and grades of a chart: a year of days, and pushes. */
const ROWS = 50;
const HISTORY = 500;
/** Tags side by side; these first, as in the specification. */
const COLUMNS = 4;
const FIRST_TAGS = ['latest', 'slim', 'debug'];

type Query = Readonly<Record<string, string | readonly string[] | undefined>>;
type Request = FastifyRequest<{ Params: { '*': string }; Querystring: Query }>;

const PAGES: Readonly<Record<string, (deps: AppDeps, request: Request) => Promise<string>>> = {
  '/': fleet,
  '/images/*': image,
  '/repositories/*': repository,
  '/compare': compare,
  '/grades/*': grade,
};

/** The pages. They read and change nothing, so that no other site can make a browser do it. */
export function registerPages(app: FastifyInstance, deps: AppDeps): void {
  const schema = { hide: true };
  const who = isShared(deps) ? 'public' : 'private';
  const send = (reply: FastifyReply, page?: string): FastifyReply =>
    reply
      .header('content-security-policy', POLICY)
      .type('text/html; charset=utf-8')
      .serializer(String)
      .send(page);
  app.setErrorHandler((error, { id, routeOptions: { url: route } }, reply) => {
    const known = knownProblem(error);
    if (known === undefined) deps.log.error('page failed', { id, route, error });
    const problem = known ?? new ApiProblem('inner', `its log has the error by the id ${id}`);
    const { status, title, detail, nextStep } = problemOf(problem, id);
    void reply.code(status).headers({ 'cache-control': 'no-store', ...problem.headers });
    return send(reply, faultPage(status, title, detail, nextStep));
  });
  for (const { path, text, type } of ASSETS)
    app.get(path, { schema, config: { access: 'open', rateLimit: false } }, (_, reply) =>
      reply.header('cache-control', 'public, max-age=31536000, immutable').type(type).send(text),
    );
  for (const [path, pageOf] of Object.entries(PAGES))
    app.get(path, { schema }, async (request, reply) => {
      const page = await pageOf(deps, request as Request);
      const etag = etagOf(page);
      void reply.headers({ etag, 'cache-control': `${who}, no-cache` });
      // With its headers: a browser takes them over to what it kept.
      return isKnown(request, etag) ? send(reply.code(304)) : send(reply, page);
    });
  // People get a page for what is nowhere, programs what they got before.
  app.get('/*', { schema }, ({ headers }, reply) => {
    if (headers.accept?.includes('text/html') === true)
      throw notFound('there is nothing at this address');
    reply.callNotFound();
    return reply;
  });
}

function textOf(query: Query, name: string): string | undefined {
  const value = query[name];
  const text = typeof value === 'string' ? value.trim() : '';
  if (text.includes('\0')) throw new ApiProblem('malformed', `${name} is not a text`);
  return text === '' ? undefined : text;
}

function numberOf(query: Query, name: string, most: number): number | undefined {
  const text = textOf(query, name);
  if (text === undefined) return undefined;
  if (/^\d{1,6}$/.test(text) && Number(text) <= most) return Number(text);
  throw new ApiProblem('malformed', `${name} is a whole number, at most ${most}`);
}

/** The service's address, as settings say or as it was asked. */
function urlOf({ settings }: AppDeps, { protocol, host }: Request): string {
  return settings.url ?? `${protocol}://${host}`;
}

async function fleet(deps: AppDeps, request: Request): Promise<string> {
  const { records, settings, now } = deps;
  const { query } = request;
  const filter: ImageFilter = given({
    q: textOf(query, 'q'),
    level: numberOf(query, 'level', 5),
    registry: textOf(query, 'registry'),
    fails: textOf(query, 'fails'),
    olderThanDays: numberOf(query, 'olderThan', 100_000),
  });
  const cursor = textOf(query, 'cursor');
  const [summary, images, old] = await Promise.all([
    records.summary(),
    records.search(filter, { limit: ROWS, ...given({ cursor }) }),
    records.search({ olderThanDays: HORIZON_DAYS }, { limit: MOST_SHORT }),
  ]);
  return fleetPage({
    ...{ summary, filter, images, old: old.rows, isFirst: cursor === undefined },
    ...{ criteria: CATALOGUE, url: urlOf(deps, request), now: now() },
    registries: settings.registries.map((one) => one.host),
  });
}

/** A grade with what its report shows; undefined where there is none of this id. */
async function graded({ records }: AppDeps, id: string): Promise<Graded | undefined> {
  const detail = await records.detail(id);
  // Written by our grader.
  const { contents } = (detail?.report ?? {}) as Partial<GradeReport>;
  if (detail === undefined || contents === undefined) return detail;
  return { ...detail, contents: contents.map((one) => withDate(one, detail.advisoriesAt)) };
}

/** The date is kept with the grade alone, so that equal reports are one. */
function withDate({ facts, ...one }: ImageContents, date: Date | undefined): ImageContents {
  const { vulnerabilities: fact } = facts;
  if (!fact.known || date === undefined) return { ...one, facts };
  const value = { ...fact.value, databaseDate: date.toISOString().slice(0, 10) };
  return { ...one, facts: { ...facts, vulnerabilities: { ...fact, value } } };
}

/** An image's row and newest grade; a digest may have one though nobody asked for it. */
async function newest({ records }: AppDeps, image: ImageName) {
  const row = await records.image(image);
  const { digest, registry, repository } = image;
  if (row !== undefined || digest === undefined) return { row, latest: row?.latest };
  const isHere = ({ image: of }: GradeRow): boolean =>
    of.registry === registry && of.repository === repository;
  return { row, latest: (await records.gradesOf(digest, 100)).find(isHere) };
}

async function image(deps: AppDeps, request: Request): Promise<string> {
  const { records, now } = deps;
  const image = imageNameOf(request.params['*']);
  const [{ row, latest }, ask, history] = await Promise.all([
    newest(deps, image),
    records.lastAsk(image),
    records.history(image, { limit: HISTORY }),
  ]);
  if (row === undefined && latest === undefined && ask === undefined)
    throw new ApiProblem('not-found', 'nobody asked for a grade of this image', {
      nextStep: `scoville serve ask ${request.params['*']}`,
    });
  const grades = history.rows.length === 0 && latest !== undefined ? [latest] : history.rows;
  return imagePage({
    ...{ image, ask, goneAt: row?.goneAt, history: grades.toReversed(), now: now() },
    ...{ grade: latest && (await graded(deps, latest.id)), url: urlOf(deps, request) },
  });
}

/** By the id of a grade, or of what was asked for. */
async function grade(deps: AppDeps, request: Request): Promise<string> {
  const { records, now } = deps;
  const id = request.params['*'];
  const ask = await records.ask(id);
  const grade = await graded(deps, ask?.gradeId ?? id);
  if (grade !== undefined) return gradePage(grade, now());
  if (ask === undefined) throw notFound();
  return imagePage({ image: ask.image, ask, history: [], url: urlOf(deps, request), now: now() });
}

async function repository(deps: AppDeps, { params, query }: Request): Promise<string> {
  const { records, now } = deps;
  const name = parseReference(params['*']);
  if (!name.ok || name.value.tag !== undefined || name.value.digest !== undefined)
    throw new ApiProblem('malformed', 'this is not the name of a repository');
  const { registry, repository } = name.value;
  const cursor = textOf(query, 'cursor');
  const [tags, ...known] = await Promise.all([
    records.tags(registry, repository, { limit: ROWS, ...given({ cursor }) }),
    ...FIRST_TAGS.map((tag) => records.image({ registry, repository, tag })),
  ]);
  if (tags.rows.length === 0 && cursor === undefined)
    throw notFound('nobody asked for a grade of an image of this repository');
  const rows = [...known, ...tags.rows].filter((row) => row?.goneAt === undefined);
  const ids = [...new Set(rows.flatMap((row) => row?.latest?.id ?? []))].slice(0, COLUMNS);
  const columns = (await Promise.all(ids.map((id) => graded(deps, id)))).flatMap(
    (one) => one ?? [],
  );
  const isFirst = cursor === undefined;
  return repositoryPage({ registry, repository, tags, columns, isFirst, now: now() });
}

async function compare(deps: AppDeps, { query }: Request): Promise<string> {
  const of = (name: string): Promise<Side> => side(deps, textOf(query, name) ?? '');
  return comparePage(await of('a'), await of('b'), deps.now());
}

/** An image's newest grade, or one by its id. */
async function side(deps: AppDeps, text: string): Promise<Side> {
  if (text === '') return { text };
  try {
    const id = text.includes('/') ? (await newest(deps, imageNameOf(text))).latest?.id : text;
    const grade = id === undefined ? undefined : await graded(deps, id);
    return grade === undefined ? { text, why: 'This is not graded yet.' } : { text, grade };
  } catch (error) {
    if (error instanceof ApiProblem) return { text, why: error.message };
    throw error;
  }
}
