import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { MEDIA_TYPE } from '../../src/model/image.ts';
import { digestOf } from '../../src/model/reference.ts';
import { layerTar } from '../fakes/tar-bytes.ts';
import { type Postgres, startPostgres } from '../service/postgres.ts';
import { CLI, ROOT } from './harness.ts';
import { type RegistryServer, serveRegistry } from './registry-server.ts';
import { until } from './until.ts';

interface Pushed {
  /** What its base layer is made of, which others may share. */
  readonly base?: string;
  readonly own?: string;
  /** In their place: layers as they are packed, and what they unpack to. */
  readonly layers?: readonly { readonly tar: Buffer; readonly packed: Buffer }[];
  readonly config?: object;
}

/** Pushes an image of a base layer, which it may share, and one of its own; gives its digest. */
export async function pushImage(
  host: string,
  name: string,
  { base = 'base', own = name, layers: given, config: fields }: Pushed = {},
): Promise<string> {
  const [repository = '', tag = 'latest'] = name.split(':');
  const at = `http://${host}/v2/${repository}`;
  const blob = async (bytes: Buffer, mediaType: string) => {
    const digest = digestOf(bytes);
    const begun = await sent(`${at}/blobs/uploads/`, 'POST');
    const place = new URL(begun.headers.get('location') ?? '', at);
    place.searchParams.set('digest', digest);
    await sent(place.href, 'PUT', bytes, 'application/octet-stream');
    return { mediaType, digest, size: bytes.length };
  };
  const files = Array.from({ length: 300 }, (_, i) => [
    `usr/share/${base}/${i}`,
    `${base} ${i}\n`.repeat(100),
  ]);
  const tars = [
    layerTar(Object.fromEntries(files) as Record<string, string>),
    layerTar({ 'etc/own': own, 'etc/os-release': 'ID=debian\nVERSION_ID="13"\n' }),
  ];
  const made = given ?? tars.map((tar) => ({ tar, packed: gzipSync(tar) }));
  const layers = [];
  for (const { packed } of made) layers.push(await blob(packed, MEDIA_TYPE.layerGzip));
  const config = {
    ...{ architecture: 'amd64', os: 'linux', created: '2026-11-30T00:00:00Z' },
    config: { User: '65532', Entrypoint: ['/app'] },
    rootfs: { type: 'layers', diff_ids: made.map(({ tar }) => digestOf(tar)) },
    ...fields,
  };
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.manifest,
      config: await blob(Buffer.from(JSON.stringify(config)), MEDIA_TYPE.config),
      layers,
    }),
  );
  await sent(`${at}/manifests/${tag}`, 'PUT', manifest, MEDIA_TYPE.manifest);
  return digestOf(manifest);
}

async function sent(url: string, method: string, body?: Buffer, type?: string): Promise<Response> {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    ...(type === undefined ? {} : { headers: { 'content-type': type } }),
  });
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status}`);
  return response;
}

/** A process of the service: `serve` or `worker`. */
export class ServiceProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  stdout = '';
  stderr = '';

  constructor(words: readonly string[], env: Readonly<Record<string, string>>) {
    this.child = spawn(process.execPath, [CLI, ...words], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => (this.stdout += chunk.toString()));
    this.child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = once(this.child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as string | null,
    }));
  }

  /** The address that it prints. */
  async url(): Promise<string> {
    const found = (): string | undefined => /^http:\/\/\S+$/m.exec(this.stdout)?.[0];
    await until('a service that listens', () => {
      if (this.child.exitCode !== null) throw new Error(`it ended\n${this.stderr}`);
      return found() !== undefined;
    });
    return found() ?? '';
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<{ readonly code: number | null }> {
    this.child.kill(signal);
    return this.ended;
  }
}

/** A registry, a PostgreSQL and processes of the service. Made for a file's tests, with its hooks. */
export class ServiceStand {
  host = '';
  postgres!: Postgres;
  #started: ServiceProcess[] = [];

  constructor(folder: string) {
    let registry: RegistryServer | undefined;
    beforeAll(async () => {
      registry = await serveRegistry({ folder });
      this.host = `localhost:${registry.port}`;
      this.postgres = await startPostgres();
    });
    afterEach(() => this.killAll());
    afterAll(async () => {
      await registry?.stop();
      await this.postgres.remove();
    });
  }

  start(words: readonly string[], home: string): ServiceProcess {
    const service = new ServiceProcess(words, { SCOVILLE_HOME: home });
    this.#started.push(service);
    return service;
  }

  async killAll(): Promise<void> {
    await Promise.all(this.#started.splice(0).map((one) => one.stop('SIGKILL')));
  }

  /** Pushes images that share a base, as those of a team do; gives their names. */
  async images(name: string, count: number): Promise<readonly string[]> {
    const names = Array.from({ length: count }, (_, i) => `${name}/app-${i}:1`);
    for (const one of names) await pushImage(this.host, one);
    return names.map((one) => `${this.host}/${one}`);
  }
}

/** A client of the API. */
export class Client {
  readonly url: string;
  readonly token: string;

  constructor(url: string, token: string) {
    this.url = url;
    this.token = token;
  }

  ask(path: string, body?: object): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async json<T>(path: string, body?: object): Promise<T> {
    const response = await this.ask(path, body);
    if (response.status === 429) {
      await sleep(1000 * Number(response.headers.get('retry-after')));
      return this.json(path, body);
    }
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  /** Asks for a grade; gives its id. */
  async grade(image: string): Promise<string> {
    return (await this.json<{ id: string }>('/api/v1/grades', { image })).id;
  }

  status(id: string): Promise<{ readonly status: string; readonly error?: { message: string } }> {
    return this.json(`/api/v1/grades/${id}`);
  }

  /** Waits until all are done; an error where one failed. */
  async done(ids: readonly string[], longestMs?: number): Promise<void> {
    const open = new Set(ids);
    await until(
      `${ids.length} grades`,
      async () => {
        for (const id of [...open]) {
          const { status, error } = await this.status(id);
          if (status === 'failed') throw new Error(error?.message ?? 'failed');
          // As a client should: not many times a second.
          if (status !== 'done') return sleep(500, false);
          open.delete(id);
        }
        return true;
      },
      longestMs,
    );
  }

  /** Grades of an image there are. */
  async grades(image: string): Promise<number> {
    const { grades } = await this.json<{ grades: unknown[] }>(`/api/v1/history/${image}`);
    return grades.length;
  }
}
