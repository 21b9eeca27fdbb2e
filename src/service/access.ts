import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AppDeps } from './parts.ts';
import { ApiProblem } from './problems.ts';
import { may, type Scope, type Token } from './tokens.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may; `read` without it. */
    access?: Access;
  }
  interface FastifyRequest {
    /** Whose token came with the request; never the secret. */
    token: Token | null;
  }
}

/**
 * `open`: anyone, and a token is not checked. `read`: anyone, or a token of that scope, as
 * settings say. `metrics`: this machine too. Else a token of that scope.
 */
type Access = 'open' | Scope;

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;

/** Checks the token of each request before anything of it is read. */
export function guard(
  app: FastifyInstance,
  { tokens, settings }: Pick<AppDeps, 'tokens' | 'settings'>,
  wrongTokens: number,
): void {
  app.decorateRequest('token', null);
  const guesses = guessesOf(app, 'wrong', wrongTokens);
  app.addHook('onRequest', async (request) => {
    const access = request.routeOptions.config.access ?? 'read';
    if (access === 'open') return;
    if (comesFromElsewhere(request))
      throw new ApiProblem('forbidden', 'a page of another site must not send this');
    const isFree = isOpen(access, settings.reading, request);
    const secret = secretOf(request.headers.authorization);
    if (secret === undefined) {
      if (isFree) return;
      throw unauthorized(request, 'this needs a token: Authorization: Bearer TOKEN');
    }
    await guesses.refuse(request);
    request.token = (await tokens.check(secret)) ?? null;
    if (request.token === null) {
      await guesses.count(request);
      throw unauthorized(request, 'the token is unknown, expired or revoked', 'invalid_token');
    }
    if (!may(request.token, access) && !isFree)
      throw new ApiProblem('forbidden', `the token does not have the scope \`${access}\``);
  });
}

/** Wrong secrets by address, at most so many a minute; each `name` has its own limit. */
export function guessesOf(app: FastifyInstance, name: string, most: number) {
  const limit = app.createRateLimit({
    ...{ max: most, timeWindow: 60_000, keyGenerator: ({ ip }) => `${name} ${ip}` },
  });
  return {
    /** Who guesses is not answered for a while, even where the guess is right. */
    refuse: async (request: FastifyRequest): Promise<void> => {
      const before = await limit(request, { increment: false });
      if (!before.isAllowed && before.remaining === 0) throw tooMany(before.ttl);
    },
    count: (request: FastifyRequest): Promise<unknown> => limit(request),
  };
}

export function tooMany(ttl: number): ApiProblem {
  const seconds = String(Math.max(1, Math.ceil(ttl / 1000)));
  return new ApiProblem('too-many-requests', `try again in ${seconds} s`, {
    headers: { 'retry-after': seconds },
  });
}

function isOpen(access: Access, reading: 'open' | 'token', request: FastifyRequest): boolean {
  if (access === 'read') return reading === 'open';
  const { ip, socket } = request;
  // Behind a proxy of this machine both are checked.
  return access === 'metrics' && LOOPBACK.test(ip) && LOOPBACK.test(socket.remoteAddress ?? '');
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

/** Where a browser keeps the password, a page of somebody else must not use it. */
function comesFromElsewhere({ method, headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  return method !== 'GET' && method !== 'HEAD' && (site === 'cross-site' || site === 'same-site');
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
