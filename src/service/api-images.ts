import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { given } from '../lib/json.ts';
import type { Digest } from '../model/reference.ts';
import { diffScorecards } from '../report/compare.ts';
import { jsonLine, withNulls } from '../report/text.ts';
import { imageText } from './allowed.ts';
import {
  API,
  type ApiDeps,
  gradeJson,
  imageJson,
  imageNameOf,
  isShared,
  notFound,
  reportOf,
  sendTagged,
  type StoredDetail,
} from './answers.ts';
import type { Page } from './deps.ts';
import { ApiProblem } from './problems.ts';
import { INPUTS, json, LINK, route, typed, UNCHANGED } from './schemas.ts';
import type { GradeRow, ImageName, ImageRow } from './shapes.ts';

interface PageQuery {
  readonly cursor?: string;
  readonly limit: number;
}

interface ImagesQuery extends PageQuery {
  readonly level?: number;
  readonly registry?: string;
  readonly olderThan?: number;
  readonly fails?: string;
  readonly q?: string;
}

type ByName = { Params: { '*': string } };

/** How many images and grades of a digest are listed. */
const MOST_OF_DIGEST = 100;

export function registerImages(app: FastifyInstance, deps: ApiDeps): void {
  const { records } = deps;
  const send = (request: FastifyRequest, reply: FastifyReply, body: object): FastifyReply =>
    sendTagged(request, reply, body, { keep: 'asking', shared: isShared(deps) });

  app.get<{ Querystring: ImagesQuery }>(
    `${API}/images`,
    route({
      about: ['images', 'images', 'Images with their newest grades'],
      querystring: INPUTS.images,
      own: {
        200: json('Images', 'A page of them, by name.', LINK),
        304: UNCHANGED,
      },
    }),
    async (request, reply) => {
      const { level, registry, olderThan: olderThanDays, fails, q, ...page } = request.query;
      const filter = given({ level, registry, olderThanDays, fails, q });
      const { rows, next } = await records.search(filter, page);
      linkNext(request, reply, next);
      return send(request, reply, { images: rows.map(imageJson), next });
    },
  );

  app.get<ByName>(
    `${API}/images/*`,
    route({
      about: ['images', 'image', 'An image with its newest grade'],
      params: INPUTS.byImage,
      own: { 200: json('Image', 'The image.'), 304: UNCHANGED },
      problems: ['not-found'],
    }),
    async (request, reply) => {
      const row = await knownImage(deps, imageNameOf(request.params['*']));
      return send(request, reply, imageJson(row));
    },
  );

  app.get<ByName & { Querystring: PageQuery }>(
    HISTORY,
    route({
      about: ['images', 'history', 'Grades of an image over time'],
      params: INPUTS.byImage,
      querystring: INPUTS.page,
      own: {
        200: json('Grades', 'A page of them, newest first.', LINK),
        304: UNCHANGED,
      },
      problems: ['not-found'],
    }),
    async (request, reply) => {
      const image = imageNameOf(request.params['*']);
      const page = await historyOf(deps, image, request.query);
      linkNext(request, reply, page.next);
      return send(request, reply, { grades: page.rows.map(gradeJson), next: page.next });
    },
  );

  app.get<{ Params: { digest: Digest } }>(
    `${API}/digests/:digest`,
    route({
      about: ['images', 'digest', 'Grades and tags of a digest'],
      params: INPUTS.byDigest,
      own: { 200: json('OfDigest', 'What is known of it.'), 304: UNCHANGED },
      problems: ['not-found'],
    }),
    async (request, reply) => {
      const { digest } = request.params;
      const [grades, images] = await Promise.all([
        records.gradesOf(digest, MOST_OF_DIGEST),
        records.imagesOf(digest, MOST_OF_DIGEST),
      ]);
      if (grades.length === 0 && images.length === 0) throw notFound('this digest was never seen');
      return send(request, reply, {
        digest,
        images: images.map(imageJson),
        grades: grades.map(gradeJson),
      });
    },
  );

  app.get<{ Querystring: { a: string; b: string } }>(
    `${API}/compare`,
    route({
      about: ['images', 'compare', 'What differs between two images'],
      querystring: INPUTS.compare,
      own: { 200: json('Difference', 'From `a` to `b`.'), 304: UNCHANGED },
      problems: ['not-found', 'not-graded'],
    }),
    async (request, reply) => {
      const { a, b } = request.query;
      const [before, after] = await Promise.all([a, b].map((name) => newestOf(deps, name)));
      if (before === undefined || after === undefined) throw notFound();
      const { criteria, ...difference } = diffScorecards(reportOf(before), reportOf(after));
      return send(request, reply, { ...difference, criteria: withNulls(criteria) });
    },
  );

  app.get(
    `${API}/export`,
    route({
      about: ['images', 'export', 'All images with their newest grades'],
      isStream: true,
      own: {
        200: typed(
          'application/x-ndjson',
          { type: 'string' },
          'An `Image` a line, by name. A connection that ends early means that some are missing.',
        ),
      },
    }),
    async (_, reply) => {
      const rows = records.export()[Symbol.asyncIterator]();
      // Before anything is sent, so that a database that is away is still an answer.
      const first = await rows.next();
      return reply
        .header('cache-control', 'no-store')
        .type('application/x-ndjson')
        .send(Readable.from(lines(first, rows)));
    },
  );
}

/**
 * The router has no place for `/history` after a name with slashes: `historyUrl` rewrites
 * `/images/NAME/history` to this.
 */
const HISTORY = `${API}/history/*`;

export function historyUrl(url: string): string {
  return url.replace(/^(\/api\/v1)\/images\/([^?]+)\/history(?=\?|$)/, '$1/history/$2');
}

/** Many small chunks cost more than few large ones. */
const CHUNK = 32 * 1024;

async function* lines(
  first: IteratorResult<ImageRow>,
  rows: AsyncIterator<ImageRow>,
): AsyncGenerator<string> {
  let chunk = '';
  try {
    for (let one = first; one.done !== true; one = await rows.next()) {
      chunk += `${jsonLine(imageJson(one.value))}\n`;
      if (chunk.length < CHUNK) continue;
      yield chunk;
      chunk = '';
    }
    if (chunk !== '') yield chunk;
  } finally {
    // A client that left stops the reading of rows.
    await rows.return?.();
  }
}

/** The next page in a header (RFC 8288). */
function linkNext(request: FastifyRequest, reply: FastifyReply, next: string | undefined): void {
  if (next === undefined) return;
  const [path = '', query = ''] = request.originalUrl.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', next);
  void reply.header('link', `<${path}?${parameters.toString()}>; rel="next"`);
}

/** Of a tag, or of a digest that was graded; undefined where nobody asked. */
export async function imageRow(deps: ApiDeps, image: ImageName): Promise<ImageRow | undefined> {
  const row = await deps.records.image(image);
  if (row !== undefined || image.digest === undefined) return row;
  const [latest] = await gradesAt(deps, image, image.digest);
  return latest && { image, digest: latest.digest, isFollowed: false, latest };
}

async function knownImage(deps: ApiDeps, image: ImageName): Promise<ImageRow> {
  const row = await imageRow(deps, image);
  if (row === undefined) throw notFound(`${imageText(image)} was never asked for`);
  return row;
}

async function gradesAt(
  { records }: ApiDeps,
  { registry, repository }: ImageName,
  digest: Digest,
): Promise<readonly GradeRow[]> {
  const grades = await records.gradesOf(digest, MOST_OF_DIGEST);
  return grades.filter(
    ({ image }) => image.registry === registry && image.repository === repository,
  );
}

async function historyOf(
  deps: ApiDeps,
  image: ImageName,
  query: PageQuery,
): Promise<Page<GradeRow>> {
  const page = await deps.records.history(image, query);
  if (page.rows.length > 0 || query.cursor !== undefined) return page;
  // Never graded, or never heard of.
  const { latest } = await knownImage(deps, image);
  return latest === undefined || image.digest === undefined ? page : { rows: [latest] };
}

async function newestOf(deps: ApiDeps, name: string): Promise<StoredDetail> {
  const { latest } = await knownImage(deps, imageNameOf(name));
  const detail = latest && (await deps.records.detail(latest.id));
  if (detail === undefined) throw new ApiProblem('not-graded', `${name} has no grade yet`);
  return detail;
}
