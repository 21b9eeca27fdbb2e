import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { fetchDigest } from '../../src/fix/fetch-digest.ts';
import { RegistryClient } from '../../src/image/registry/client.ts';
import { messageOf, UserError } from '../../src/lib/errors.ts';
import { networkFetch } from '../../src/lib/fetch.ts';
import { OsvHttp } from '../../src/scan/osv.ts';
import { fetchExport } from '../../src/scan/update-database.ts';
import { askProvider } from '../../src/trust/oidc.ts';
import { temporaryFolder } from '../fakes/layouts.ts';

const STATUSES = [401, 403, 407];
const { signal } = new AbortController();
const proxies = new Map<number, Server>();

beforeAll(async () => {
  for (const status of STATUSES) {
    const server = createServer();
    server.on('connect', (_, socket) => {
      socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
    });
    proxies.set(status, server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
});
afterAll(() => {
  vi.unstubAllGlobals();
  for (const server of proxies.values()) server.close();
});

/** What a user reads of an error: the message, and the next step. */
function shown(error: unknown): string {
  return error instanceof UserError
    ? `${error.message}\n  next: ${error.nextStep ?? ''}`
    : messageOf(error);
}

type Ask = (fetched: typeof fetch) => Promise<{ readonly ok: boolean; readonly error?: unknown }>;
const ASKS: Readonly<Record<string, Ask>> = {
  OSV: (fetched) =>
    new OsvHttp({ url: 'https://osv.test', userAgent: 'x', fetch: fetched }).json('/v1'),
  'a download': (fetched) =>
    fetchDigest('https://files.test/x', {
      ...{ allowsPlain: () => false, userAgent: 'x', signal, fetch: fetched },
    }),
  'an identity provider': () => askProvider({ url: 'https://id.test/token', signal }),
  'the database': () =>
    fetchExport({
      url: 'https://osv.test/all.zip',
      part: join(temporaryFolder(), 'part'),
      ...{ etag: undefined, userAgent: 'x', signal, onBytes: () => undefined },
    }).then(
      () => ({ ok: true }),
      (error: unknown) => ({ ok: false, error: shown(error) }),
    ),
  'a registry': () =>
    new RegistryClient({
      registry: 'registry.test',
      credentials: () => Promise.resolve(undefined),
      backoffMs: () => 1,
    })
      .getManifest('app', '1')
      .then(
        () => ({ ok: true }),
        (error: unknown) => ({ ok: false, error: shown(error) }),
      ),
};

test.each(Object.keys(ASKS).flatMap((name) => STATUSES.map((status) => [name, status] as const)))(
  '%s behind a proxy that answers %i says so, and what to do',
  async (name, status) => {
    const { port } = proxies.get(status)?.address() as AddressInfo;
    const HTTPS_PROXY = `http://127.0.0.1:${port}`;
    const fetched = networkFetch({ HTTPS_PROXY }, temporaryFolder());
    vi.stubGlobal('fetch', fetched);
    const { ok, error } = (await ASKS[name]?.(fetched)) ?? { ok: true };
    const said = JSON.stringify(error);
    expect([ok, said]).toEqual([false, expect.stringContaining(`127.0.0.1:${port}`)]);
    expect(said).toContain(`it answered ${status}`);
    expect(said).toContain(
      status === 403
        ? 'ask who runs the proxy to allow this host'
        : 'HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT',
    );
  },
);
