import { createSecureContext, type SecureContext } from 'node:tls';
import undici, { type Dispatcher } from 'undici';
import { guardedLookup, isOwnAddress } from '../../lib/own-address.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import { type Proxy, proxyOf } from './proxy.ts';
import { type RegistryCertificates, registryCertificates } from './registry-certificates.ts';
import { trustedRoots } from './trusted-roots.ts';

/** What of the machine decides how servers are reached. */
export interface Network {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  /** Folders `certs.d`, the first that knows a host counts. */
  readonly folders: readonly string[];
}

const { Agent, Dispatcher: Base, ProxyAgent, Socks5ProxyAgent } = undici;

/**
 * Sends each request by what is known of its origin: proxy, authorities, client certificate. A
 * redirect to another origin is asked about again, so that neither certificate nor password follows
 * it.
 */
export class Origins extends Base {
  readonly #network: Network;
  readonly #isVerified: boolean;
  readonly #isNamed: ((url: URL) => boolean) | undefined;
  readonly #known = new Map<string, Dispatcher>();
  #roots: readonly string[] | undefined;
  #plain: SecureContext | undefined;

  constructor(network: Network, isVerified: boolean, isNamed?: (url: URL) => boolean) {
    super();
    this.#isNamed = isNamed;
    this.#network = network;
    this.#isVerified = isVerified;
  }

  override dispatch(
    ...[options, handler]: Parameters<InstanceType<typeof Base>['dispatch']>
  ): boolean {
    return this.prepare(new URL(String(options.origin))).dispatch(options, handler);
  }

  /** Reads the settings of an origin, once. Throws UserError where they cannot be used. */
  prepare({ origin }: URL): Dispatcher {
    const found = this.#known.get(origin) ?? this.#make(new URL(origin));
    this.#known.set(origin, found);
    return found;
  }

  #make(url: URL): Dispatcher {
    const proxy = proxyOf(url.href, this.#network.env);
    const isTls = url.protocol === 'https:';
    const isGuarded = this.#isNamed?.(url) === false;
    if (isGuarded && isOwnAddress(url.hostname)) throw ownNetwork(url.hostname);
    const target = {
      ...(isTls
        ? { secureContext: this.#contextOf(url), rejectUnauthorized: this.#isVerified }
        : {}),
      ...(isGuarded ? { lookup: guardedLookup(isOwnAddress, ownNetwork) } : {}),
    };
    if (proxy === undefined) return new Agent({ connect: target });
    if (proxy.url.protocol.startsWith('socks')) return socksAgent(proxy, target);
    return new ProxyAgent({
      uri: withoutPassword(proxy.url),
      ...passwordOf(proxy),
      // Plain HTTP is asked of the proxy itself: few of them tunnel to port 80.
      proxyTunnel: isTls,
      requestTls: target,
      ...(proxy.url.protocol === 'https:'
        ? { proxyTls: { secureContext: this.#contextOf(undefined) } }
        : {}),
    });
  }

  /** Without an address: for a proxy, which is not shown what is for registries. */
  #contextOf(url: URL | undefined): SecureContext {
    const { env, platform, folders } = this.#network;
    const own = url === undefined ? undefined : registryCertificates(folders, url);
    this.#roots ??= trustedRoots(env, platform);
    if (own !== undefined && own.ca.length + own.cert.length > 0)
      return trustOf(this.#roots, own, url?.host);
    this.#plain ??= trustOf(this.#roots);
    return this.#plain;
  }
}

/** A reusable TLS context: roots and a host's certificates, PEM. Throws UserError if unusable. */
export function trustOf(
  roots: readonly string[],
  own?: RegistryCertificates,
  host = '',
): SecureContext {
  const { ca = [], cert = [], key = [] } = own ?? {};
  try {
    return createSecureContext({
      ca: [...roots, ...ca],
      ...(cert.length === 0 ? {} : { cert: [...cert], key: [...key] }),
    });
  } catch (cause) {
    const what = own === undefined ? 'of the system' : `for ${host} in Docker's certs.d`;
    throw new UserError(`the certificates ${what} cannot be used: ${messageOf(cause)}`, {
      nextStep: 'certificates and keys have to be PEM, and a key has to be that of its certificate',
      cause,
    });
  }
}

function ownNetwork(host: string): UserError {
  return new UserError(`${host} is this machine or in its network, and a project names it`);
}

/** Whatever prints the address of the proxy has no password to print. */
function withoutPassword(url: URL): string {
  const bare = new URL(url);
  bare.username = bare.password = '';
  return bare.href;
}

/** The library's agent, without its warning about an experiment: users can do nothing about it. */
function socksAgent(proxy: Proxy, requestTls: object): Dispatcher {
  const { username, password } = loginOf(proxy);
  const url = `socks5://${proxy.url.host}`;
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => undefined;
  try {
    // Its types lack `requestTls`.
    return new Socks5ProxyAgent(url, { username, password, ...{ requestTls } });
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Basic authentication (RFC 7617), as Go sends it. */
function passwordOf(proxy: Proxy): { readonly token?: string } {
  const { username, password } = loginOf(proxy);
  if (username === '' && password === '') return {};
  return { token: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
}

/** User and password in a proxy's address; empty if none. Throws UserError if not URL-encoded. */
function loginOf({ url, variable }: Proxy): Pick<URL, 'username' | 'password'> {
  try {
    const [username, password] = [url.username, url.password].map(decodeURIComponent);
    return { username: username ?? '', password: password ?? '' };
  } catch {
    throw new UserError(`user and password in ${variable} are not an encoded part of a URL`, {
      nextStep: 'write % as %25, @ as %40, : as %3A and / as %2F in them',
    });
  }
}
