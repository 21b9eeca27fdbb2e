import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { messageOf, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { jsonLine } from '../report/text.ts';
import { DatabaseAway } from './database.ts';
import type { Logger } from './log.ts';

/** Kinds of errors: the last part of `type`, its status and its title. */
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
  'wrong-field': [422, 'A field is wrong'],
  'too-many-requests': [429, 'Too many requests'],
  inner: [500, 'The service failed'],
  'not-scanned': [500, 'The scan has no report'],
  'not-supported': [501, 'Not supported'],
  registry: [502, 'The registry gave no answer that can be used'],
  unavailable: [503, 'Not available now'],
} as const satisfies Readonly<Record<string, readonly [number, string]>>;
type ProblemKind = keyof typeof KINDS;

export class ApiProblem extends UserError {
  override readonly name = 'ApiProblem';
  readonly kind: ProblemKind;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    kind: ProblemKind,
    detail: string,
    more: { nextStep?: string; headers?: Readonly<Record<string, string>>; cause?: unknown } = {},
  ) {
    super(detail, more);
    this.kind = kind;
    this.status = KINDS[kind][0];
    this.headers = more.headers ?? {};
  }
}

/** Problem details (RFC 9457) with the id of the request, as in the log. Clients compare `type`. */
export function problemOf({ kind, message, nextStep }: ApiProblem, instance: string) {
  const [status, title] = KINDS[kind];
  const type = `/problems/${kind}`;
  return { type, title, status, detail: message, instance, ...given({ nextStep }) };
}

export function unavailable(detail: string, cause?: unknown): ApiProblem {
  return new ApiProblem('unavailable', detail, { headers: { 'retry-after': '5' }, cause });
}

/** What a client sees of an error; the log has what is ours, by the id of the request. */
export function problemFor(
  error: unknown,
  { id, method, routeOptions }: FastifyRequest,
  log: Logger,
): ApiProblem {
  if (error instanceof ApiProblem && error.kind !== 'unavailable') return error;
  const { validation, statusCode = 500 } = error as Partial<FastifyError>;
  if (validation !== undefined) {
    const { additionalProperty, allowedValues = [] } = validation[0]?.params ?? {};
    const names = [additionalProperty ?? allowedValues].flat() as readonly string[];
    const which = names.length === 0 ? '' : `: ${names.join(', ')}`;
    return new ApiProblem('malformed', `${messageOf(error)}${which}`);
  }
  // What fastify and its parser refuse.
  if (statusCode < 500) {
    const kinds = Object.keys(KINDS) as ProblemKind[];
    const kind = kinds.find((one) => KINDS[one][0] === statusCode) ?? 'malformed';
    return new ApiProblem(kind, messageOf(error));
  }
  log.error('request failed', { id, method, route: routeOptions.url ?? 'none', error });
  if (error instanceof ApiProblem) return error;
  if (error instanceof DatabaseAway) return unavailable('the database does not answer', error);
  return new ApiProblem('inner', 'an error in the service; its log has it by this request id');
}

export function sendProblem(reply: FastifyReply, problem: ApiProblem): void {
  void reply
    .code(problem.status)
    .headers({ 'cache-control': 'no-store', ...problem.headers })
    .type('application/problem+json')
    // Its media type has no charset.
    .serializer(jsonLine)
    .send(problemOf(problem, reply.request.id));
}
