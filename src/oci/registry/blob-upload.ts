import { UserError } from '../../model/errors.ts';
import type { Descriptor } from '../../model/oci.ts';
import { drop } from './http-sender.ts';
import { pull, push } from './registry-auth.ts';
import type { RegistryConnection } from './registry-connection.ts';
import { isLoopback } from './registry-ways.ts';

export interface BlobUpload {
  readonly blob: Descriptor;
  /** The blob's bytes; called again for each try. */
  readonly open: () => AsyncIterable<Uint8Array>;
  /** A repository of the same registry that may hold the blob. */
  readonly mountFrom?: string;
  /** Gets how many bytes have been passed to the connection. */
  readonly onProgress?: (done: number) => void;
}

export type UploadOutcome = 'present' | 'mounted' | 'uploaded';

/**
 * Brings a blob into the repository by one PUT (distribution-spec, "Pushing Blobs"). After a broken
 * connection it is sent again from its start, unless the registry has it by then. Throws UserError.
 */
export async function uploadBlob(
  connection: RegistryConnection,
  repository: string,
  upload: BlobUpload,
): Promise<UploadOutcome> {
  const { blob, mountFrom } = upload;
  /** Failures of reading our own blob: fetch would tell of them as of a broken connection. */
  const readFailures: unknown[] = [];
  const body = async function* (): AsyncIterable<Uint8Array> {
    let done = 0;
    try {
      for await (const chunk of upload.open()) {
        yield chunk;
        done += chunk.length;
        upload.onProgress?.(done);
      }
    } catch (error) {
      readFailures.push(error);
      throw error;
    }
  };
  try {
    for (let attempt = 1; ; attempt++) {
      if (await isPresent(connection, repository, blob))
        return attempt === 1 ? 'present' : 'uploaded';
      const mounted = attempt === 1 ? mountFrom : undefined;
      const url = await startUpload(connection, repository, blob, mounted);
      if (url === undefined) return 'mounted';
      try {
        await send(connection, repository, url, blob, body);
        return 'uploaded';
      } catch (error) {
        if (readFailures.length > 0) throw readFailures[0];
        if (attempt > connection.retries || !connection.isPassing(error)) throw error;
        await connection.pause(attempt);
      }
    }
  } catch (error) {
    throw connection.explain(error, `pushing blob ${blob.digest} to ${repository}`);
  }
}

async function isPresent(
  connection: RegistryConnection,
  repository: string,
  { digest }: Descriptor,
): Promise<boolean> {
  const response = await connection.tryCall({
    method: 'HEAD',
    at: `${repository}/blobs/${digest}`,
    scopes: [push(repository)],
    accept: [404],
    action: '',
  });
  return response.ok;
}

/** The address to send to; undefined where the blob was mounted. */
async function startUpload(
  connection: RegistryConnection,
  repository: string,
  blob: Descriptor,
  mountFrom?: string,
): Promise<URL | undefined> {
  const query =
    mountFrom === undefined
      ? ''
      : `?${new URLSearchParams({ mount: blob.digest, from: mountFrom }).toString()}`;
  const at = `${repository}/blobs/uploads/${query}`;
  const response = await connection.tryCall({
    method: 'POST',
    at,
    scopes: [push(repository), ...(mountFrom === undefined ? [] : [pull(mountFrom)])],
    // A registry that may not or cannot mount says so in one way or another.
    accept: mountFrom === undefined ? [] : [400, 401, 403, 404, 405],
    action: '',
  });
  await drop(response);
  if (!response.ok) return startUpload(connection, repository, blob);
  if (response.status === 201 && mountFrom !== undefined) return undefined;
  const location = new URL(response.headers.get('location') ?? '', new URL(at, connection.base));
  const isOwn = location.origin === connection.base.origin;
  if (!isOwn && location.protocol !== 'https:' && !isLoopback(location.hostname))
    throw new UserError(`${connection.registry} sends uploads to an address without TLS`, {
      nextStep:
        'Let the registry know its own https address (X-Forwarded-Proto, or its host setting).',
    });
  return location;
}

async function send(
  connection: RegistryConnection,
  repository: string,
  url: URL,
  { digest, size }: Descriptor,
  body: () => AsyncIterable<Uint8Array>,
): Promise<void> {
  url.searchParams.set('digest', digest);
  const response = await connection.tryCall({
    method: 'PUT',
    at: url,
    scopes: [push(repository)],
    headers: {
      'content-type': 'application/octet-stream',
      // Of a request without content `fetch` says it by itself: twice would be refused.
      ...(size > 0 ? { 'content-length': String(size) } : {}),
    },
    ...(size > 0 ? { body } : {}),
    retry: false,
    action: '',
  });
  await drop(response);
}
