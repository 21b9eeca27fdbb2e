import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

/** A record as the OSV schema has it, as far as tests need. */
export interface OsvEntry {
  readonly id: string;
  readonly modified?: string;
  readonly affected: readonly {
    readonly package: { readonly ecosystem: string; readonly name: string };
    /** Without: every version. */
    readonly versions?: readonly string[];
    readonly [more: string]: unknown;
  }[];
  readonly [more: string]: unknown;
}

/** Something that goes wrong with the next requests whose `METHOD /path` matches. */
export interface OsvFault {
  readonly match: RegExp;
  times: number;
  readonly kind:
    | {
        readonly do: 'status';
        readonly status: number;
        readonly headers?: Record<string, string>;
        readonly body?: string;
      }
    | { readonly do: 'delay'; readonly ms: number }
    | { readonly do: 'hang' }
    | { readonly do: 'cut' }
    /** Answers 200 with this instead. */
    | { readonly do: 'say'; readonly body: string };
}

interface AskedQuery {
  readonly package?: { readonly ecosystem?: string; readonly name?: string };
  readonly version?: string;
  readonly page_token?: string;
}

/** Ecosystems that this server has heard of, whether or not it has a record. */
const FAMILIES =
  /^(?:Debian|Ubuntu|Alpine|Wolfi|Chainguard|Rocky Linux|AlmaLinux|Red Hat|npm|PyPI|Go|Maven)(?::|$)/;

/**
 * A server in this process that speaks OSV's API (v1): querybatch with pages, query, vulns; it
 * fails on demand and remembers what it was asked.
 */
export class FakeOsv {
  readonly entries: OsvEntry[] = [];
  readonly faults: OsvFault[] = [];
  /** `METHOD /path` of every request. */
  readonly calls: string[] = [];
  readonly queries: AskedQuery[] = [];
  readonly agents = new Set<string | undefined>();
  /** Most requests that were under way at once. */
  busiest = 0;
  /** Vulnerabilities on a page. */
  pageSize = 1000;
  #busy = 0;
  readonly #server: Server = createServer((request, response) => {
    this.#busy++;
    this.busiest = Math.max(this.busiest, this.#busy);
    response.once('close', () => this.#busy--);
    this.#serve(request, response).catch(() => request.destroy());
  });

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  fail(match: RegExp, kind: OsvFault['kind'], times = 1): void {
    this.faults.push({ match, kind, times });
  }

  /**
   * Makes an ecosystem known: it had a vulnerability once, in a package that is asked for as a
   * probe.
   */
  knows(ecosystem: string, probe = 'curl'): void {
    const id = `PROBE-${ecosystem.replaceAll(/[^\w]/g, '-')}`;
    this.entries.push({
      id,
      affected: [{ package: { ecosystem, name: probe }, versions: ['0'] }],
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const call = `${method} ${url}`;
    this.calls.push(call);
    this.agents.add(request.headers['user-agent']);
    const fault = this.faults.find((f) => f.times > 0 && f.match.test(call));
    if (fault !== undefined) fault.times--;
    const body = await bodyOf(request);
    switch (fault?.kind.do) {
      case 'hang':
        return;
      case 'cut':
        request.socket.destroy();
        return;
      case 'status':
        response.writeHead(fault.kind.status, fault.kind.headers).end(fault.kind.body);
        return;
      case 'say':
        response.writeHead(200, { 'content-type': 'application/json' }).end(fault.kind.body);
        return;
      case 'delay':
        await sleep(fault.kind.ms);
        break;
      case undefined:
    }
    this.#answer(call, body, response, request.headers['accept-encoding'] ?? '');
  }

  #answer(call: string, body: string, response: ServerResponse, accepts: string): void {
    const send = (status: number, value: unknown): void => {
      const text = Buffer.from(JSON.stringify(value));
      const isPacked = accepts.includes('gzip');
      response.writeHead(status, {
        'content-type': 'application/json',
        ...(isPacked ? { 'content-encoding': 'gzip' } : {}),
      });
      response.end(isPacked ? gzipSync(text) : text);
    };
    const id = /^GET \/v1\/vulns\/(.+)$/.exec(call)?.[1];
    if (id !== undefined) {
      const entry = this.entries.find((one) => one.id === decodeURIComponent(id));
      if (entry === undefined) send(404, { code: 5, message: 'Bug not found.' });
      else send(200, { modified: MODIFIED, ...entry });
      return;
    }
    const parsed = JSON.parse(body) as { queries?: AskedQuery[] } & AskedQuery;
    const asked = call === 'POST /v1/querybatch' ? (parsed.queries ?? []) : [parsed];
    this.queries.push(...asked);
    const strange = asked.some((query) => !FAMILIES.test(query.package?.ecosystem ?? ''));
    if (asked.length > 1000) send(400, { code: 3, message: 'Too many queries.' });
    else if (strange) send(400, { code: 3, message: 'Invalid ecosystem.' });
    else if (call === 'POST /v1/query') send(200, { vulns: this.#matching(parsed) });
    else send(200, { results: asked.map((query) => this.#page(query)) });
  }

  #page(query: AskedQuery): unknown {
    const all = this.#matching(query).map(({ id, modified = MODIFIED }) => ({ id, modified }));
    const start = Number(query.page_token ?? '0');
    const end = start + this.pageSize;
    const vulns = all.slice(start, end);
    return {
      ...(vulns.length === 0 ? {} : { vulns }),
      ...(end < all.length ? { next_page_token: String(end) } : {}),
    };
  }

  #matching({ package: wanted, version }: AskedQuery): readonly OsvEntry[] {
    return this.entries.filter(({ affected }) =>
      affected.some(
        (one) =>
          one.package.ecosystem === wanted?.ecosystem &&
          one.package.name === wanted.name &&
          (version === undefined || one.versions === undefined || one.versions.includes(version)),
      ),
    );
  }
}

const MODIFIED = '2026-11-01T00:00:00Z';

export async function fakeOsv(): Promise<FakeOsv> {
  const server = new FakeOsv();
  await server.listen();
  return server;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
