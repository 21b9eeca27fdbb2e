import type { FastifyInstance, FastifyReply } from 'fastify';
import { jsonReport } from '../report/json.ts';
import { jsonLine } from '../report/text.ts';
import { imageText } from './allowed.ts';
import {
  allowedImage,
  API,
  type ApiDeps,
  askJson,
  detailJson,
  isShared,
  notFound,
  reportOf,
  sendTagged,
  type StoredDetail,
} from './answers.ts';
import { registerImages } from './api-images.ts';
import { registerBadges } from './badges.ts';
import { AskEvents } from './events.ts';
import { type Metrics, registerHealth } from './metrics.ts';
import { ApiProblem } from './problems.ts';
import { INPUTS, json, readJson, route, typed, UNCHANGED, validator } from './schemas.ts';
import type { Ask } from './shapes.ts';
import { registerVerdicts } from './verdicts.ts';

/** All of the API, in a context of its own: other parts read other bodies. */
export function registerApi(app: FastifyInstance, deps: ApiDeps, metrics: Metrics): void {
  readJson(app, 'application/json', 'the body');
  app.setValidatorCompiler(validator);
  // What is sent is what the document says: tests check that, so nothing is dropped silently.
  app.setSerializerCompiler(() => (value) => jsonLine(value as object));
  registerGrades(app, deps);
  registerImages(app, deps);
  registerVerdicts(app, deps);
  registerBadges(app, deps);
  registerHealth(app, deps, metrics);
}

type ById = { Params: { id: string } };

function registerGrades(app: FastifyInstance, deps: ApiDeps): void {
  const { records, queue, log } = deps;
  const events = new AskEvents((ids) => records.asks(ids), { log });
  app.addHook('preClose', (done) => {
    events.close();
    done();
  });

  app.post<{ Body: { image: string; fresh?: boolean } }>(
    `${API}/grades`,
    route({
      about: ['grades', 'askForGrade', 'Ask for a grade of an image'],
      scope: 'ask',
      body: INPUTS.ask,
      own: {
        202: json('Asked', 'Asked for, or asked for before and not done yet.', {
          location: { type: 'string', description: 'Where to look.' },
          'retry-after': { type: 'string', description: 'Seconds to wait before.' },
        }),
      },
      problems: ['registry-not-allowed'],
    }),
    async (request, reply) => {
      await deps.limits.costly(request);
      const image = allowedImage(deps, request.body.image);
      const by = request.token === null ? {} : { askedBy: request.token.name };
      const fresh = request.body.fresh === true;
      const { ask } = await queue.ask({ image, reason: 'api', fresh, ...by });
      const headers = { location: `${API}/grades/${ask.id}`, 'retry-after': '2' };
      return reply.code(202).headers(headers).send({ id: ask.id, status: ask.state });
    },
  );

  app.get<ById>(
    `${API}/grades/:id`,
    route({
      about: ['grades', 'grade', 'A grade, or how far it is'],
      params: INPUTS.byId,
      own: {
        200: json('Ask', 'The grade as asked for; by the id of a grade, too.'),
        304: UNCHANGED,
      },
      problems: ['not-found'],
    }),
    async (request, reply) => {
      const { ask, detail } = await found(deps, request.params.id);
      const isOver = ask === undefined || ask.state === 'done' || ask.state === 'failed';
      return sendTagged(request, reply, foundJson(ask, detail), {
        keep: isOver ? 3600 : 'asking',
        shared: isShared(deps),
      });
    },
  );

  app.get<ById>(
    `${API}/grades/:id/events`,
    route({
      about: ['grades', 'events', 'States and progress of a grade, as they come'],
      isStream: true,
      params: INPUTS.byId,
      own: {
        200: typed(
          'text/event-stream',
          { type: 'string' },
          'Server-sent events, named by the status (`queued`, `running`, `done`, `failed`), with JSON of `Progress` as data. The stream ends after `done` or `failed`.',
        ),
      },
      problems: ['not-found'],
    }),
    async (request, reply) => {
      const ask = await records.ask(request.params.id);
      if (ask === undefined) throw notFound();
      return reply
        .headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
        .type('text/event-stream')
        .send(events.open(ask));
    },
  );

  app.get<ById & { Querystring: { form: 'html' | 'json' } }>(
    `${API}/grades/:id/report`,
    route({
      about: ['grades', 'report', 'The report of a grade'],
      params: INPUTS.byId,
      querystring: INPUTS.report,
      own: {
        200: {
          description: 'The report, as `scoville grade --report` writes it.',
          content: {
            'text/html': { schema: { type: 'string' } },
            'application/json': { schema: { $ref: 'Scorecard#' } },
          },
        },
      },
      problems: ['not-found', 'not-graded'],
    }),
    async (request, reply) => {
      const { detail, ask } = await found(deps, request.params.id);
      if (detail === undefined)
        throw new ApiProblem('not-graded', `this is ${ask?.state ?? 'unknown'}, and has no report`);
      return sendReport(deps, request.query.form, detail, reply);
    },
  );
}

/** Loads nothing and belongs to no site, whatever an image has put into it. */
const REPORT_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-scripts allow-popups";

async function sendReport(
  deps: ApiDeps,
  form: 'html' | 'json',
  detail: StoredDetail,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const who = isShared(deps) ? 'public' : 'private';
  void reply.headers({ 'cache-control': `${who}, max-age=3600` }).serializer(String);
  if (form === 'json') return reply.type('application/json').send(jsonReport(detail.scorecard));
  // React is loaded for those who ask for it.
  const { htmlReport } = await import('../report/html/report.ts');
  return reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', REPORT_POLICY)
    .send(htmlReport(reportOf(detail)));
}

interface Found {
  readonly ask: Ask | undefined;
  readonly detail: StoredDetail | undefined;
}

/** By the id of an ask, or of a grade that nobody asked for. Throws ApiProblem. */
async function found({ records }: ApiDeps, id: string): Promise<Found> {
  const ask = await records.ask(id);
  if (ask !== undefined && ask.gradeId === undefined) return { ask, detail: undefined };
  const detail = await records.detail(ask?.gradeId ?? id);
  if (ask === undefined && detail === undefined) throw notFound();
  return { ask, detail };
}

function foundJson(ask: Ask | undefined, detail: StoredDetail | undefined): object {
  const grade = detail && detailJson(detail);
  if (ask !== undefined) return { ...askJson(ask), grade };
  return { id: detail?.id, image: detail && imageText(detail.image), status: 'done', grade };
}
