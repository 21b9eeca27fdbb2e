import { readdirSync, readFileSync } from 'node:fs';
import { BlockList, isIP } from 'node:net';
import { isAbsolute, join } from 'node:path';
import { domainToASCII } from 'node:url';
import { messageOf, UserError } from './errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy for an address, and the variable that names it. Its URL can contain a password. */
export interface Proxy {
  readonly variable: string;
  readonly url: URL;
}

/** The proxies that Go's net/http supports; with `socks5` too, the proxy resolves the name. */
const PROTOCOLS = ['http:', 'https:', 'socks5:', 'socks5h:'];
const DEFAULT_PORT: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * The proxy for an address as Go's programs (docker, cosign, buildx) choose it
 * (golang.org/x/net/http/httpproxy): HTTPS_PROXY, HTTP_PROXY and NO_PROXY, capitals before small
 * letters. Undefined for a direct connection. Throws UserError for an unusable proxy, without its
 * value, which may contain a password.
 */
export function proxyOf(address: string, env: Environment): Proxy | undefined {
  const url = new URL(address);
  const isHttps = url.protocol === 'https:';
  const variable = given(env, isHttps ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (variable === undefined || isDirect(url, env)) return undefined;
  // A CGI program's HTTP_PROXY is the header "Proxy:" of the client that sent the request.
  if (!isHttps && (env['REQUEST_METHOD'] ?? '') !== '')
    throw new UserError(`${variable} is not used where REQUEST_METHOD is set, as in a CGI program`);
  return { variable, url: proxyUrl(env[variable] ?? '', variable) };
}

function given(env: Environment, name: string): string | undefined {
  return [name, name.toLowerCase()].find((one) => (env[one] ?? '') !== '');
}

/** An address without a scheme is one of HTTP. */
function proxyUrl(value: string, variable: string): URL {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && PROTOCOLS.includes(url.protocol) && url.hostname !== '') return url;
  throw new UserError(`${variable} does not name an HTTP or SOCKS5 proxy`, {
    nextStep: `set it to http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT, or unset it`,
  });
}

function isDirect(url: URL, env: Environment): boolean {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  if (host === 'localhost' || contains(LOOPBACK, host)) return true;
  const port = url.port === '' ? (DEFAULT_PORT[url.protocol] ?? '') : url.port;
  const entries = (env[given(env, 'NO_PROXY') ?? ''] ?? '').split(',');
  return entries.some((entry) => matches(entry.trim().toLowerCase(), host, port));
}

/** One NO_PROXY entry: `*`, a CIDR block, or an IP address or domain, both with optional port. */
function matches(entry: string, host: string, port: string): boolean {
  if (entry === '') return false;
  if (entry === '*') return true;
  const block = blockOf(entry);
  if (block !== undefined) return contains(block, host);
  const [, bracketed, plain, ownPort] = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(entry) ?? [];
  const name = bracketed ?? plain ?? entry;
  if (ownPort !== undefined && ownPort !== '' && ownPort !== port) return false;
  if (name === '') return false;
  const family = isIP(name);
  if (family !== 0) {
    const one = new BlockList();
    one.addAddress(name, family === 4 ? 'ipv4' : 'ipv6');
    return contains(one, host);
  }
  // A domain never matches an IP address; one with a leading dot matches only its subdomains.
  if (isIP(host) !== 0) return false;
  const domain = name.replace(/^\*\./, '.');
  const ascii = /[^\x00-\x7f]/.test(domain) ? domainToASCII(domain.replace(/^\./, '')) : undefined;
  const suffix = ascii === undefined ? domain : `${domain.startsWith('.') ? '.' : ''}${ascii}`;
  return suffix.startsWith('.')
    ? host.endsWith(suffix)
    : host === suffix || host.endsWith(`.${suffix}`);
}

function blockOf(entry: string): BlockList | undefined {
  const [, address = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(entry) ?? [];
  const family = isIP(address);
  if (family === 0 || Number(bits) > (family === 4 ? 32 : 128)) return undefined;
  const block = new BlockList();
  block.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return block;
}

function contains(block: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && block.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** What Docker keeps for one registry, as PEM: more authorities, and our certificate and key. */
export interface RegistryCertificates {
  readonly ca: readonly string[];
  readonly cert: readonly string[];
  readonly key: readonly string[];
}

const NONE: RegistryCertificates = { ca: [], cert: [], key: [] };
const HUB = 'registry-1.docker.io';

/**
 * Docker's folders `certs.d`, the user's own first: configuration, rootless Docker, system.
 * Relative paths in variables are left out: they would point into the current project.
 */
export function certificateFolders(
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): readonly string[] {
  const config = env['DOCKER_CONFIG'] ?? '';
  const xdg = env['XDG_CONFIG_HOME'] ?? '';
  return [
    join(isAbsolute(config) ? config : join(home, '.docker'), 'certs.d'),
    join(isAbsolute(xdg) ? xdg : join(home, '.config'), 'docker', 'certs.d'),
    '/etc/docker/certs.d',
  ];
}

/**
 * The certificates for a host (`HOST` or `HOST:PORT`), from the first folder with that name. As in
 * Docker, each `.crt` is an authority, and each `.cert` with its `.key` a client certificate.
 * Another port is another host. Throws UserError for an incomplete pair or an unreadable file.
 */
export function registryCertificates(
  folders: readonly string[],
  { hostname, port }: { readonly hostname: string; readonly port: string },
): RegistryCertificates {
  // The host becomes a folder's name.
  if (!/^(?:[\w-][\w.-]*|\[[\da-f:.]+\])$/i.test(hostname)) return NONE;
  const names =
    port === ''
      ? [hostname, `${hostname}:443`, ...(hostname === HUB ? ['docker.io'] : [])]
      : [`${hostname}:${port}`, `${hostname}_${port}_`];
  for (const folder of folders)
    for (const name of names) {
      const files = filesOf(join(folder, name));
      if (files !== undefined) return certificatesIn(join(folder, name), files);
    }
  return NONE;
}

/** Undefined where the folder is missing, or readable only by the engine. */
function filesOf(folder: string): readonly string[] | undefined {
  try {
    return readdirSync(folder).sort();
  } catch {
    return undefined;
  }
}

function certificatesIn(folder: string, files: readonly string[]): RegistryCertificates {
  const pem = (name: string): string => {
    try {
      return readFileSync(join(folder, name), 'utf8');
    } catch (cause) {
      throw new UserError(`${join(folder, name)} cannot be read: ${messageOf(cause)}`, {
        nextStep: `copy ${folder} to ~/.docker/certs.d, with files that you may read`,
        cause,
      });
    }
  };
  const stems = (end: string): readonly string[] =>
    files.filter((name) => name.endsWith(end)).map((name) => name.slice(0, -end.length));
  const certs = stems('.cert');
  const keys = stems('.key');
  const lone = [
    ...certs.filter((stem) => !keys.includes(stem)).map((stem) => `${stem}.key`),
    ...keys.filter((stem) => !certs.includes(stem)).map((stem) => `${stem}.cert`),
  ];
  if (lone[0] !== undefined)
    throw new UserError(`${join(folder, lone[0])}: no such file`, {
      nextStep:
        'a client certificate is a pair of NAME.cert and NAME.key; an authority is NAME.crt',
    });
  return {
    ca: stems('.crt').map((stem) => pem(`${stem}.crt`)),
    cert: certs.map((stem) => pem(`${stem}.cert`)),
    key: certs.map((stem) => pem(`${stem}.key`)),
  };
}
