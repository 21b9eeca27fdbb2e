import { UserError } from '../../model/errors.ts';
import type { Descriptor } from '../../model/oci.ts';
import { drop } from './http-sender.ts';
import { pull, push } from './registry-auth.ts';
import type { RegistryConnection } from './registry-connection.ts';
import { RegistryError } from './registry-errors.ts';
import { isLoopback } from './registry-ways.ts';

export interface BlobUpload {
  readonly blob: Descriptor;
  /** The blob's bytes from `start` on; called again for each try. */
  readonly open: (start: number) => AsyncIterable<Uint8Array>;
  /** A repository of the same registry that may hold the blob. */
  readonly mountFrom?: string;
  /** Gets how many bytes have been passed to the connection. */
  readonly onProgress?: (done: number) => void;
}

export type UploadOutcome = 'present' | 'mounted' | 'uploaded';

/** Where an upload goes on. */
interface Session {
  readonly url: URL;
  readonly offset: number;
}

/**
 * Brings a blob into the repository (distribution-spec, "Pushing Blobs"): one PUT; after a dropped
 * connection the registry is asked how much it holds, and the rest follows in a PATCH, or all of it
 * again where it has forgotten. Throws UserError.
 */
export async function uploadBlob(
  connection: RegistryConnection,
  repository: string,
  upload: BlobUpload,
): Promise<UploadOutcome> {
  const transfer = new Upload(connection, repository, upload);
  try {
    return await transfer.run();
  } catch (error) {
    throw connection.explain(error, `pushing blob ${upload.blob.digest} to ${repository}`);
  }
}

class Upload {
  readonly #connection: RegistryConnection;
  readonly #repository: string;
  readonly #upload: BlobUpload;
  readonly #scopes: readonly string[];
  /** A failure of reading our own blob: fetch would tell of it as of a broken connection. */
  #readFailure: { readonly error: unknown } | undefined;

  constructor(connection: RegistryConnection, repository: string, upload: BlobUpload) {
    this.#connection = connection;
    this.#repository = repository;
    this.#upload = upload;
    this.#scopes = [push(repository)];
  }

  async run(): Promise<UploadOutcome> {
    if (await this.#isPresent()) return 'present';
    let session = await this.#start(this.#upload.mountFrom);
    if (session === undefined) return 'mounted';
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#send(session);
        return 'uploaded';
      } catch (error) {
        if (this.#readFailure !== undefined) throw this.#readFailure.error;
        if (attempt > this.#connection.retries || !this.#mayGoOn(error, attempt)) throw error;
        await this.#connection.pause(attempt);
        const resumed = await this.#resume(session);
        if (resumed === undefined && (await this.#isPresent())) return 'uploaded';
        session = resumed ?? (await this.#start());
        if (session === undefined) return 'mounted';
      }
    }
  }

  /** A resumed session that is refused was forgotten or lost its place: start over. */
  #mayGoOn(error: unknown, attempt: number): boolean {
    if (this.#connection.isPassing(error)) return true;
    return attempt > 1 && error instanceof RegistryError && [400, 404, 416].includes(error.status);
  }

  async #isPresent(): Promise<boolean> {
    const response = await this.#connection.tryCall({
      method: 'HEAD',
      url: this.#url(`blobs/${this.#upload.blob.digest}`),
      scopes: this.#scopes,
      accept: [404],
      action: '',
    });
    return response.ok;
  }

  /** Opens a session; undefined where the blob was mounted. */
  async #start(mountFrom?: string): Promise<Session | undefined> {
    const url = this.#url('blobs/uploads/');
    if (mountFrom !== undefined) {
      url.searchParams.set('mount', this.#upload.blob.digest);
      url.searchParams.set('from', mountFrom);
    }
    const response = await this.#connection.tryCall({
      method: 'POST',
      url,
      scopes: mountFrom === undefined ? this.#scopes : [...this.#scopes, pull(mountFrom)],
      // A registry that may not or cannot mount says so in one way or another.
      accept: mountFrom === undefined ? [] : [400, 401, 403, 404, 405],
      action: '',
    });
    await drop(response);
    if (!response.ok) return this.#start();
    if (response.status === 201 && mountFrom !== undefined) return undefined;
    return { url: this.#location(response, url), offset: 0 };
  }

  async #send(session: Session): Promise<void> {
    const { blob } = this.#upload;
    const whole = session.offset === 0;
    const hasContent = whole && blob.size > 0;
    const url = whole ? session.url : await this.#patch(session);
    url.searchParams.set('digest', blob.digest);
    const response = await this.#connection.tryCall({
      method: 'PUT',
      url,
      scopes: this.#scopes,
      headers: {
        'content-type': 'application/octet-stream',
        // Of a request without content `fetch` says it by itself: twice would be refused.
        ...(hasContent ? { 'content-length': String(blob.size) } : {}),
      },
      ...(hasContent ? { body: () => this.#bytes(0) } : {}),
      retry: false,
      action: '',
    });
    await drop(response);
  }

  /** Sends what is missing; gives the address at which the session is closed. */
  async #patch(session: Session): Promise<URL> {
    const { size } = this.#upload.blob;
    if (session.offset >= size) return session.url;
    const response = await this.#connection.tryCall({
      method: 'PATCH',
      url: session.url,
      scopes: this.#scopes,
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': String(size - session.offset),
        'content-range': `${session.offset}-${size - 1}`,
      },
      body: () => this.#bytes(session.offset),
      retry: false,
      action: '',
    });
    await drop(response);
    return this.#location(response, session.url);
  }

  /** Asks how much of the blob the session holds; undefined where it is gone. */
  async #resume(session: Session): Promise<Session | undefined> {
    const response = await this.#connection.tryCall({
      method: 'GET',
      url: session.url,
      scopes: this.#scopes,
      accept: [400, 404, 405, 416],
      action: '',
    });
    await drop(response);
    if (!response.ok) return undefined;
    const last = Number(
      /^(?:bytes=)?0-(\d+)$/.exec(response.headers.get('range') ?? '')?.[1] ?? '0',
    );
    // `0-0` stands for nothing as well as for one byte.
    const offset = last === 0 ? 0 : last + 1;
    if (offset > this.#upload.blob.size) return undefined;
    return { url: this.#location(response, session.url), offset };
  }

  async *#bytes(start: number): AsyncIterable<Uint8Array> {
    const { open, onProgress } = this.#upload;
    let done = start;
    try {
      for await (const chunk of open(start)) {
        yield chunk;
        done += chunk.length;
        onProgress?.(done);
      }
    } catch (error) {
      this.#readFailure = { error };
      throw error;
    }
  }

  #location(response: Response, asked: URL): URL {
    const location = response.headers.get('location');
    if (location === null) return new URL(asked);
    const url = new URL(location, asked);
    const own = url.origin === this.#connection.base.origin;
    if (!own && url.protocol !== 'https:' && !isLoopback(url.hostname))
      throw new UserError(`${this.#connection.registry} sends uploads to an address without TLS`, {
        nextStep:
          'Let the registry know its own https address (X-Forwarded-Proto, or its host setting).',
      });
    return url;
  }

  #url(path: string): URL {
    return new URL(`${this.#repository}/${path}`, this.#connection.base);
  }
}
