import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { BuildAuthority } from './build-authority.ts';
import type { Peer } from './request-key.ts';

/** A client of a protocol in which the server speaks first sends nothing. In milliseconds. */
const SILENT_MS = 30_000;
const TLS_HANDSHAKE = 0x16;

/** Something that went by the proxy and could not be read. */
export interface Unreadable extends Readonly<Peer> {
  /** Host and port. */
  readonly target: string;
  readonly why: string;
}

/** Where the requests of a connection go, where CONNECT has said so. */
export interface Tunnel extends Readonly<Peer> {
  readonly origin: string;
  /** Something was asked for in it. */
  asked: boolean;
}

interface OpenTunnel {
  readonly target: string;
  readonly socket: Socket;
  readonly peer: Peer;
  readonly head: Buffer;
  readonly inner: Server;
  readonly tunnels: WeakMap<Socket, Tunnel>;
  readonly authority: Pick<BuildAuthority, 'contextFor'>;
  readonly onUnreadable: (seen: Unreadable) => void;
  /** How long a connection may be silent before its first request. */
  readonly silentMs?: number;
}

/** Answers CONNECT as if the host were reached; the first byte then tells TLS from HTTP. */
export function openTunnel(of: OpenTunnel): void {
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
        // OpenSSL's whole message has numbers of this process in it.
        refusal = 'reason' in error ? String(error.reason) : error.message;
        secure.destroy();
      });
      // Who does not trust the certificate says so, or just leaves.
      secure.once('close', () => {
        if (!tunnel.asked) onUnreadable({ target, why: `TLS: ${refusal}`, ...peer });
      });
      // Clients keep connections for a request that never comes, and wait for them: pnpm does.
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
export function clientOf(socket: Socket): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
}
