import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { messageOf } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { jsonLine } from '../report/text.ts';
import { BadCursor, DatabaseAway } from './deps.ts';

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

export const PROBLEM_TYPE = 'application/problem+json';
/** Stable: clients compare them. */
const TYPES = '/problems/';

/** Problem details (RFC 9457). */
interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Id of the request, as in the log. */
  readonly instance: string;
  readonly nextStep?: string;
}

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

export function problemOf({ kind, message, nextStep }: ApiProblem, instance: string): Problem {
  const [status, title] = KINDS[kind];
  return {
    ...{ type: `${TYPES}${kind}`, title, status, detail: message, instance },
    ...given({ nextStep }),
  };
}

/** Seconds after which a client may try again. */
const AGAIN = '5';

export function unavailable(detail: string, cause?: unknown): ApiProblem {
  return new ApiProblem('unavailable', detail, { headers: { 'retry-after': AGAIN }, cause });
}

/** Codes of fastify and its parser, by what was wrong. */
const BY_CODE: Readonly<Record<string, ProblemKind>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'wrong-type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'too-large',
};
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
  const { validation, validationContext, code, statusCode = 500 } = error as Partial<FastifyError>;
  const [wrong] = validation ?? [];
  if (wrong !== undefined)
    return new ApiProblem('malformed', `${validationContext ?? 'request'}${shownFault(wrong)}`);
  if (statusCode >= 500) return undefined;
  const kind = BY_CODE[code ?? ''] ?? BY_STATUS[statusCode] ?? 'malformed';
  return new ApiProblem(kind, messageOf(error));
}

function shownFault({
  instancePath,
  message = 'is wrong',
  params,
}: NonNullable<FastifyError['validation']>[number]): string {
  const more = params['additionalProperty'] ?? params['allowedValues'];
  const names = Array.isArray(more) ? more.join(', ') : more;
  return `${instancePath} ${message}${typeof names === 'string' ? `: ${names}` : ''}`;
}

/** Answers any error as problem details; `log` gets those that are not the client's fault. */
export function problemAnswers(log: (request: FastifyRequest, error: unknown) => void) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const known = knownProblem(error);
    if (known === undefined || known.kind === 'unavailable') log(request, error);
    const problem =
      known ??
      new ApiProblem('inner', 'an error in the service; its log has it by this request id');
    sendProblem(reply, problem, request.id);
  };
}

export function sendProblem(reply: FastifyReply, problem: ApiProblem, id: string): void {
  void reply
    .code(statusOf(problem.kind))
    .headers({ 'cache-control': 'no-store', ...problem.headers })
    .type(PROBLEM_TYPE)
    .serializer((body: object) => jsonLine(body))
    .send(problemOf(problem, id));
}
