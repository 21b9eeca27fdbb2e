import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { notFound } from '../api.ts';
import { problemFor, problemOf } from '../http.ts';
import type { AppDeps } from '../parts.ts';
import { comparison, repository } from './compare.ts';
import { fleet } from './fleet.ts';
import { ASSETS, faultPage, type PageRequest, POLICY, QUERY } from './frame.ts';
import { image } from './image.ts';

const PAGES: Readonly<Record<string, (deps: AppDeps, request: PageRequest) => Promise<string>>> = {
  '/': fleet,
  '/images/*': image,
  '/repositories/*': repository,
  '/compare': comparison,
};

/** The pages. They read and change nothing, so that no other site can make a browser do it. */
export function registerPages(app: FastifyInstance, deps: AppDeps): void {
  const send = (reply: FastifyReply, page: string): FastifyReply =>
    reply.type('text/html; charset=utf-8').header('content-security-policy', POLICY).send(page);
  app.setErrorHandler((error, request, reply) => {
    const problem = problemFor(error, request, deps.log);
    void reply.code(problem.status).headers({ 'cache-control': 'no-store', ...problem.headers });
    return send(reply, faultPage(problemOf(problem, request.id)));
  });
  for (const { path, text, type } of ASSETS)
    app.get(path, { config: { access: 'open', rateLimit: false } }, (_, reply) =>
      reply.header('cache-control', 'public, max-age=31536000, immutable').type(type).send(text),
    );
  const options = {
    schema: { querystring: QUERY },
    // A field of a form that was left empty is not given.
    preValidation: (request: FastifyRequest, _: FastifyReply, done: () => void) => {
      const fields = Object.entries(request.query as Record<string, string | string[]>)
        .map(([name, value]) => [name, typeof value === 'string' ? value.trim() : value] as const)
        .filter(([, value]) => value !== '');
      request.query = Object.fromEntries(fields);
      done();
    },
    config: { isTagged: true },
  };
  for (const [path, pageOf] of Object.entries(PAGES))
    app.get(path, options, async (request, reply) =>
      send(reply, await pageOf(deps, request as PageRequest)),
    );
  // People get a page for what is nowhere, programs what they got before.
  app.get('/*', ({ headers }, reply) => {
    if (headers.accept?.includes('text/html') === true)
      throw notFound('there is nothing at this address');
    reply.callNotFound();
    return reply;
  });
}
