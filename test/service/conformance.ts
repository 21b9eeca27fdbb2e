import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { expect } from 'vitest';

interface Response {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}
interface Operation {
  readonly responses: Readonly<Record<string, Response | { readonly $ref: string }>>;
}
export interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly responses: Readonly<Record<string, Response>> };
}

const RESPONSES = '#/components/responses/';

/** Holds answers against the document that describes them: status, media type and body. */
export class Conformance {
  readonly #document: OpenApi;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });

  constructor(document: OpenApi) {
    this.#document = document;
    addFormats.default(this.#ajv);
    this.#ajv.addSchema(document, 'openapi.json');
  }

  /** The path of the document that an address is of; undefined for other pages. */
  pathOf(url: string): string | undefined {
    const path = url.replace(/\?.*$/, '');
    const found = Object.keys(this.#document.paths).filter((template) => {
      const pattern = template.replace(/\{(?:image|badge)\}/g, '.+').replace(/\{\w+\}/g, '[^/]+');
      return new RegExp(`^${pattern}$`).test(path);
    });
    return found.sort((a, b) => b.length - a.length)[0];
  }

  check(method: string, url: string, status: number, type: string | undefined, body: string): void {
    const path = this.pathOf(url);
    if (path === undefined) return;
    const name = `${method} ${path}`;
    const responses = this.#document.paths[path]?.[method.toLowerCase()]?.responses;
    const own = responses?.[String(status)];
    const response =
      own !== undefined && '$ref' in own
        ? this.#document.components.responses[own.$ref.slice(RESPONSES.length)]
        : own;
    expect(response, `${name}: ${status} is not in the document`).toBeDefined();
    if (response?.content === undefined) {
      expect(body, `${name} ${status} has no body`).toBe('');
      return;
    }
    const media = (type ?? '').replace(/;.*$/, '');
    expect(Object.keys(response.content), `${name} ${status}`).toContain(media);
    if (!/json$/.test(media) || media.endsWith('ndjson')) return;
    const schema = JSON.stringify(response.content[media]?.schema);
    const validate = this.#ajv.compile(JSON.parse(schema.replaceAll('"#/', '"openapi.json#/')));
    validate(JSON.parse(body));
    expect(validate.errors ?? [], `${name} ${status}: ${body.slice(0, 500)}`).toEqual([]);
  }
}

/** Of a running app; what it answers to `inject` is held against its own document. */
export async function checkedInject(
  app: FastifyInstance,
): Promise<(request: InjectOptions) => Promise<LightMyRequestResponse>> {
  const conformance = new Conformance((await app.inject('/openapi.json')).json<OpenApi>());
  return async (request) => {
    const answer = await app.inject(request);
    const url = typeof request.url === 'string' ? request.url : '/';
    conformance.check(
      request.method ?? 'GET',
      url,
      answer.statusCode,
      answer.headers['content-type']?.toString(),
      answer.body,
    );
    return answer;
  };
}
