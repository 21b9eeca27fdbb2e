import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, isIP, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { Agent, ProxyAgent, request } from 'undici';
import { BuildAuthority } from '../../src/reproduce/build-authority.ts';
import { type FetchStore, openFetchStore } from '../../src/reproduce/fetch-store.ts';
import { type Proxy, startProxy, type Unreadable } from '../../src/reproduce/proxy.ts';
import type { Answer, Upstream } from '../../src/reproduce/record.ts';

/** What a test opened, closed in the other order. */
export class Opened {
  readonly #closers: (() => Promise<unknown>)[] = [];

  add(close: () => Promise<unknown>): void {
    this.#closers.unshift(close);
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0)) await close();
  }

  async store(path = '/a/scoville.lock', cache?: string): Promise<FetchStore> {
    const folder = cache ?? (await mkdtemp(join(tmpdir(), 'scoville-store-')));
    if (cache === undefined) this.add(() => rm(folder, { recursive: true, force: true }));
    return openFetchStore(folder, path);
  }

  /** A server on loopback, over TLS with a certificate of that authority where one is given. */
  async server(listener: RequestListener, tls?: BuildAuthority): Promise<string> {
    const server =
      tls === undefined
        ? createServer(listener)
        : createTlsServer(
            {
              SNICallback: (_, done) => {
                done(null, tls.contextFor('localhost'));
              },
            },
            listener,
          );
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    this.add(() => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    });
    const { port } = server.address() as AddressInfo;
    return tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;
  }

  async proxy(
    answer: Answer,
    more: { silentMs?: number; isClient?: (address: string) => boolean } = {},
  ): Promise<Proxy & { authority: BuildAuthority; seen: Unreadable[] }> {
    const authority = new BuildAuthority();
    const seen: Unreadable[] = [];
    const proxy = await startProxy({
      host: '127.0.0.1',
      authority,
      answer,
      onUnreadable: (one) => seen.push(one),
      ...more,
    });
    this.add(proxy.close);
    return { ...proxy, authority, seen };
  }

  /** A client behind the proxy that trusts its authority. */
  client(proxy: { readonly url: string; readonly authority: BuildAuthority }): ProxyAgent {
    const { username, password, origin } = new URL(proxy.url);
    const agent = new ProxyAgent({
      uri: origin,
      token: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      requestTls: {
        ca: proxy.authority.pem,
        // Node 22 reads an IPv6 address as a name; build-authority.test.ts has what the certificate
        // says.
        checkServerIdentity: (host: string, certificate: PeerCertificate) =>
          isIP(host) === 6 && certificate.subjectaltname?.startsWith('IP Address:') === true
            ? undefined
            : checkServerIdentity(host, certificate),
      },
    });
    this.add(() => agent.destroy());
    return agent;
  }

  /** Asks servers on loopback, which the real one does not. */
  upstream(ca?: string): Upstream {
    const agent = new Agent(ca === undefined ? {} : { connect: { ca } });
    this.add(() => agent.destroy());
    return async ({ method, address, headers, body }, signal) => {
      const hop = ['host', 'connection', 'proxy-connection', 'content-length'];
      const rest = Object.entries(headers).filter(([name]) => !hop.includes(name));
      const answer = await request(address, {
        method: method as 'GET',
        headers: Object.fromEntries(rest),
        body: body.length === 0 ? null : body,
        dispatcher: agent,
        signal,
      });
      return { status: answer.statusCode, headers: answer.headers, body: answer.body };
    };
  }
}

/** The header line by which a proxy knows who asks, from its address. */
export function passwordOf(url: string): string {
  const { username, password } = new URL(url);
  return `Proxy-Authorization: Basic ${Buffer.from(`${username}:${password}`).toString('base64')}\r\n`;
}

/** Sends bytes as they are, and gives all that comes back until it ends. */
export function spoken(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((done) => {
    let seen = '';
    const socket = connect(Number(port), hostname, () => socket.write(Buffer.from(text, 'latin1')));
    socket
      .on('data', (chunk: Buffer) => (seen += chunk.toString('latin1')))
      .on('error', () => undefined)
      .on('close', () => {
        done(seen);
      });
  });
}

/** A connection through a proxy to `target`, after its CONNECT was answered. */
export async function tunnel(proxy: string, target: string): Promise<Socket> {
  const { hostname, port } = new URL(proxy);
  const socket = connect(Number(port), hostname);
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: a\r\n${passwordOf(proxy)}\r\n`);
  await new Promise((done) => socket.once('data', done));
  return socket;
}
