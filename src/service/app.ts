import { randomUUID } from 'node:crypto';
import rateLimit from '@fastify/rate-limit';
import swagger from '@fastify/swagger';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { VERSION } from '../cli/version.ts';
import { messageOf } from '../lib/errors.ts';
import { guard, tooMany } from './access.ts';
import { Allowed } from './allowed.ts';
import type { ApiDeps } from './answers.ts';
import { historyUrl } from './api-images.ts';
import { registerApi } from './api.ts';
import type { AppDeps } from './deps.ts';
import type { Hands } from './hands.ts';
import { type Metrics, openMetrics } from './metrics.ts';
import { ApiProblem, problemAnswers, sendProblem } from './problems.ts';
import { COMPONENTS, documentOptions } from './schemas.ts';

/** Requests that one token or address may make in a minute. */
interface Limits {
  readonly requests: number;
  /** Grades that are asked for, verdicts that are sent, badges of names not seen lately. */
  readonly costly: number;
  /** Wrong tokens by address. */
  readonly wrongTokens: number;
}
const LIMITS: Limits = { requests: 600, costly: 120, wrongTokens: 20 };

export interface AppParts {
  /** Pages, webhooks, Harbor: each in a context of its own. */
  readonly parts?: readonly ((app: FastifyInstance, deps: AppDeps) => unknown)[];
  readonly limits?: Partial<Limits>;
  /** Checks verdicts that builds send. */
  readonly hands?: () => Promise<Hands>;
  /** Where workers of this process count, too. */
  readonly metrics?: Metrics;
}

const MAX_BODY = 64 * 1024;
const MAX_NAME = 1000;

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
export async function buildApp(deps: AppDeps, more: AppParts = {}): Promise<FastifyInstance> {
  const { log, settings } = deps;
  const limits = { ...LIMITS, ...more.limits };
  const metrics = more.metrics ?? openMetrics(deps);
  const isSecure = settings.url?.startsWith('https:') === true;
  const headers = isSecure
    ? { ...HEADERS, 'strict-transport-security': 'max-age=31536000' }
    : HEADERS;
  const app = fastify({
    bodyLimit: MAX_BODY,
    // Its own: one from outside could be anything.
    ...{ requestIdHeader: false, genReqId: () => randomUUID() },
    // A proxy on this machine says for whom it asks; nobody else is believed.
    trustProxy: 'loopback',
    // Slow senders do not keep a connection.
    requestTimeout: 60_000,
    routerOptions: { maxParamLength: MAX_NAME },
    rewriteUrl: ({ url = '/' }) => historyUrl(url),
    frameworkErrors: (error, request, reply) => {
      void reply.headers(headers);
      sendProblem(reply, new ApiProblem('malformed', messageOf(error)), request.id);
    },
  });
  app.setErrorHandler(
    problemAnswers(({ id, method, routeOptions }, error) => {
      log.error('request failed', { id, method, route: routeOptions.url ?? 'none', error });
    }),
  );
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers({ ...headers, 'request-id': request.id });
    done();
  });
  app.addHook(
    'onResponse',
    ({ id, method, routeOptions, token }, { statusCode, elapsedTime }, done) => {
      // The pattern: addresses of images and queries are nobody's business.
      const route = routeOptions.url ?? 'none';
      metrics.answered(method, route, statusCode, elapsedTime / 1000);
      const ms = Math.round(elapsedTime * 10) / 10;
      log.info('request', { id, method, route, status: statusCode, ms, by: token?.name });
      done();
    },
  );
  for (const schema of COMPONENTS) app.addSchema(schema);
  await app.register(swagger, documentOptions(settings.url, VERSION));
  await app.register(rateLimit, {
    ...{ max: limits.requests, timeWindow: 60_000, keyGenerator: clientOf },
    errorResponseBuilder: (_, { ttl }) => tooMany(ttl),
  });
  guard(app, deps, limits.wrongTokens);
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request, reply) => {
    sendProblem(reply, new ApiProblem('not-found', 'no such page'), request.id);
  });
  const limiter = (max: number, name: string) => {
    const keyGenerator = (request: FastifyRequest): string => `${name} ${clientOf(request)}`;
    const limit = app.createRateLimit({ max, timeWindow: 60_000, keyGenerator });
    return async (request: FastifyRequest): Promise<void> => {
      const state = await limit(request);
      if (!state.isAllowed && state.isExceeded) throw tooMany(state.ttl);
    };
  };
  const api: ApiDeps = {
    ...deps,
    allowed: new Allowed(settings.registries),
    hands: more.hands,
    limits: {
      costly: limiter(limits.costly, 'costly'),
      badges: limiter(limits.requests, 'badges'),
    },
  };
  await app.register((own, _, done) => {
    registerApi(own, api, metrics);
    done();
  });
  app.get('/openapi.json', { config: { access: 'open' }, schema: { hide: true } }, () =>
    app.swagger(),
  );
  for (const part of more.parts ?? [])
    await app.register(async (own) => {
      await part(own, deps);
    });
  return app;
}

function clientOf({ token, ip }: FastifyRequest): string {
  return token === null ? `address ${ip}` : `token ${token.id}`;
}
