import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import * as tls from 'node:tls';
import { createSecureContext, type SecureContext } from 'node:tls';
import undici, { type Dispatcher } from 'undici';
import { messageOf, UserError } from './errors.ts';
import { checkName, type Guard, guardedLookup, isOwnAddress } from './own-address.ts';
import { type Proxy, proxyOf, type RegistryCertificates, registryCertificates } from './proxy.ts';

/** Root files of docker and cosign on Linux; the first counts (Go's crypto/x509, root_linux.go). */
const FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
const FOLDERS = ['/etc/ssl/certs', '/etc/pki/tls/certs'];

/** Since Node.js 22.15. */
type MayReadSystem = typeof tls & { getCACertificates?: (type: 'system') => string[] };

/**
 * The certificate authorities to verify servers with, as PEM. On Linux those of the system, as Go
 * reads them (SSL_CERT_FILE and SSL_CERT_DIR replace them). Elsewhere Node's own and the system's,
 * then NODE_EXTRA_CA_CERTS. Throws UserError where SSL_CERT_FILE cannot be read.
 */
export function trustedRoots(
  env: Readonly<Record<string, string | undefined>>,
  platform: string,
): readonly string[] {
  const file = env['SSL_CERT_FILE'] ?? '';
  const folders = env['SSL_CERT_DIR'] ?? '';
  const named = [
    ...(file === '' ? [] : [namedFile(file)]),
    ...folders.split(':').flatMap((folder) => (folder === '' ? [] : folderFiles(folder))),
  ];
  const roots = platform === 'linux' ? linuxRoots(named, file, folders) : otherRoots(named);
  const extra = read(env['NODE_EXTRA_CA_CERTS'] ?? '');
  return [...roots, ...(extra === undefined ? [] : [extra])];
}

/** Each variable replaces its list; a system without any store trusts the roots of Node.js. */
function linuxRoots(named: readonly string[], file: string, folders: string): readonly string[] {
  const ofSystem = file === '' ? FILES.map(read).find((text) => text !== undefined) : undefined;
  const found = [
    ...named,
    ...(ofSystem === undefined ? [] : [ofSystem]),
    // Systems make the file from these folders: they add only time.
    ...(folders === '' && ofSystem === undefined ? FOLDERS.flatMap(folderFiles) : []),
  ];
  return found.length === 0 ? tls.rootCertificates : found;
}

function otherRoots(named: readonly string[]): readonly string[] {
  const ofSystem = (tls as MayReadSystem).getCACertificates?.('system') ?? [];
  return [...named, ...ofSystem, ...tls.rootCertificates];
}

function namedFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UserError(`SSL_CERT_FILE cannot be read: ${messageOf(cause)}`, {
      nextStep: 'set it to a file with the certificates of your authorities (PEM), or unset it',
      cause,
    });
  }
}

function folderFiles(folder: string): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap((name) => read(join(folder, name)) ?? []);
}

/** Undefined if it cannot be read or has no certificate: such folders contain other files too. */
function read(path: string): string | undefined {
  try {
    const text = path === '' ? '' : readFileSync(path, 'utf8');
    return text.includes('-----BEGIN') ? text : undefined;
  } catch {
    return undefined;
  }
}

/** What of the machine decides how servers are reached. */
export interface Network {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  /** Folders `certs.d`, the first that knows a host counts. */
  readonly folders: readonly string[];
}

/** Of what a project names: nothing of this machine or its network. */
export const NOT_OWN: Guard = {
  refuses: isOwnAddress,
  error: (host) =>
    new UserError(`${host} is this machine or in its network, and a project names it`),
};

// The globals would have Node load an undici of its own.
const { Agent, Dispatcher: Base, Headers, ProxyAgent, Response, Socks5ProxyAgent } = undici;

/**
 * Sends each request with the proxy, authorities and client certificate of its origin. A redirect
 * to another origin gets that origin's, so certificate and password do not follow it.
 */
export class Origins extends Base {
  readonly #network: Network;
  readonly #isVerified: boolean;
  readonly #guardOf: ((url: URL) => Guard | undefined) | undefined;
  readonly #looksUp: boolean;
  readonly #known = new Map<string, Dispatcher>();
  #roots: readonly string[] | undefined;
  #plain: SecureContext | undefined;

  /** @param looksUp whether what a proxy is asked for is guarded by name as well */
  constructor(
    network: Network,
    isVerified: boolean,
    guardOf?: (url: URL) => Guard | undefined,
    looksUp = false,
  ) {
    super();
    this.#looksUp = looksUp;
    this.#guardOf = guardOf;
    this.#network = network;
    this.#isVerified = isVerified;
  }

  override dispatch(
    ...[options, handler]: Parameters<InstanceType<typeof Base>['dispatch']>
  ): boolean {
    return this.prepare(new URL(String(options.origin))).dispatch(options, handler);
  }

  /** Looks up here, for each request, a name that a proxy connects to. Rejects as a guard says. */
  async checkProxied(url: URL): Promise<void> {
    if (!this.#looksUp || proxyOf(url.href, this.#network.env) === undefined) return;
    const guard = this.#guardOf?.(url);
    if (guard !== undefined) await checkName(url.hostname, guard);
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
    const guard = this.#guardOf?.(url);
    if (guard?.refuses(url.hostname) === true) throw guard.error(url.hostname);
    const target = {
      ...(isTls
        ? { secureContext: this.#contextOf(url), rejectUnauthorized: this.#isVerified }
        : {}),
      ...(guard === undefined ? {} : { lookup: guardedLookup(guard.refuses, guard.error) }),
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

  /** Undefined means a proxy: registry certificates are not shown to it. */
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

const PEM = /-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g;

/** A reusable TLS context: roots and a host's certificates, PEM. Throws UserError if unusable. */
export function trustOf(
  roots: readonly string[],
  own?: RegistryCertificates,
  host = '',
): SecureContext {
  const { ca = [], cert = [], key = [] } = own ?? {};
  // A system has each in a file, in a folder and behind a link: to read them takes 0.4 ms each.
  const authorities = new Set([...roots, ...ca].flatMap((text) => text.match(PEM) ?? [text]));
  try {
    return createSecureContext({
      ca: [...authorities],
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

/** For every address that is printed. */
function withoutPassword(url: URL): string {
  const bare = new URL(url);
  bare.username = bare.password = '';
  return bare.href;
}

/** Without the library's warning that it is experimental: users cannot do anything about it. */
function socksAgent(proxy: Proxy, requestTls: object): Dispatcher {
  const { username, password } = loginOf(proxy);
  const url = `socks5://${proxy.url.host}`;
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = () => undefined;
  try {
    // Its types lack `requestTls`.
    const options = { username, password, requestTls };
    return new Socks5ProxyAgent(url, options);
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

const BODILESS = [101, 204, 205, 304];

const REDIRECTS = [301, 302, 303, 307, 308];
const MOST_REDIRECTS = 20;

/**
 * Like `fetch`, but on any port: fetch refuses 80 ports (6000, 10080) that a registry may use.
 * Bodies stay as sent, and only requests without one follow redirects. Rejects as fetch does.
 */
export async function fetchAnyPort(
  url: URL,
  { method = 'GET', headers, body, signal, redirect }: RequestInit,
  dispatcher: Origins,
  redirects = 0,
): Promise<Response> {
  const asked = sentHeaders(headers);
  if (body instanceof URLSearchParams)
    asked['content-type'] ??= 'application/x-www-form-urlencoded;charset=UTF-8';
  try {
    await dispatcher.checkProxied(url);
    // Its types lack `path`.
    const request = {
      dispatcher,
      path: `${url.pathname}${url.search}`,
      method,
      headers: asked,
      body: bodyOf(body),
      ...(signal === undefined ? {} : { signal }),
    };
    const answer = await undici.request(url.origin, request);
    const { statusCode: status } = answer;
    // The reader of the body gets the error; an unread body needs none.
    answer.body.on('error', () => undefined);
    const isEmpty = method === 'HEAD' || BODILESS.includes(status);
    if (isEmpty) await answer.body.dump();
    const { location } = answer.headers;
    if (redirect !== 'manual' && REDIRECTS.includes(status) && location !== undefined) {
      answer.body.destroy();
      if (redirect === 'error' || body || redirects === MOST_REDIRECTS)
        throw new Error(`${url.host} redirects`);
      const next = new URL(String(location), url);
      if (next.origin !== url.origin) delete asked['authorization'];
      const init = { method, headers: asked, ...(signal === undefined ? {} : { signal }) };
      return await fetchAnyPort(next, init, dispatcher, redirects + 1);
    }
    const response = new Response(isEmpty ? null : streamOf(answer.body), {
      status,
      headers: headersOf(answer.headers),
    });
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- the same class of another copy of undici; nobody asks which it is
    return Object.defineProperty(response, 'url', { value: url.href });
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw new TypeError('fetch failed', { cause: error });
  }
}

/** Node's own conversion throws where a stream ends as it is canceled. */
function streamOf(body: Readable): ReadableStream<Uint8Array> {
  const pieces = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await pieces.next();
        if (next.done === true) controller.close();
        else controller.enqueue(next.value);
      },
      cancel() {
        body.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}

function bodyOf(body: RequestInit['body']): string | Uint8Array | Readable | null {
  if (body === undefined || body === null) return null;
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  return body instanceof URLSearchParams
    ? body.toString()
    : Readable.from(body as AsyncIterable<Uint8Array>, { objectMode: false });
}

/** By name in lower case. */
function sentHeaders(headers: RequestInit['headers'] = {}): Record<string, string> {
  const pairs = Symbol.iterator in headers ? [...headers] : Object.entries(headers);
  return Object.fromEntries(pairs.map(([name = '', value]) => [name.toLowerCase(), String(value)]));
}

function headersOf(sent: Readonly<Record<string, string | string[] | undefined>>) {
  const headers = new Headers();
  for (const [name, values] of Object.entries(sent))
    for (const value of [values ?? []].flat()) headers.append(name, value);
  return headers;
}
