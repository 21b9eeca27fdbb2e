import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';
import { parse } from 'yaml';

interface Response {
  readonly $ref?: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Readonly<Record<string, object>>;
}
interface Document {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Record<string, Response> }>>>
  >;
  readonly components: { readonly responses: Readonly<Record<string, Response>> };
}

export const DOCUMENT = parse(
  readFileSync(`${import.meta.dirname}/harbor-adapter.openapi.yaml`, 'utf8'),
) as Document;

const escaped = (text: string): string => text.replaceAll('~', '~0').replaceAll('/', '~1');

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export const TYPES = {
  vulnerabilities: 'application/vnd.security.vulnerability.report; version=1.1',
  sbom: 'application/vnd.security.sbom.report+json; version=1.0',
};

/**
 * Asks a scanner as Harbor does: five seconds for an answer, no redirect followed, and a report that
 * is asked for until it is not 302. Each answer is held against the document of the API.
 */
export class HarborClient {
  readonly #base: string;
  readonly #authorization: string;
  readonly #ajv = new Ajv2020({ strict: false });

  constructor(base: string, authorization: string) {
    this.#base = base;
    this.#authorization = authorization;
    addFormats.default(this.#ajv);
    this.#ajv.addSchema(DOCUMENT, 'harbor');
  }

  metadata(): Promise<Answer> {
    return this.#call('get', '/metadata', '/metadata', {
      accept: 'application/vnd.scanner.adapter.metadata+json; version=1.1',
    });
  }

  submit(request: object | string): Promise<Answer> {
    const headers = {
      'content-type': 'application/vnd.scanner.adapter.scan.request+json; version=1.1',
      accept: 'application/vnd.scanner.adapter.scan.response+json; version=1.0',
    };
    const body = typeof request === 'string' ? request : JSON.stringify(request);
    return this.#call('post', '/scan', '/scan', headers, body);
  }

  report(id: string, accept = TYPES.vulnerabilities, query = ''): Promise<Answer> {
    return this.#call('get', '/scan/{id}/report', `/scan/${id}/report${query}`, { accept });
  }

  /** The report, and how often it was not there yet. */
  async poll(id: string, accept?: string, query?: string): Promise<Answer & { waits: number }> {
    for (let waits = 0; ; waits++) {
      const answer = await this.report(id, accept, query);
      if (answer.status !== 302) return { ...answer, waits };
      // As many seconds as it says are too many for a test.
      expect(Number(answer.headers.get('refresh-after'))).toBeGreaterThan(0);
      await new Promise((done) => setTimeout(done, 200));
    }
  }

  async #call(
    method: string,
    path: string,
    at: string,
    headers: Record<string, string>,
    body?: string,
  ): Promise<Answer> {
    const response = await fetch(`${this.#base}${at}`, {
      ...{ method, redirect: 'manual', signal: AbortSignal.timeout(5000) },
      headers: {
        ...headers,
        ...(this.#authorization === '' ? {} : { authorization: this.#authorization }),
      },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const { status } = response;
    const said = DOCUMENT.paths[path]?.[method]?.responses[status];
    expect(said, `${method} ${at}: ${status} is not in the document: ${text}`).toBeDefined();
    const name = said?.$ref?.replace('#/components/responses/', '');
    const found = name === undefined ? said : DOCUMENT.components.responses[name];
    for (const header of Object.keys(found?.headers ?? {}))
      expect(response.headers.has(header), `${method} ${at} ${status}: ${header}`).toBe(true);
    const where =
      name === undefined
        ? `paths/${escaped(path)}/${method}/responses/${status}`
        : `components/responses/${name}`;
    if (found?.content === undefined) {
      expect(text).toBe('');
      return { status, headers: response.headers, body: undefined };
    }
    const type = response.headers.get('content-type') ?? '';
    expect(Object.keys(found.content)).toContain(type);
    const $ref = `harbor#/${where}/content/${escaped(type)}/schema`.replaceAll(' ', '%20');
    const validate = this.#ajv.compile({ $ref });
    validate(JSON.parse(text));
    expect(validate.errors ?? [], `${method} ${at} ${status}: ${text.slice(0, 500)}`).toEqual([]);
    return { status, headers: response.headers, body: JSON.parse(text) as unknown };
  }
}
