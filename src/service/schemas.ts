import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type {
  FastifyInstance,
  FastifySchema,
  FastifySchemaCompiler,
  RouteShorthandOptions,
} from 'fastify';
import SCORECARD from '../../schema/scorecard-1.json' with { type: 'json' };
import API from '../../schema/service-api-1.json' with { type: 'json' };
import { CATALOGUE } from '../criteria/catalogue.ts';
import { parseStrictJson } from '../image/formats/json.ts';
import { given } from '../lib/json.ts';
import { groupBy } from '../lib/parallel.ts';
import type { Scope } from './deps.ts';
import { ApiProblem, PROBLEM_TYPE, type ProblemKind, statusOf } from './problems.ts';

export type Schema = Readonly<Record<string, unknown>>;

/** An object with just these fields; a name that ends in `?` is optional. */
export function object(fields: Readonly<Record<string, Schema>>): Schema {
  const named = Object.entries(fields).map(([name, one]) => [name.replace('?', ''), one] as const);
  const required = Object.keys(fields).filter((name) => !name.endsWith('?'));
  const properties = Object.fromEntries(named);
  return { type: 'object', additionalProperties: false, properties, required };
}

/** Schemas that the document has under `components`. */
export const COMPONENTS: readonly Schema[] = Object.entries(API.components).map(([name, one]) => ({
  ...{ $id: name, ...one },
}));

const { images } = API.inputs;
const fails = { ...images.properties.fails, enum: CATALOGUE.map(({ id }) => id) };
/** Parameters and bodies. */
export const INPUTS = {
  ...API.inputs,
  images: { ...images, properties: { ...images.properties, fails } },
};

/** An answer in JSON. */
export function json(name: string, description: string, headers?: Schema): Schema {
  return typed('application/json', { $ref: `${name}#` }, description, headers);
}

export function typed(type: string, schema: Schema, description: string, headers?: Schema): Schema {
  return { description, content: { [type]: { schema } }, ...given({ headers }) };
}

/** Header of a page that is not the last. */
export const LINK: Schema = {
  link: { type: 'string', description: 'The next page, `rel="next"` (RFC 8288).' },
};

export const UNCHANGED: Schema = {
  type: 'null',
  description: 'Unchanged since the answer with this ETag.',
};

interface RouteAbout {
  /** Group and id of the operation, and what it is, in a few words. */
  readonly about: readonly [tag: string, id: string, summary: string];
  readonly description?: string;
  /** Scope that it needs; without it those who may read. */
  readonly scope?: Scope;
  /** Anyone may, even where reading needs a token. */
  readonly isOpen?: true;
  readonly params?: Schema;
  /** Default: none may be given. */
  readonly querystring?: Schema | 'any';
  readonly body?: Schema;
  readonly bodyLimit?: number;
  readonly rateLimit?: false;
  /** A stream: nothing is made for HEAD. */
  readonly isStream?: true;
  readonly own: Readonly<Record<number, Schema>>;
  /** Errors that it may give, besides those of all routes. */
  readonly problems?: readonly ProblemKind[];
}

/** Schemas, documentation and access of a route, each said once. */
export function route(of: RouteAbout): RouteShorthandOptions {
  const { about, scope, isOpen, params, body, querystring = INPUTS.nothing, problems = [] } = of;
  const [tag, operationId, summary] = about;
  const needs = scope === undefined ? '' : `Needs a token of scope \`${scope}\`.`;
  const description = [of.description ?? '', needs].join(' ').trim();
  const kinds: readonly ProblemKind[] = [
    ...(['malformed', 'too-many-requests', 'inner', 'unavailable'] as const),
    ...(isOpen === true ? [] : (['unauthorized', 'forbidden'] as const)),
    ...(body === undefined ? [] : (['too-large', 'wrong-type'] as const)),
    ...problems,
  ];
  const errors = [...groupBy(kinds, statusOf)].map(([status, some]) => [
    status,
    typed(
      PROBLEM_TYPE,
      { $ref: 'Problem#' },
      `Errors: ${some.map((one) => `\`${one}\``).join(', ')}.`,
    ),
  ]);
  return {
    ...(of.isStream === true ? { exposeHeadRoute: false } : {}),
    ...(of.bodyLimit === undefined ? {} : { bodyLimit: of.bodyLimit }),
    config: {
      ...{ access: isOpen === true ? 'open' : (scope ?? 'read') },
      ...(of.rateLimit === undefined ? {} : { rateLimit: of.rateLimit }),
    },
    schema: {
      ...{ tags: [tag], operationId, summary, ...given({ params, body }) },
      ...(description === '' ? {} : { description }),
      ...(querystring === 'any' ? {} : { querystring }),
      response: { ...of.own, ...(Object.fromEntries(errors) as object) },
      security: isOpen === true ? [] : scope === undefined ? [{}, { token: [] }] : [{ token: [] }],
    },
  };
}

/** The OpenAPI document with the schema of scorecards instead of its stub. */
function withScorecard(document: { readonly components?: { readonly schemas?: object } }): object {
  const moved = JSON.stringify(SCORECARD).replaceAll('#/$defs/', '#/components/schemas/scorecard-');
  // eslint-disable-next-line no-restricted-syntax -- our own schema
  const scorecard = JSON.parse(moved) as typeof SCORECARD;
  const { $defs, ...Scorecard } = scorecard;
  const parts = Object.entries($defs).map(([name, one]) => [`scorecard-${name}`, one] as const);
  const { components, ...rest } = document;
  const schemas = { ...components?.schemas, Scorecard, ...Object.fromEntries(parts) };
  return { ...rest, components: { ...components, schemas } };
}

/** Reads bodies of a context strictly, as JSON; `refused` makes the error of one that is not. */
export function readJson(
  app: FastifyInstance,
  type: string,
  what: string,
  refused: (why: string) => Error = (why) => new ApiProblem('malformed', why),
): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(type, { parseAs: 'buffer' }, (request, body, done) => {
    const read = parseStrictJson(body, what, request.routeOptions.bodyLimit);
    if (read.ok) done(null, read.value);
    else done(refused(read.error));
  });
}

/** Numbers in addresses are texts; in a body a text is not a number. */
export const validator: FastifySchemaCompiler<object> = ({ schema, httpPart }) =>
  (httpPart === 'body' ? STRICT : COERCING).compile(schema);

const STRICT = makeAjv(false);
const COERCING = makeAjv(true);

function makeAjv(coerceTypes: boolean): Ajv2020 {
  const ajv = new Ajv2020({ coerceTypes, useDefaults: true, allowUnionTypes: true });
  addFormats.default(ajv);
  return ajv;
}

/** The document's own part: who it is, whom to show a token. */
export function documentOptions(
  url: string | undefined,
  version: string,
): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Scoville grading service',
        description:
          'Grades container images by the Container Hardening Priorities, and answers with badges. Errors are problem details (RFC 9457), pages have cursors, answers have ETags.',
        version,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      ...(url === undefined ? {} : { servers: [{ url }] }),
      components: {
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            description: 'A token of `scoville serve token create`, with the scopes that it needs.',
          },
        },
      },
    },
    // Pages and what other rooms have are not of this API.
    ...{ hideUntagged: true, convertConstToEnum: false },
    refResolver: { buildLocalReference: ({ $id }) => $id as string },
    transform: ({ schema, url: path }) => ({ schema: named(schema), url: documentedPath(path) }),
    transformObject: (document) =>
      withScorecard('openapiObject' in document ? document.openapiObject : {}),
  };
}

/** OpenAPI has no wildcards: the name of an image is one parameter, whose slashes stay. */
function documentedPath(path: string): string {
  if (path.startsWith('/badge/')) return '/badge/{badge}';
  return path.replace(/\/history\/\*$/, '/images/{image}/history').replace(/\*$/, '{image}');
}

function named(schema: FastifySchema): FastifySchema {
  const { byBadge, byImage } = INPUTS;
  const found = Object.entries({ badge: byBadge, image: byImage }).find(
    ([, params]) => params === schema.params,
  );
  if (found === undefined) return schema;
  const [name, params] = found;
  const properties = { [name]: params.properties['*'] };
  return { ...schema, params: { ...params, properties, required: [name] } };
}
