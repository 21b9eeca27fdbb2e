import type { FastifyError, FastifyReply } from 'fastify';
import { messageOf } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { jsonLine } from '../report/text.ts';
import { BadCursor } from './cursor.ts';
import { DatabaseAway } from './database.ts';

/** Kinds of errors: the last part of `type`, its title and its usual status. */
const KINDS = {
  malformed: [400, 'The request is malformed'],
  unauthorized: [401, 'A token is needed'],
  forbidden: [403, 'The token does not allow this'],
  'registry-not-allowed': [403, 'The registry is not allowed'],
  'unknown-signer': [403, 'The signer is not trusted'],
  'not-found': [404, 'Not found'],
  'not-graded': [409, 'Not graded yet'],
  'no-key': [409, 'The service cannot sign'],
  'too-large': [413, 'The request is too large'],
  'wrong-type': [415, 'The media type is not supported'],
  'not-a-verdict': [422, 'This is not a signed verdict of the image'],
  'too-many-requests': [429, 'Too many requests'],
  inner: [500, 'The service failed'],
  registry: [502, 'The registry gave no answer that can be used'],
  unavailable: [503, 'Not available now'],
} as const satisfies Readonly<Record<string, readonly [number, string]>>;
export type ProblemKind = keyof typeof KINDS;

/** An error that the client caused, or that passes. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly kind: ProblemKind;
  readonly nextStep: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    kind: ProblemKind,
    detail: string,
    more: { nextStep?: string; headers?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super(detail, more.cause === undefined ? undefined : { cause: more.cause });
    this.kind = kind;
    this.nextStep = more.nextStep;
    this.headers = more.headers ?? {};
  }
}

export function statusOf(kind: ProblemKind): number {
  return KINDS[kind][0];
}

/** Problem details (RFC 9457) with the id of the request, as in the log. Clients compare `type`. */
export function problemOf({ kind, message, nextStep }: ApiProblem, instance: string) {
  const [status, title] = KINDS[kind];
  const type = `/problems/${kind}`;
  return { type, title, status, detail: message, instance, ...given({ nextStep }) };
}

/** Seconds after which a client may try again. */
const AGAIN = '5';

export function unavailable(detail: string, cause?: unknown): ApiProblem {
  return new ApiProblem('unavailable', detail, { headers: { 'retry-after': AGAIN }, cause });
}

/** What fastify and its parser refuse. */
const BY_STATUS: Readonly<Record<number, ProblemKind>> = {
  404: 'not-found',
  413: 'too-large',
  415: 'wrong-type',
  429: 'too-many-requests',
};

/** What a client sees of an error; undefined for a fault of ours, which only the log has. */
export function knownProblem(error: unknown): ApiProblem | undefined {
  if (error instanceof ApiProblem) return error;
  if (error instanceof DatabaseAway) return unavailable('the database does not answer', error);
  if (error instanceof BadCursor)
    return new ApiProblem('malformed', 'the cursor is not one of this list', {
      nextStep: 'begin without a cursor',
    });
  const { validation, validationContext = '', statusCode = 500 } = error as Partial<FastifyError>;
  const [wrong] = validation ?? [];
  if (wrong !== undefined) {
    const { instancePath, message = 'is wrong', params } = wrong;
    const names = params['additionalProperty'] ?? params['allowedValues'] ?? '';
    const all = Array.isArray(names) ? names.join(', ') : names;
    const which = typeof all === 'string' && all !== '' ? `: ${all}` : '';
    return new ApiProblem('malformed', `${validationContext}${instancePath} ${message}${which}`);
  }
  if (statusCode >= 500) return undefined;
  return new ApiProblem(BY_STATUS[statusCode] ?? 'malformed', messageOf(error));
}

export function innerProblem(): ApiProblem {
  return new ApiProblem('inner', 'an error in the service; its log has it by this request id');
}

export function sendProblem(reply: FastifyReply, problem: ApiProblem): void {
  void reply
    .code(statusOf(problem.kind))
    .headers({ 'cache-control': 'no-store', ...problem.headers })
    .type('application/problem+json')
    // Its media type has no charset.
    .serializer(jsonLine)
    .send(problemOf(problem, reply.request.id));
}
