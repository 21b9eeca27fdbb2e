import { connect } from 'node:net';
import { err, ok, type Result } from './errors.ts';

/**
 * Whether anything listens at the host of a URL, within `ms`, its name's look-up included. A laptop
 * without a network must not wait for a resolver's and a socket's own patience.
 */
export async function canConnect(url: string, ms: number): Promise<Result<undefined>> {
  const { protocol, hostname, port } = new URL(url);
  const socket = connect({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port),
  });
  try {
    return await new Promise<Result<undefined>>((resolve) => {
      const timer = setTimeout(() => {
        resolve(err('it cannot be reached'));
      }, ms);
      socket.once('connect', () => {
        clearTimeout(timer);
        resolve(ok(undefined));
      });
      socket.once('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        resolve(err(reasonOf(error.code)));
      });
    });
  } finally {
    socket.destroy();
  }
}

/** Why there is no connection, in words. */
export function reasonOf(code: unknown): string {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'DNS lookup failed';
    case 'ECONNREFUSED':
      return 'connection refused';
    default:
      return typeof code === 'string'
        ? `the connection failed (${code.slice(0, 40)})`
        : 'the connection failed';
  }
}
