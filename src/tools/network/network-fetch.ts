import { ProxyError } from '../../model/errors.ts';
import { drainAtEnd } from './drain-at-end.ts';
import type { Network, Origins } from './origins.ts';
import { proxyOf } from './proxy.ts';
import { certificateFolders } from './registry-certificates.ts';

/** Node.js' own, whatever is put in its place later. */
const nodeFetch = globalThis.fetch;

/** Sends each `fetch` as docker and cosign do: Node.js ignores proxies and system authorities. */
export function useNetwork(env: Network['env'], home: string): void {
  drainAtEnd();
  globalThis.fetch = networkFetch(env, home);
}

/**
 * A `fetch` through the proxies of the environment, that trusts the authorities that docker and
 * cosign trust, and shows a registry the client certificate that Docker's `certs.d` keeps for it.
 * With `isVerified: false` servers need no certificate that is trusted: for registries that the
 * engine calls insecure. With `isNamed` this machine and its network are only reached at addresses
 * for which it says that a person named them: for addresses that a project's text names. Rejects
 * with ProxyError where the proxy is what failed.
 */
export function networkFetch(
  env: Network['env'],
  home: string,
  {
    isVerified = true,
    isNamed,
  }: { readonly isVerified?: boolean; readonly isNamed?: (url: URL) => boolean } = {},
): typeof fetch {
  const network: Network = {
    env,
    platform: process.platform,
    folders: certificateFolders(env, home),
  };
  let loading: Promise<Origins> | undefined;
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const isWeb = url.protocol === 'http:' || url.protocol === 'https:';
    const proxy = isWeb ? proxyOf(url.href, env) : undefined;
    if (!isWeb) return nodeFetch(input, init);
    loading ??= import('./origins.ts').then(
      (loaded) => new loaded.Origins(network, isVerified, isNamed),
    );
    const origins = await loading;
    // What is wrong with its settings is said here; thrown while fetch sends, it would be "fetch
    // failed".
    origins.prepare(url);
    const dispatcher = origins as unknown as NonNullable<RequestInit['dispatcher']>;
    try {
      if (init?.redirect === 'manual' || init?.redirect === 'error')
        return await (await import('./any-port.ts')).fetchAnyPort(url, init, origins);
      return await nodeFetch(input, { ...init, dispatcher });
    } catch (error) {
      throw proxy === undefined ? error : ofProxy(error, proxy.url.host);
    }
  };
}

/** Undici says what a proxy answered in words alone. */
const ANSWERED = /Proxy response \((\d{3})\)|Proxy Authentication Required \((407)\)/;

function ofProxy(error: unknown, proxy: string): unknown {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; depth++) {
    const [, tunnel, plain] = ANSWERED.exec(at.message) ?? [];
    const status = tunnel ?? plain;
    if (status !== undefined) return new ProxyError(proxy, `it answered ${status}`, error);
    const { syscall, code } = at as NodeJS.ErrnoException;
    if (/^UND_ERR_SOCKS5_AUTH/.test(code ?? ''))
      return new ProxyError(proxy, 'it refused user and password', error);
    if (/^(?:SOCKS5|Username and password required)/.test(at.message))
      return new ProxyError(proxy, at.message.replace(/^SOCKS5 connection failed: /, ''), error);
    const isOfConnection =
      syscall === 'connect' || syscall === 'getaddrinfo' || code === 'UND_ERR_CONNECT_TIMEOUT';
    if (isOfConnection || code === 'UND_ERR_PRX_TLS')
      return new ProxyError(proxy, code ?? 'no connection', error);
    at = at.cause instanceof AggregateError ? at.cause.errors[0] : at.cause;
  }
  return error;
}
