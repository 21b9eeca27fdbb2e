import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type {
  FastifyInstance,
  FastifySchema,
  FastifySchemaCompiler,
  RouteGenericInterface,
  RouteOptions,
} from 'fastify';
import SCORECARD from '../../schema/scorecard-1.json' with { type: 'json' };
import API from '../../schema/service-api-1.json' with { type: 'json' };
import { VERSION } from '../cli/version.ts';
import { parseStrictJson } from '../image/formats/json.ts';
import { given } from '../lib/json.ts';
import { ApiProblem } from './problems.ts';
import type { Scope } from './shapes.ts';

type Schema = Readonly<Record<string, unknown>>;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema: Schema;
}

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
    ...{ ...more, method, handler },
    // The router's wildcards, as names of images have slashes.
    url: path.replace(WITH_SLASHES, '*').replace(/\{(\w+)\}/g, ':$1'),
    schema: given({
      ...{ params: objectOf(found, 'path'), querystring: objectOf(found, 'query') },
      body: requestBody?.content['application/json']?.schema,
    }),
    // A stream: nothing is made for HEAD.
    exposeHeadRoute: !/event-stream|ndjson/.test(JSON.stringify(responses)),
    config: {
      ...{ access: security.at(-1)?.token?.[0] ?? 'open', isTagged: '304' in responses },
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
  const defs: object = Object.fromEntries(parts);
  const schemas = { ...API.components.schemas, ...defs, Scorecard };
  return {
    ...{ ...API, info: { ...API.info, version: VERSION } },
    ...(url === undefined ? {} : { servers: [{ url }] }),
    components: { ...API.components, schemas },
  };
}
