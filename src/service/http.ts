import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type {
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchema,
  FastifySchemaCompiler,
  RouteGenericInterface,
  RouteOptions,
} from 'fastify';
import SCORECARD from '../../schema/scorecard-1.json' with { type: 'json' };
import API from '../../schema/service-api-1.json' with { type: 'json' };
import { VERSION } from '../cli/version.ts';
import { parseStrictJson } from '../image/formats/json.ts';
import { messageOf, UserError } from '../lib/errors.ts';
import { given, parseJson } from '../lib/json.ts';
import { jsonLine } from '../report/text.ts';
import { DatabaseAway } from './database.ts';
import type { Logger } from './log.ts';
import type { Scope } from './shapes.ts';

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

type Schema = Readonly<Record<string, unknown>>;

type Parameter = Readonly<{ name: string; in: string; required?: boolean; schema: Schema }>;

interface Operation {
  readonly operationId: string;
  /** Nothing: anyone may. The last one has the scope that a token needs. */
  readonly security: readonly { readonly token?: readonly Scope[] }[];
  readonly parameters?: readonly (Parameter | { readonly $ref: string })[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema: Schema }>> };
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
}

const PATHS = API.paths as unknown as Readonly<Record<string, Readonly<Record<string, Operation>>>>;
const PARAMETERS: Readonly<Record<string, Parameter>> = API.components.parameters;
const OPERATIONS = new Map(
  Object.entries(PATHS).flatMap(([path, item]) =>
    Object.entries(item).map(([method, one]) => [one.operationId, { ...one, path, method }]),
  ),
);

type More = Pick<RouteOptions, 'bodyLimit' | 'config' | 'onRequest'>;

/** A route as schema/service-api-1.json has it: its place, what it takes, and who may. */
export function operation<R extends RouteGenericInterface>(
  app: FastifyInstance,
  id: string,
  { config, ...more }: More,
  handler: RouteOptions<Server, IncomingMessage, ServerResponse, R>['handler'],
): void {
  const found = OPERATIONS.get(id);
  if (found === undefined) throw new Error(`the document has no operation ${id}`);
  const { path, method, security, responses, requestBody } = found;
  app.route<R>({
    ...more,
    method,
    handler,
    // The router's wildcards, as names of images have slashes.
    url: path.replace(WITH_SLASHES, '*').replace(/\{(\w+)\}/g, ':$1'),
    schema: given({
      params: objectOf(found, 'path'),
      querystring: objectOf(found, 'query'),
      body: requestBody?.content['application/json']?.schema,
    }),
    // A stream: nothing is made for HEAD.
    exposeHeadRoute: !/event-stream|ndjson/.test(JSON.stringify(responses)),
    config: {
      access: security.at(-1)?.token?.[0] ?? 'open',
      isTagged: '304' in responses,
      ...config,
    },
  });
}

const WITH_SLASHES = /\{(?:image|badge)\}$/;

/** Just these parameters; an object among them allows any. */
function objectOf({ parameters = [], path }: Operation & { path: string }, place: string): Schema {
  const all = parameters
    .map((one) => ('$ref' in one ? (PARAMETERS[one.$ref.replace(/^.*\//, '')] as Parameter) : one))
    .filter((one) => one.in === place)
    .map((one) => ({ ...one, name: WITH_SLASHES.test(path) && place === 'path' ? '*' : one.name }));
  return {
    type: 'object',
    properties: Object.fromEntries(all.map(({ name, schema }) => [name, schema])),
    required: all.filter(({ required }) => required).map(({ name }) => name),
    additionalProperties: all.some(({ schema }) => schema['type'] === 'object'),
  };
}

/** Numbers in addresses are texts; in a body a text is not a number. */
export const validator: FastifySchemaCompiler<FastifySchema> = ({ schema, httpPart }) =>
  (httpPart === 'body' ? STRICT : COERCING).compile({ ...schema, components: API.components });
const [STRICT, COERCING] = [makeAjv(false), makeAjv(true)];

function makeAjv(coerceTypes: boolean): Ajv2020 {
  const ajv = new Ajv2020({ coerceTypes, useDefaults: true, allowUnionTypes: true });
  addFormats.default(ajv);
  ajv.addKeyword('components');
  return ajv;
}

/** Reads bodies of a context strictly, as JSON. */
export function readJson(app: FastifyInstance, type: string, what: string): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(type, { parseAs: 'buffer' }, (request, body, done) => {
    const read = parseStrictJson(body, what, request.routeOptions.bodyLimit);
    if (read.ok) done(null, read.value);
    else done(new ApiProblem('malformed', read.error));
  });
}

/** The document of a service with this address. Parts of the scorecard's schema are components. */
export function documentOf(url: string | undefined): object {
  const moved = JSON.stringify(SCORECARD).replaceAll('#/$defs/', '#/components/schemas/scorecard-');
  // eslint-disable-next-line no-restricted-syntax -- our own schema
  const { $defs, ...Scorecard } = JSON.parse(moved) as typeof SCORECARD;
  const parts = Object.entries($defs).map(([name, one]) => [`scorecard-${name}`, one] as const);
  const schemas = { ...API.components.schemas, Scorecard, ...Object.fromEntries(parts) };
  const servers = url === undefined ? {} : { servers: [{ url }] };
  const info = { ...API.info, version: VERSION };
  return { ...API, info, ...servers, components: { ...API.components, schemas } };
}

export interface Page<T> {
  readonly rows: readonly T[];
  /** Opaque, for the next page; absent at the end. */
  readonly next?: string;
}

export interface PageRequest {
  readonly cursor?: string | undefined;
  /** 1 to 1,000. */
  readonly limit: number;
}

/** The rows of a page out of one row more than it may have. */
export function pageOf<T>(
  found: readonly T[],
  limit: number,
  place: (one: T) => readonly (string | number)[],
): Page<T> {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  if (found.length <= limit || last === undefined) return { rows };
  return { rows, next: Buffer.from(JSON.stringify(place(last))).toString('base64url') };
}

/** The values of a cursor, by what they have to be; undefined without one. Throws ApiProblem. */
export function placeOf(
  cursor: string | undefined,
  kinds: readonly ('string' | 'number')[],
): readonly (string | number)[] | undefined {
  if (cursor === undefined) return undefined;
  const place = parseJson(Buffer.from(cursor, 'base64url').toString());
  const isPlace =
    Array.isArray(place) &&
    place.length === kinds.length &&
    kinds.every((kind, i) => typeof place[i] === kind && !String(place[i]).includes('\0'));
  if (isPlace) return place as (string | number)[];
  const nextStep = 'begin without a cursor';
  throw new ApiProblem('malformed', 'the cursor is not one of this list', { nextStep });
}
