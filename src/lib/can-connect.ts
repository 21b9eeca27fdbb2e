import { connect } from 'node:net';
import { err, ok, type Result } from './errors.ts';

/**
 * True where anything listens at the host of a URL, within `ms` including the name look-up: without
 * a network, resolver and socket alone would take far longer to give up.
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

/** A short reason for a failed connection, by its error code. */
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
