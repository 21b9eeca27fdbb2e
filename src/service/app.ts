import { randomUUID } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { messageOf } from '../lib/errors.ts';
import { jsonLine } from '../report/text.ts';
import { guard, tooMany } from './access.ts';
import { Allowed } from './allowed.ts';
import { type ApiDeps, caching, etagOf, registerApi } from './api.ts';
import { ApiProblem, documentOf, problemFor, sendProblem, validator } from './http.ts';
import { type Metrics, openMetrics } from './metrics.ts';
import type { AppDeps } from './parts.ts';
import { registerVerdicts } from './verdicts.ts';

/**
 * Requests that one token or address may make in a minute: any, such as make work (each kind of
 * them), badges that are not kept, and with wrong tokens.
 */
const LIMITS = { requests: 600, costly: 120, badges: 600, wrongTokens: 20 };
const COSTLY = new Set<unknown>(['ask', 'verdict', 'attach']);

/** Pages, webhooks, Harbor: each in a context of its own. */
export type AppPart = (app: FastifyInstance, deps: ApiDeps) => void;

export interface AppParts {
  readonly parts?: readonly AppPart[];
  readonly limits?: Partial<typeof LIMITS>;
  readonly hands?: ApiDeps['hands'];
  /** Where workers of this process count, too. */
  readonly metrics?: Metrics;
}

/** All answers have these; pages, reports and badges replace some. */
const HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
};

/** The HTTP side of the service. `listen` and `close` are the caller's. */
export async function buildApp(
  deps: AppDeps,
  { parts = [], hands, metrics = openMetrics(deps), ...more }: AppParts = {},
): Promise<FastifyInstance> {
  const { log, settings } = deps;
  const limits = { ...LIMITS, ...more.limits };
  const app = fastify({
    bodyLimit: 64 * 1024,
    // Its own: one from outside could be anything.
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    // A proxy on this machine says for whom it asks, and those that settings name.
    trustProxy: ['loopback', ...settings.proxies],
    // Slow senders do not keep a connection.
    requestTimeout: 60_000,
    routerOptions: { maxParamLength: 1000 },
    frameworkErrors: (error, _, reply) => {
      sendProblem(reply.headers(HEADERS), new ApiProblem('malformed', messageOf(error)));
    },
  });
  app.setValidatorCompiler(validator);
  // A terminal that prints an answer stays as it is.
  app.setReplySerializer((body) => jsonLine(body as object));
  app.setErrorHandler((error, request, reply) => {
    sendProblem(reply, problemFor(error, request, log));
  });
  const vary = settings.reading === 'open' ? {} : { vary: 'authorization' };
  const tagged = { ...HEADERS, 'cache-control': caching(deps, 'no-cache'), ...vary };
  const untagged = { ...HEADERS, 'cache-control': 'no-store' };
  app.addHook('onRequest', (request, reply, done) => {
    const { isTagged = false } = request.routeOptions.config;
    void reply.headers(isTagged ? tagged : untagged).header('request-id', request.id);
    done();
  });
  app.addHook('onSend', ({ routeOptions, headers }, reply, payload, done) => {
    const { isTagged = false } = routeOptions.config;
    if (!isTagged || typeof payload !== 'string' || reply.statusCode !== 200) {
      done();
      return;
    }
    const etag = reply.getHeader('etag')?.toString() ?? etagOf(payload);
    void reply.header('etag', etag);
    // RFC 9110, 13.1.2: weak comparison. With its headers: a browser takes them over.
    const known = headers['if-none-match']?.split(',').map((one) => one.trim()) ?? [];
    if (!['*', etag, `W/${etag}`].some((one) => known.includes(one))) {
      done();
      return;
    }
    void reply.code(304);
    done(null, null);
  });
  app.addHook('onResponse', (request, { statusCode: status, elapsedTime }, done) => {
    const { id, method, routeOptions, token } = request;
    // The pattern: addresses of images and queries are nobody's business.
    const route = routeOptions.url ?? 'none';
    metrics.answered(method, route, status, elapsedTime / 1000);
    const ms = Math.round(elapsedTime * 10) / 10;
    log.info('request', { id, method, route, status, ms, by: token?.name });
    done();
  });
  app.addHook('onRoute', ({ config }) => {
    if (COSTLY.has(config?.access)) (config ?? {}).rateLimit ??= { max: limits.costly };
  });
  await app.register(rateLimit, {
    max: limits.requests,
    timeWindow: 60_000,
    keyGenerator: clientOf,
    errorResponseBuilder: (_, { ttl }) => tooMany(ttl),
  });
  guard(app, deps, limits.wrongTokens);
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (_, reply) => {
    sendProblem(reply, new ApiProblem('not-found', 'no such page'));
  });
  const all = { ...deps, metrics, limits, allowed: new Allowed(settings.registries), hands };
  const document = documentOf(settings.url);
  app.get('/openapi.json', { config: { access: 'open', isTagged: true } }, () => document);
  for (const part of [registerApi, registerVerdicts, ...parts])
    await app.register((own, _, done) => {
      part(own, all);
      done();
    });
  return app;
}

function clientOf({ token, ip }: FastifyRequest): string {
  return token === null ? `address ${ip}` : `token ${token.id}`;
}
