import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RecordedRequest {
  readonly method: string;
  /** Path with query. */
  readonly url: string;
  readonly authorization: string | undefined;
  readonly headers: IncomingMessage['headers'];
}

/** Something that goes wrong; `times` counts down, the first that matches is taken. */
export interface Fault {
  /** `PUT /v2/app/blobs/uploads` is matched by what `METHOD URL` contains. */
  readonly match: RegExp;
  times: number;
  readonly kind:
    | {
        readonly do: 'status';
        readonly status: number;
        readonly headers?: Record<string, string>;
        readonly body?: string;
      }
    /** Serves the request that many milliseconds later. */
    | { readonly do: 'delay'; readonly ms: number }
    /** Never answers. */
    | { readonly do: 'hang' }
    /**
     * Cuts the connection after that many bytes of the request's body, which are kept, or of the
     * answer's.
     */
    | { readonly do: 'cut-upload'; readonly after: number; readonly forget?: boolean }
    | { readonly do: 'cut-download'; readonly after: number }
    /** Sends that much, then nothing more. */
    | { readonly do: 'stall-download'; readonly after: number }
    /** Answers with zeros without an end; `flooded` counts them. With `states`, it says that size. */
    | { readonly do: 'flood'; readonly status?: number; readonly states?: number }
    | { readonly do: 'redirect'; readonly to: string }
    | { readonly do: 'corrupt' };
}

export interface FakeRegistryOptions {
  readonly auth?: 'none' | 'basic' | 'bearer';
  readonly username?: string;
  readonly password?: string;
  /** Answers the referrers API and says OCI-Subject; default false, as distribution 2.8. */
  readonly referrersApi?: boolean;
  readonly mounts?: boolean;
  /**
   * Answers with an ETag and takes If-Match and If-None-Match (RFC 9110, 13); default false, as
   * distribution.
   */
  readonly conditions?: boolean;
}

interface StoredManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
}

interface Upload {
  parts: Buffer[];
}

/**
 * A registry in this process that speaks the distribution-spec, fails on demand, and remembers what
 * it was asked.
 */
export class FakeRegistry {
  readonly requests: RecordedRequest[] = [];
  readonly faults: Fault[] = [];
  /** Bytes that were sent without an end. */
  flooded = 0;
  /** `REPOSITORY@DIGEST` to content. */
  readonly blobs = new Map<string, Buffer>();
  /** `REPOSITORY:TAG` and `REPOSITORY@DIGEST` to manifest. */
  readonly manifests = new Map<string, StoredManifest>();
  readonly options: FakeRegistryOptions;
  readonly #uploads = new Map<string, Upload>();
  readonly #tokens = new Map<string, string>();
  readonly #server: Server;

  constructor(options: FakeRegistryOptions) {
    this.options = options;
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => request.destroy());
    });
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** `METHOD /path` of all requests, without queries, in order. */
  get calls(): readonly string[] {
    return this.requests.map((r) => `${r.method} ${r.url.replace(/\?.*/, '')}`);
  }

  fail(match: RegExp, kind: Fault['kind'], times = 1): void {
    this.faults.push({ match, kind, times });
  }

  putBlob(repository: string, bytes: Buffer): string {
    const digest = sha256(bytes);
    this.blobs.set(`${repository}@${digest}`, bytes);
    return digest;
  }

  putManifest(repository: string, reference: string, bytes: Buffer, mediaType: string): string {
    const digest = sha256(bytes);
    this.manifests.set(`${repository}@${digest}`, { bytes, mediaType });
    if (reference !== digest)
      this.manifests.set(`${repository}:${reference}`, { bytes, mediaType });
    return digest;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const { authorization } = request.headers;
    this.requests.push({ method, url, authorization, headers: request.headers });
    const size = Number(request.headers['content-length'] ?? '0');
    const fault = this.faults.find(
      ({ kind, match, times }) =>
        times > 0 &&
        match.test(`${method} ${url}`) &&
        !(kind.do === 'cut-upload' && size < kind.after),
    );
    if (fault !== undefined) fault.times--;
    if (fault?.kind.do === 'hang') return;
    if (fault?.kind.do === 'delay') await sleep(fault.kind.ms);
    if (fault?.kind.do === 'status') {
      request.resume();
      response.writeHead(fault.kind.status, fault.kind.headers).end(fault.kind.body);
      return;
    }
    if (fault?.kind.do === 'flood') {
      this.#flood(request, response, fault.kind);
      return;
    }
    if (fault?.kind.do === 'redirect') {
      response.writeHead(307, { location: fault.kind.to }).end();
      return;
    }
    const path = new URL(url, 'http://x');
    if (path.pathname === '/token') this.#token(request, response, path, await body(request));
    else if (!this.#isAllowed(request, path)) {
      request.resume();
      this.#challenge(response);
    } else await this.#route(request, response, path, fault?.kind);
  }

  #flood(
    request: IncomingMessage,
    response: ServerResponse,
    { status = 200, states }: Extract<Fault['kind'], { do: 'flood' }>,
  ): void {
    request.resume();
    response.writeHead(status, {
      'content-type': 'application/vnd.oci.image.manifest.v1+json',
      ...(states === undefined ? {} : { 'content-length': states }),
    });
    const piece = Buffer.alloc(1 << 20);
    const more = (): void => {
      while (!response.destroyed) {
        this.flooded += piece.length;
        if (!response.write(piece)) return;
      }
    };
    response.on('drain', more);
    more();
  }

  async #route(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    fault: Fault['kind'] | undefined,
  ): Promise<void> {
    const { method = '' } = request;
    const upload = /^\/v2\/(.+)\/blobs\/uploads\/([^/]*)$/.exec(url.pathname);
    const blob = /^\/v2\/(.+)\/blobs\/(sha256:[0-9a-f]{64})$/.exec(url.pathname);
    const manifest = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(url.pathname);
    const referrers = /^\/v2\/(.+)\/referrers\/([^/]+)$/.exec(url.pathname);
    const tags = /^\/v2\/(.+)\/tags\/list$/.exec(url.pathname);
    if (upload) await this.#upload(request, response, url, upload[1] ?? '', upload[2] ?? '', fault);
    else if (blob) this.#blob(request, response, `${blob[1]}@${blob[2]}`, fault);
    else if (manifest && method === 'PUT')
      this.#storeManifest(
        response,
        manifest[1] ?? '',
        manifest[2] ?? '',
        await body(request),
        request,
      );
    else if (manifest && method === 'DELETE') {
      const isThere = this.manifests.delete(`${manifest[1]}@${manifest[2]}`);
      response.writeHead(isThere ? 202 : 404).end();
    } else if (manifest)
      this.#sendManifest(method, response, manifest[1] ?? '', manifest[2] ?? '', fault);
    else if (referrers && this.options.referrersApi === true)
      this.#referrers(response, referrers[1] ?? '', referrers[2] ?? '');
    else if (url.pathname === '/v2/_catalog') this.#list(response, url, 'repositories', '');
    else if (tags) this.#list(response, url, 'tags', `${tags[1]}:`);
    else notFound(response, 'NOT_FOUND');
  }

  /** A page of two: of the repositories, or of the tags of one. */
  #list(response: ServerResponse, url: URL, key: string, prefix: string): void {
    const tagged = [...this.manifests.keys()].filter((name) => !name.includes('@'));
    const names = tagged.flatMap((name) =>
      prefix === ''
        ? name.replace(/:[^:]*$/, '')
        : name.startsWith(prefix)
          ? name.slice(prefix.length)
          : [],
    );
    const all = [...new Set(names)].sort();
    if (prefix !== '' && all.length === 0) {
      notFound(response, 'NAME_UNKNOWN');
      return;
    }
    const from = all.indexOf(url.searchParams.get('last') ?? '') + 1;
    const page = all.slice(from, from + 2);
    const next = `<${url.pathname}?n=2&last=${page.at(-1)}>; rel="next"`;
    const headers = from + 2 < all.length ? { link: next } : {};
    response.writeHead(200, headers).end(JSON.stringify({ name: prefix, [key]: page }));
  }

  async #upload(
    request: IncomingMessage,
    response: ServerResponse,
    url: URL,
    repository: string,
    id: string,
    fault: Fault['kind'] | undefined,
  ): Promise<void> {
    const { method } = request;
    if (method === 'POST') {
      this.#startUpload(response, url, repository);
      return;
    }
    const upload = this.#uploads.get(id);
    if (upload === undefined) {
      request.resume();
      notFound(response, 'BLOB_UPLOAD_UNKNOWN');
      return;
    }
    const held = (): number => upload.parts.reduce((sum, part) => sum + part.length, 0);
    upload.parts = [];
    const cut = fault?.do === 'cut-upload' ? fault : undefined;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      const room = cut === undefined ? chunk.length : cut.after - held();
      upload.parts.push(chunk.subarray(0, room));
      if (cut !== undefined && held() >= cut.after) {
        if (cut.forget === true) this.#uploads.delete(id);
        request.socket.destroy();
        return;
      }
    }
    this.#closeUpload(response, url, repository, id, Buffer.concat(upload.parts));
  }

  #startUpload(response: ServerResponse, url: URL, repository: string): void {
    const mount = url.searchParams.get('mount');
    const from = url.searchParams.get('from');
    const bytes = this.blobs.get(`${from}@${mount}`);
    if (bytes !== undefined && this.options.mounts !== false) {
      this.blobs.set(`${repository}@${mount}`, bytes);
      response.writeHead(201, { 'docker-content-digest': mount ?? '' }).end();
      return;
    }
    const id = randomUUID();
    this.#uploads.set(id, { parts: [] });
    response.writeHead(202, { location: `/v2/${repository}/blobs/uploads/${id}` }).end();
  }

  #closeUpload(
    response: ServerResponse,
    url: URL,
    repository: string,
    id: string,
    bytes: Buffer,
  ): void {
    this.#uploads.delete(id);
    const digest = url.searchParams.get('digest') ?? '';
    if (sha256(bytes) !== digest) {
      json(response, 400, { errors: [{ code: 'DIGEST_INVALID', message: 'wrong digest' }] });
      return;
    }
    this.blobs.set(`${repository}@${digest}`, bytes);
    response.writeHead(201, { 'docker-content-digest': digest }).end();
  }

  #blob(
    request: IncomingMessage,
    response: ServerResponse,
    key: string,
    fault: Fault['kind'] | undefined,
  ): void {
    const bytes = this.blobs.get(key);
    if (bytes === undefined) {
      notFound(response, 'BLOB_UNKNOWN');
      return;
    }
    const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? '0');
    const rest = bytes.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': rest.length,
      'docker-content-digest': sha256(bytes),
    });
    if (request.method === 'HEAD') response.end();
    else if (fault?.do === 'cut-download')
      response.write(rest.subarray(0, fault.after), () =>
        setTimeout(() => request.socket.destroy(), 20),
      );
    else if (fault?.do === 'stall-download') response.write(rest.subarray(0, fault.after));
    else response.end(fault?.do === 'corrupt' ? Buffer.alloc(rest.length, 1) : rest);
  }

  #storeManifest(
    response: ServerResponse,
    repository: string,
    reference: string,
    bytes: Buffer,
    request: IncomingMessage,
  ): void {
    const value = JSON.parse(bytes.toString()) as {
      config?: { digest: string };
      layers?: { digest: string; urls?: string[] }[];
      manifests?: { digest: string }[];
      subject?: { digest: string };
    };
    const { config, layers = [], manifests = [], subject } = value;
    const missing = [
      ...[...(config ? [config] : []), ...layers].filter(
        (d) => !this.blobs.has(`${repository}@${d.digest}`),
      ),
      ...manifests.filter((d) => !this.manifests.has(`${repository}@${d.digest}`)),
    ];
    if (missing.length > 0 && !reference.startsWith('sha256-')) {
      json(response, 400, {
        errors: [{ code: 'MANIFEST_BLOB_UNKNOWN', message: missing.map((d) => d.digest).join() }],
      });
      return;
    }
    const there = this.manifests.get(`${repository}:${reference}`);
    const expected = request.headers['if-match'];
    const isOther =
      expected === undefined
        ? request.headers['if-none-match'] === '*' && there !== undefined
        : there === undefined || expected !== `"${sha256(there.bytes)}"`;
    if (this.options.conditions === true && isOther) {
      response.writeHead(412).end();
      return;
    }
    const mediaType = request.headers['content-type'] ?? '';
    const digest = this.putManifest(repository, reference, bytes, mediaType);
    response
      .writeHead(201, {
        'docker-content-digest': digest,
        ...(subject && this.options.referrersApi === true ? { 'oci-subject': subject.digest } : {}),
      })
      .end();
  }

  #sendManifest(
    method: string,
    response: ServerResponse,
    repository: string,
    reference: string,
    fault: Fault['kind'] | undefined,
  ): void {
    const mark = reference.startsWith('sha256:') ? '@' : ':';
    const found = this.manifests.get(`${repository}${mark}${reference}`);
    if (found === undefined) {
      notFound(response, 'MANIFEST_UNKNOWN');
      return;
    }
    const bytes = fault?.do === 'corrupt' ? Buffer.from(`${found.bytes.toString()} `) : found.bytes;
    response.writeHead(200, {
      'content-type': found.mediaType,
      'content-length': bytes.length,
      'docker-content-digest': sha256(found.bytes),
      ...(this.options.conditions === true ? { etag: `"${sha256(found.bytes)}"` } : {}),
    });
    response.end(method === 'HEAD' ? undefined : bytes);
  }

  #referrers(response: ServerResponse, repository: string, digest: string): void {
    const manifests = [...this.manifests]
      .filter(([key]) => key.startsWith(`${repository}@`))
      .map(([key, m]) => ({ digest: key.slice(repository.length + 1), ...m }))
      .map(({ digest: own, bytes, mediaType }) => ({
        own,
        mediaType,
        size: bytes.length,
        value: JSON.parse(bytes.toString()) as {
          artifactType?: string;
          subject?: { digest: string };
        },
      }))
      .filter(({ value }) => value.subject?.digest === digest)
      .map(({ own, mediaType, size, value }) => ({
        mediaType,
        size,
        digest: own,
        artifactType: value.artifactType,
      }));
    json(response, 200, { schemaVersion: 2, mediaType: INDEX, manifests }, INDEX);
  }

  #isAllowed(request: IncomingMessage, url: URL): boolean {
    const { auth = 'none', username = 'user', password = 'secret' } = this.options;
    const { authorization = '' } = request.headers;
    if (auth === 'none') return true;
    if (auth === 'basic') return authorization === basic(username, password);
    const scopes = this.#tokens.get(authorization.replace(/^Bearer /, '')) ?? '';
    const repository =
      /^\/v2\/(.+?)\/(?:blobs|manifests|referrers)\//.exec(url.pathname)?.[1] ?? '';
    const need = ['GET', 'HEAD'].includes(request.method ?? '') ? 'pull' : 'push';
    return new RegExp(`repository:${repository}:[a-z,]*${need}`).test(scopes);
  }

  #challenge(response: ServerResponse): void {
    const value =
      this.options.auth === 'basic'
        ? 'Basic realm="fake"'
        : `Bearer realm="http://${this.host}/token",service="fake registry"`;
    response.writeHead(401, { 'www-authenticate': value }).end();
  }

  #token(request: IncomingMessage, response: ServerResponse, url: URL, sent: Buffer): void {
    const { username = 'user', password = 'secret' } = this.options;
    const form = new URLSearchParams(sent.toString());
    const allowed =
      request.method === 'POST'
        ? form.get('refresh_token') === password
        : request.headers.authorization === basic(username, password);
    if (!allowed) {
      response.writeHead(401).end();
      return;
    }
    const token = randomUUID();
    this.#tokens.set(token, form.get('scope') ?? url.searchParams.getAll('scope').join(' '));
    json(response, 200, { token });
  }
}

const INDEX = 'application/vnd.oci.image.index.v1+json';

/** A registry that listens on a free loopback port. */
export async function startFakeRegistry(options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
  const registry = new FakeRegistry(options);
  await registry.listen();
  return registry;
}

function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

async function body(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) parts.push(chunk);
  return Buffer.concat(parts);
}

function json(
  response: ServerResponse,
  status: number,
  value: unknown,
  type = 'application/json',
): void {
  response.writeHead(status, { 'content-type': type }).end(JSON.stringify(value));
}

function notFound(response: ServerResponse, code: string): void {
  json(response, 404, { errors: [{ code, message: 'not\u001b[31m here' }] });
}
