import { randomBytes, timingSafeEqual } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Answer, plainReply, type Reply } from './answer.ts';
import type { BuildAuthority } from './build-authority.ts';
import { type HeldRequest, HeldRequests } from './held-requests.ts';
import type { Peer, ProxyRequest } from './request-key.ts';
import { clientOf, openTunnel, type Tunnel, type Unreadable } from './tunnel.ts';

const MOST_CONNECTIONS = 1024;
const OPTIONS: ServerOptions = { requestTimeout: 0, keepAliveTimeout: 60_000 };

export interface Proxy {
  /** With the name and password of this build. A RUN has a name of its own (`urlOfRun`). */
  readonly url: string;
  readonly close: () => Promise<void>;
}

export interface ProxyOptions {
  /** An address of this machine, which is all that is listened on. */
  readonly host: string;
  readonly authority: Pick<BuildAuthority, 'contextFor'>;
  readonly answer: Answer;
  readonly onUnreadable: (seen: Unreadable) => void;
  /** False for an address that is not a RUN's: its connection is closed. */
  readonly isClient?: (address: string) => boolean;
  /** Told each connection's other end, whose RUN is known once it has asked for something. */
  readonly onConnection?: (peer: Peer) => void;
  /** In milliseconds: how long a connection may be silent before its first request. */
  readonly silentMs?: number;
}

/**
 * An HTTP proxy for one build (RFC 9110, section 9.3.6 for CONNECT; RFC 7617 for the password): it
 * reads what goes through TLS as well, and hands each request to `answer`. Who does not know the
 * build's password gets 407 and nothing else. Throws where `host` is not an address of this
 * machine.
 */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const password = randomBytes(24).toString('base64url');
  const peers = new WeakMap<Socket, Peer>();
  const peerOf = (socket: Socket): Peer => peers.get(socket) ?? { client: clientOf(socket) };
  /** True if the password is right. A connection belongs to one RUN, by the name that it gives. */
  const isOurs = ({ headers, socket }: IncomingMessage): boolean => {
    const [, text = ''] = /^basic (.+)$/i.exec(headers['proxy-authorization'] ?? '') ?? [];
    const [user = '', given = ''] = Buffer.from(text, 'base64').toString('latin1').split(':', 2);
    if (given.length !== password.length) return false;
    if (!timingSafeEqual(Buffer.from(given, 'latin1'), Buffer.from(password))) return false;
    const [, run] = RUN_NAME.exec(user) ?? [];
    if (run !== undefined) peerOf(socket).run ??= Number(run);
    return true;
  };
  const open = new Set<Socket>();
  const tunnels = new WeakMap<Socket, Tunnel>();
  const held = new HeldRequests();
  const take = (message: IncomingMessage, response: ServerResponse, tunnel?: Tunnel): void => {
    const hold = held.open();
    if (hold !== undefined) {
      const at = { tunnel, peer: tunnel ?? peerOf(message.socket) };
      void serve(message, response, at, hold, options).finally(hold.release);
      return;
    }
    const url = tunnel?.origin ?? message.url ?? '';
    // The host alone: an address may have a secret in it.
    const target = URL.canParse(url) ? new URL(url).host : '';
    const { client, run } = tunnel ?? peerOf(message.socket);
    options.onUnreadable({ target, why: 'too many requests at once', client, run });
    // An answer would wait in memory for those in front of it.
    message.socket.destroy();
  };
  const inner = createServer(OPTIONS, (request, response) => {
    const tunnel = tunnels.get(request.socket);
    if (tunnel === undefined) return void request.socket.destroy();
    tunnel.asked = true;
    // From here on the server's own limits count.
    request.socket.setTimeout(0);
    take(request, response, tunnel);
  });
  const outer = createServer(OPTIONS, (request, response) => {
    if (isOurs(request)) take(request, response);
    else refuse(response);
  });
  outer.maxConnections = MOST_CONNECTIONS;
  outer.on('connection', (socket) => {
    if (options.isClient?.(clientOf(socket)) === false) return void socket.destroy();
    const peer: Peer = { client: clientOf(socket) };
    peers.set(socket, peer);
    options.onConnection?.(peer);
    open.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket));
  });
  outer.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    if (!isOurs(request)) {
      // git asks without the password first. It opens another connection when this one is closed.
      socket.end(
        `HTTP/1.1 407 Proxy Authentication Required\r\n${CHALLENGE}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
      return;
    }
    const peer = peerOf(socket);
    openTunnel({ target: request.url ?? '', socket, peer, head, inner, tunnels, ...options });
  });
  const port = await listen(outer, options.host);
  return {
    url: `http://build:${password}@${options.host}:${port}`,
    close: async () => {
      for (const socket of open) socket.destroy();
      inner.close();
      await new Promise((done) => outer.close(done));
    },
  };
}

const RUN_NAME = /^run(\d{1,7})$/;

/** The proxy's address for the RUN that begins on a line: it names itself by it. */
export function urlOfRun(url: string, line: number): string {
  const own = new URL(url);
  own.username = `run${line}`;
  return own.href.replace(/\/$/, '');
}

const CHALLENGE = 'Proxy-Authenticate: Basic realm="scoville"';

function refuse(response: ServerResponse): void {
  const [name = '', value = ''] = CHALLENGE.split(': ');
  response.writeHead(407, { [name]: value, 'content-length': 0 }).end();
}

async function listen(server: Server, host: string): Promise<number> {
  await new Promise<void>((done, failed) => {
    server.once('error', failed).listen({ host, port: 0, exclusive: true }, done);
  });
  return (server.address() as AddressInfo).port;
}

interface Asked {
  readonly tunnel: Tunnel | undefined;
  readonly peer: Peer;
}

async function serve(
  message: IncomingMessage,
  response: ServerResponse,
  at: Asked,
  hold: HeldRequest,
  { answer, onUnreadable }: ProxyOptions,
): Promise<void> {
  const reply = replyTo(message, response);
  try {
    const request = await requestOf(message, at, hold, onUnreadable);
    if (typeof request === 'number') plainReply(reply, request);
    else await answer(request, reply);
  } catch {
    reply.breakOff();
  }
}

/** The request, or the status of one that is refused. */
async function requestOf(
  message: IncomingMessage,
  { tunnel, peer: { client, run } }: Asked,
  hold: HeldRequest,
  onUnreadable: ProxyOptions['onUnreadable'],
): Promise<ProxyRequest | number> {
  const url = message.url ?? '';
  const address = tunnel === undefined ? url : `${tunnel.origin}${url}`;
  const isWhole = tunnel === undefined ? /^[a-z][a-z0-9+.-]*:\/\//i.test(url) : url.startsWith('/');
  if (!isWhole || !URL.canParse(address)) return 400;
  // What a lock can have.
  if (!/^[A-Z]{1,32}$/.test(message.method ?? '')) return 501;
  const { href, host } = new URL(address);
  const body = await hold.body(message);
  if (typeof body === 'string') {
    onUnreadable({ target: host, why: body, client, run });
    return 413;
  }
  return {
    method: message.method ?? 'GET',
    // Without the port that the scheme has anyway.
    address: href,
    headers: textHeaders(message),
    body,
    client,
    run,
  };
}

function replyTo(message: IncomingMessage, response: ServerResponse): Reply {
  response.on('error', () => response.destroy());
  const isGone = (): boolean => response.destroyed || response.writableEnded;
  return {
    head: (status, headers, size) => {
      if (isGone()) return;
      const isBare = message.method === 'HEAD' || status === 204 || status === 304;
      const length = size === undefined || isBare ? {} : { 'content-length': String(size) };
      response.writeHead(status, { ...headers, ...length });
    },
    write: async (chunk) => {
      if (isGone() || response.write(chunk)) return;
      await new Promise<void>((done) => {
        const go = (): void => {
          response.off('drain', go).off('close', go);
          done();
        };
        response.on('drain', go).on('close', go);
      });
    },
    end: () => void response.end(),
    breakOff: () => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502, { 'content-length': 0, connection: 'close' }).end();
    },
  };
}

function textHeaders({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'string' ? value : value.join(', ')]],
    ),
  );
}
