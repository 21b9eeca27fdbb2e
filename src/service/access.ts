import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AppDeps } from './parts.ts';
import { ApiProblem } from './problems.ts';
import type { Scope } from './shapes.ts';
import { may, type Token } from './tokens.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Who may; `read` without it. `open`: anyone, and a token is not checked. `read`: anyone, or a
     * token of that scope, as settings say. `metrics`: this machine too. Else a token of that
     * scope.
     */
    access?: 'open' | Scope;
    /** Answers have an ETag; caches ask with it each time, where nothing else is said. */
    isTagged?: boolean;
  }
  interface FastifyRequest {
    /** Whose token came with the request; never the secret. */
    token: Token | null;
  }
}

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;

/** Checks the token of each request before anything of it is read. */
export function guard(app: FastifyInstance, deps: AppDeps, wrongTokens: number): void {
  const { tokens, settings } = deps;
  app.decorateRequest('token', null);
  const guess = limitOf(app, 'wrong', wrongTokens);
  app.addHook('onRequest', async (request) => {
    const { routeOptions, headers, method, ip, socket } = request;
    const access = routeOptions.config.access ?? 'read';
    if (access === 'open') return;
    // Where a browser keeps the password, a page of somebody else must not use it.
    if (
      !/^(?:GET|HEAD)$/.test(method) &&
      /^(?:cross|same)-site$/.test(String(headers['sec-fetch-site']))
    )
      throw new ApiProblem('forbidden', 'a page of another site must not send this');
    // Behind a proxy of this machine both addresses are checked.
    const isHere = [ip, socket.remoteAddress ?? ''].every((one) => LOOPBACK.test(one));
    const isFree =
      (access === 'read' && settings.reading === 'open') || (access === 'metrics' && isHere);
    const secret = secretOf(headers.authorization);
    if (secret === undefined) {
      if (isFree) return;
      throw unauthorized(request, 'this needs a token: Authorization: Bearer TOKEN');
    }
    await guess(request, { increment: false });
    request.token = (await tokens.check(secret)) ?? null;
    if (request.token === null) {
      await guess(request);
      throw unauthorized(request, 'the token is unknown, expired or revoked', 'invalid_token');
    }
    if (!may(request.token, access) && !isFree)
      throw new ApiProblem('forbidden', `the token does not have the scope \`${access}\``);
  });
}

/**
 * Refuses an address that did something more than `max` times in this minute; each `name` has its
 * own limit. Without `increment` it only looks, and refuses already what would be one too many.
 */
export function limitOf(app: FastifyInstance, name: string, max: number) {
  const keyGenerator = ({ ip }: FastifyRequest): string => `${name} ${ip}`;
  const limit = app.createRateLimit({ max, timeWindow: 60_000, keyGenerator });
  return async (request: FastifyRequest, options = { increment: true }): Promise<void> => {
    const state = await limit(request, options);
    if (state.isAllowed) return;
    if (options.increment ? state.isExceeded : state.remaining === 0) throw tooMany(state.ttl);
  };
}

export function tooMany(ttl: number): ApiProblem {
  const seconds = String(Math.max(1, Math.ceil(ttl / 1000)));
  return new ApiProblem('too-many-requests', `try again in ${seconds} s`, {
    headers: { 'retry-after': seconds },
  });
}

/** A bearer token, or the password of Basic, which browsers ask people for. */
export function secretOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  const [, scheme = '', value = ''] =
    /^(bearer|basic) +([\w.~+/=-]+) *$/i.exec(authorization) ?? [];
  if (scheme.toLowerCase() !== 'basic') return value;
  const pair = Buffer.from(value, 'base64').toString('utf8');
  return pair.slice(pair.indexOf(':') + 1);
}

function unauthorized({ headers }: FastifyRequest, detail: string, error?: string): ApiProblem {
  const isPerson = headers.accept?.includes('text/html') === true;
  const scheme = `${isPerson ? 'Basic' : 'Bearer'} realm="Scoville"`;
  const challenge = error === undefined || isPerson ? scheme : `${scheme}, error="${error}"`;
  return new ApiProblem('unauthorized', detail, {
    headers: { 'www-authenticate': challenge },
    nextStep: 'scoville serve token create',
  });
}
