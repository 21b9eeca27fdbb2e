import { randomBytes, timingSafeEqual } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, BlockList, isIP, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { TLSSocket } from 'node:tls';
import type { BuildAuthority } from './build-authority.ts';
import { type Answer, type Peer, plainReply, type ProxyRequest, type Reply } from './record.ts';

const MIB = 1024 * 1024;
/** In bytes; git and npm send less. */
const LARGEST_BODY = 64 * MIB;
/** In bytes, over all unanswered requests of a build. */
const MOST_HELD = 256 * MIB;
/** In bytes: memory of Node for a request besides its body, and for each piece of a body. */
const REQUEST_COST = 32 * 1024;
const CHUNK_COST = 512;

/** An unanswered request. */
type HeldRequest = NonNullable<ReturnType<ReturnType<typeof heldRequests>>>;

/**
 * Limits the memory that a build's commands can fill with requests, over all connections. Undefined
 * when it is full.
 */
function heldRequests() {
  let held = 0;
  return () => {
    let own = 0;
    const take = (bytes: number): boolean => {
      if (held + bytes > MOST_HELD) return false;
      held += bytes;
      own += bytes;
      return true;
    };
    if (!take(REQUEST_COST)) return undefined;
    return {
      /** Call once, when answered. */
      release: (): void => {
        held -= own;
        own = 0;
      },
      /** Its body, or why it is refused; the rest of a refused body is read and dropped. */
      body: (message: IncomingMessage) => bodyOf(message, take),
    };
  };
}

async function bodyOf(
  message: IncomingMessage,
  take: (bytes: number) => boolean,
): Promise<Buffer | string> {
  let chunks: Buffer[] = [];
  let size = 0;
  let refusal: string | undefined;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    if (refusal !== undefined) continue;
    size += chunk.length;
    if (size > LARGEST_BODY) refusal = `a request has more than ${LARGEST_BODY / MIB} MiB`;
    else if (!take(chunk.length + CHUNK_COST))
      refusal = `requests that were not answered yet had more than ${MOST_HELD / MIB} MiB`;
    else chunks.push(chunk);
    if (refusal !== undefined) chunks = [];
  }
  return refusal ?? Buffer.concat(chunks);
}

/** Clients of protocols where the server speaks first send nothing. In milliseconds. */
const SILENT_MS = 30_000;
const TLS_HANDSHAKE = 0x16;

/** Traffic through the proxy that it could not read. */
export interface Unreadable extends Readonly<Peer> {
  /** Host and port. */
  readonly target: string;
  readonly why: string;
}

/** The target of a connection after CONNECT. */
interface Tunnel extends Readonly<Peer> {
  readonly origin: string;
  /** A request came through it. */
  asked: boolean;
}

interface OpenTunnel extends Pick<ProxyOptions, 'authority' | 'onUnreadable' | 'silentMs'> {
  readonly target: string;
  readonly socket: Socket;
  readonly peer: Peer;
  readonly head: Buffer;
  readonly inner: Server;
  readonly tunnels: WeakMap<Socket, Tunnel>;
}

/** Answers CONNECT as if the host were reached; the first byte then shows TLS or HTTP. */
function openTunnel(of: OpenTunnel): void {
  const { target, socket, peer, head, inner, tunnels, authority, onUnreadable } = of;
  const { silentMs = SILENT_MS } = of;
  const [, bracketed, plain, port = ''] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^:/\s@]{1,253})):(\d{1,5})$/.exec(target) ?? [];
  const host = bracketed ?? plain ?? '';
  const give = (why: string): void => {
    onUnreadable({ target, why, ...peer });
    socket.destroy();
  };
  if (host === '') {
    socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
    return;
  }
  socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  if (head.length > 0) socket.unshift(head);
  const shown = bracketed === undefined ? host : `[${host}]`;
  socket.setTimeout(silentMs, () => {
    give('nothing was sent: neither HTTP nor TLS');
  });
  const begin = (): void => {
    const first = socket.read(1) as Buffer | null;
    if (first === null) {
      socket.once('readable', begin);
      return;
    }
    socket.unshift(first);
    socket.setTimeout(0);
    if (first[0] !== TLS_HANDSHAKE) {
      if (!/[A-Z]/.test(first.toString('latin1'))) {
        give('neither HTTP nor TLS');
        return;
      }
      tunnels.set(socket, { origin: `http://${shown}:${port}`, ...peer, asked: true });
      inner.emit('connection', socket);
      return;
    }
    try {
      const secure = new TLSSocket(socket, {
        isServer: true,
        secureContext: authority.contextFor(host),
        ALPNProtocols: ['http/1.1'],
      });
      const tunnel = { origin: `https://${shown}:${port}`, ...peer, asked: false };
      let refusal = 'ended before a request';
      secure.on('error', (error: Error) => {
        // OpenSSL's whole message has numbers of this process.
        refusal = 'reason' in error ? String(error.reason) : error.message;
        secure.destroy();
      });
      // A client that distrusts the certificate says so, or just leaves.
      secure.once('close', () => {
        if (!tunnel.asked) onUnreadable({ target, why: `TLS: ${refusal}`, ...peer });
      });
      // Clients such as pnpm keep connections without requests, and wait for them.
      secure.setTimeout(silentMs, () => {
        tunnel.asked = true;
        secure.destroy();
      });
      tunnels.set(secure, tunnel);
      inner.emit('connection', secure);
    } catch {
      give('not the name of a host');
    }
  };
  begin();
}

/** The IP address at the other end. */
function clientOf(socket: Socket): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
}

const MOST_CONNECTIONS = 1024;
const OPTIONS: ServerOptions = { requestTimeout: 0, keepAliveTimeout: 60_000 };

export interface Proxy {
  /** With name and password of this build. RUNs have names of their own (`urlOfRun`). */
  readonly url: string;
  readonly close: () => Promise<void>;
}

interface ProxyOptions {
  /** The one address of this machine to listen on. */
  readonly host: string;
  readonly authority: Pick<BuildAuthority, 'contextFor'>;
  readonly answer: Answer;
  readonly onUnreadable: (seen: Unreadable) => void;
  /** False for an address outside of RUNs: its connection is closed. */
  readonly isClient?: (address: string) => boolean;
  /** Gets each connection's peer; its RUN is known after its first request. */
  readonly onConnection?: (peer: Peer) => void;
  /** In milliseconds: longest silence of a connection before its first request. */
  readonly silentMs?: number;
}

/**
 * An HTTP proxy for one build (RFC 9110, section 9.3.6 for CONNECT; RFC 7617 for the password). It
 * reads TLS traffic too, and passes each request to `answer`. Without the build's password, clients
 * get only 407. Throws if `host` is not an address of this machine.
 */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const password = randomBytes(24).toString('base64url');
  const peers = new WeakMap<Socket, Peer>();
  const peerOf = (socket: Socket): Peer => peers.get(socket) ?? { client: clientOf(socket) };
  /**
   * True for the right password. A connection belongs to one RUN, by the user name that it sends.
   */
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
  const openRequest = heldRequests();
  const take = (message: IncomingMessage, response: ServerResponse, tunnel?: Tunnel): void => {
    const hold = openRequest();
    const peer = tunnel ?? peerOf(message.socket);
    if (hold !== undefined) {
      void serve(message, response, { tunnel, hold }, peer, options).finally(hold.release);
      return;
    }
    const url = tunnel?.origin ?? message.url ?? '';
    // Only the host: an address may contain a secret.
    const target = URL.canParse(url) ? new URL(url).host : '';
    const { client, run } = peer;
    options.onUnreadable({ target, why: 'too many requests at once', client, run });
    // Its answer would wait in memory for those before it.
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
    else response.writeHead(407, { [CHALLENGE[0]]: CHALLENGE[1], 'content-length': 0 }).end();
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
      // git first asks without the password. It opens another connection when this one is closed.
      socket.end(
        `HTTP/1.1 407 Proxy Authentication Required\r\n${CHALLENGE.join(': ')}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
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

/** The proxy's address for the RUN on a line: the name in it identifies the RUN. */
export function urlOfRun(url: string, line: number): string {
  const own = new URL(url);
  own.username = `run${line}`;
  return own.href.replace(/\/$/, '');
}

const CHALLENGE = ['Proxy-Authenticate', 'Basic realm="scoville"'] as const;

async function listen(server: Server, host: string): Promise<number> {
  await new Promise<void>((done, failed) => {
    server.once('error', failed).listen({ host, port: 0, exclusive: true }, done);
  });
  return (server.address() as AddressInfo).port;
}

async function serve(
  message: IncomingMessage,
  response: ServerResponse,
  { tunnel, hold }: { readonly tunnel: Tunnel | undefined; readonly hold: HeldRequest },
  peer: Peer,
  { answer, onUnreadable }: ProxyOptions,
): Promise<void> {
  const reply = replyTo(message, response);
  try {
    const request = await requestOf(message, tunnel, peer, hold, onUnreadable);
    if (typeof request === 'number') plainReply(reply, request);
    else await answer(request, reply);
  } catch {
    reply.breakOff();
  }
}

/** The request, or the status of a refusal. */
async function requestOf(
  message: IncomingMessage,
  tunnel: Tunnel | undefined,
  { client, run }: Peer,
  hold: HeldRequest,
  onUnreadable: ProxyOptions['onUnreadable'],
): Promise<ProxyRequest | number> {
  const url = message.url ?? '';
  const address = tunnel === undefined ? url : `${tunnel.origin}${url}`;
  const isWhole = tunnel === undefined ? /^[a-z][a-z0-9+.-]*:\/\//i.test(url) : url.startsWith('/');
  if (!isWhole || !URL.canParse(address)) return 400;
  // A lock allows only this form.
  if (!/^[A-Z]{1,32}$/.test(message.method ?? '')) return 501;
  // Without the scheme's default port.
  const { href, host } = new URL(address);
  const body = await hold.body(message);
  if (typeof body === 'string') {
    onUnreadable({ target: host, why: body, client, run });
    return 413;
  }
  const { method = 'GET' } = message;
  const headers = Object.entries(message.headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, [value].flat().join(', ')]],
  );
  return { method, address: href, headers: Object.fromEntries(headers), body, client, run };
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

type Interfaces = ReturnType<typeof networkInterfaces>;

/**
 * True for the addresses of containers on the bridge with address `host`. False for this machine's
 * own addresses: all its users can send from those, and could read the build's password. False for
 * traffic that is routed here. Reads the interfaces for each connection, since a bridge without
 * containers is not listed.
 */
export function bridgeClients(
  host: string,
  interfaces: () => Interfaces = networkInterfaces,
): (address: string) => boolean {
  const family = isIP(host) === 6 ? 'ipv6' : 'ipv4';
  return (address) => {
    const all = Object.values(interfaces()).flatMap((addresses) => addresses ?? []);
    const [network, bits] = all.find((one) => one.address === host)?.cidr?.split('/') ?? [];
    if (isIP(address) === 0 || network === undefined) return false;
    const bridge = new BlockList();
    bridge.addSubnet(network, Number(bits), family);
    return bridge.check(address, family) && !all.some((one) => one.address === address);
  };
}
