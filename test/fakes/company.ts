import { createServer, type IncomingMessage, type RequestListener, request } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import type { TlsOptions } from 'node:tls';
import { EKU, ext, type Issuer, issue, p256, pem, rootCa } from '../sigstore/x509.mjs';

/** A certificate and its key, as PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** An authority of a company's own, which nobody else trusts. */
export class Authority {
  readonly #root: Issuer;
  readonly pem: string;

  constructor(name: string) {
    this.#root = rootCa({ O: 'Company', CN: name }, { keys: p256(), hash: 'sha256' });
    this.pem = pem(this.#root.der);
  }

  server(...names: readonly string[]): Identity {
    return this.#issue(names[0] ?? '', [ext.eku(EKU.serverAuth), ext.sanDns(...names)]);
  }

  client(name: string): Identity {
    return this.#issue(name, [ext.eku(CLIENT_AUTH)]);
  }

  #issue(name: string, extensions: readonly Buffer[]): Identity {
    const keys = p256();
    const made = issue(this.#root, {
      names: { O: 'Company', CN: name },
      keys,
      extensions: [ext.keyUsageSign(), ...extensions],
    });
    const key = keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    return { cert: pem(made.der), key };
  }
}

/** Servers of one test; `close` ends them and what is connected. */
export class Servers {
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<Socket>();

  /** The port that it listens on. */
  async listen(server: Server): Promise<number> {
    this.#servers.push(server);
    for (const event of ['connection', 'secureConnection'])
      server.on(event, (socket: Socket) => {
        this.#sockets.add(socket);
        socket.on('error', () => undefined);
      });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return (server.address() as AddressInfo).port;
  }

  /** An https server; with `ca` it demands a client certificate. */
  tls(identity: Identity, answer: RequestListener, options: TlsOptions = {}): Promise<number> {
    return this.listen(createTlsServer({ ...identity, ...options }, answer));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all(
      this.#servers.map((server) => new Promise<unknown>((done) => server.close(done))),
    );
  }
}

/**
 * A SOCKS5 proxy (RFC 1928, 1929): asks for a password where one is given, and connects to names
 * that it alone knows.
 */
export function socksProxy({ password, hosts, seen }: ProxyOptions): Server {
  return createTcpServer((socket) => {
    let stage: 'methods' | 'login' | 'request' | 'through' = 'methods';
    const [user = '', secret = ''] = password === undefined ? [] : password.split(/:(.*)/s);
    socket.on('error', () => socket.destroy());
    socket.on('data', (bytes) => {
      if (stage === 'methods') {
        const wanted = password === undefined ? 0 : 2;
        const offered = bytes.subarray(2, 2 + (bytes[1] ?? 0)).includes(wanted);
        stage = password === undefined ? 'request' : 'login';
        socket.write(Buffer.from([5, offered ? wanted : 0xff]));
      } else if (stage === 'login') {
        const length = bytes[1] ?? 0;
        const name = bytes.subarray(2, 2 + length).toString();
        const isRight = name === user && bytes.subarray(3 + length).toString() === secret;
        stage = 'request';
        socket.write(Buffer.from([1, isRight ? 0 : 1]));
      } else if (stage === 'request') {
        const length = bytes[4] ?? 0;
        const host = bytes.subarray(5, 5 + length).toString();
        const asked = `${host}:${bytes.readUInt16BE(5 + length)}`;
        // 3: a name, which it resolves itself.
        seen.push(bytes[3] === 3 ? `SOCKS ${asked}` : `SOCKS address type ${bytes[3] ?? 0}`);
        const port = hosts.get(asked);
        stage = 'through';
        if (port === undefined) return void socket.end(Buffer.from([5, 4, 0, 1, 0, 0, 0, 0, 0, 0]));
        const target = connect(port, '127.0.0.1', () => {
          socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
          target.pipe(socket).pipe(target);
        });
        target.on('error', () => socket.destroy());
      }
    });
  });
}

export interface ProxyOptions {
  /** `user:password` that it demands. */
  readonly password?: string;
  /** Ports of this machine by `HOST:PORT`: the proxy alone knows these names. */
  readonly hosts: ReadonlyMap<string, number>;
  /** Speaks TLS itself. */
  readonly identity?: Identity;
  /** What it was asked: `METHOD TARGET`. */
  readonly seen: string[];
}

/** A forward proxy: tunnels by CONNECT, passes plain HTTP on. */
export function companyProxy({ password, hosts, identity, seen }: ProxyOptions): Server {
  const isAllowed = ({ headers }: IncomingMessage): boolean =>
    password === undefined ||
    headers['proxy-authorization'] === `Basic ${Buffer.from(password).toString('base64')}`;
  const refusal = 'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n';
  const server = identity === undefined ? createServer() : createTlsServer({ ...identity });
  server.on('request', (asked, response) => {
    const { method = '', url = '', headers } = asked;
    seen.push(`${method} ${url}`);
    const { host, pathname, search } = new URL(url);
    const port = hosts.get(host.includes(':') ? host : `${host}:80`);
    if (!isAllowed(asked)) response.writeHead(407, { 'proxy-authenticate': 'Basic' }).end();
    else if (port === undefined) response.writeHead(502).end();
    else {
      const path = `${pathname}${search}`;
      const passed = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      passed.on('error', () => response.destroy());
      asked.pipe(passed);
    }
  });
  server.on('connect', (asked: IncomingMessage, socket: Socket, head: Buffer) => {
    const { url = '' } = asked;
    seen.push(`CONNECT ${url}`);
    const port = hosts.get(url);
    if (!isAllowed(asked)) return void socket.end(refusal);
    if (port === undefined) return void socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    const target = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.write(head);
      target.pipe(socket).pipe(target);
    });
    for (const one of [target, socket])
      one.on('error', () => {
        target.destroy();
        socket.destroy();
      });
  });
  return server;
}
