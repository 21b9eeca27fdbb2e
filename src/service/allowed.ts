import { isIP } from 'node:net';
import { matchesImage } from '../criteria/trusted-source.ts';
import { quoted } from '../image/documents.ts';
import { err, ok, type Result, UserError } from '../lib/errors.ts';
import { networkFetch } from '../lib/fetch.ts';
import { type Guard, isListed, isOwnAddress, subnets } from '../lib/own-address.ts';
import type { PipelineContext } from '../model/context.ts';
import { formatReference, parseReference, withDefaultTag } from '../model/reference.ts';
import type { RegistryRule } from './settings.ts';
import type { ImageName } from './shapes.ts';

/** A registry that settings allow, as far as it decides who is reached. */
export type AllowedRegistry = Omit<RegistryRule, 'follow' | 'credentials'>;

/** Where layers and tokens of public registries come from; `*` is one label or a part of it. */
const COMPANIONS: readonly (readonly [registry: RegExp, hosts: string])[] = [
  [
    /^docker\.io$/,
    'auth.docker.io production.cloudflare.docker.com docker-images-prod.*.r2.cloudflarestorage.com',
  ],
  [/^ghcr\.io$/, 'pkg-containers.githubusercontent.com'],
  [/^quay\.io$/, 'cdn.quay.io cdn*.quay.io'],
  [/^(?:[a-z]+\.)?gcr\.io$|^[a-z0-9-]+-docker\.pkg\.dev$/, 'storage.googleapis.com'],
  [/^public\.ecr\.aws$/, 'd2glxqk2uabbnd.cloudfront.net d5l0dvt14r5h8.cloudfront.net'],
];

/** Asked for what npm publishes and for vulnerabilities, by the command too. */
const FIXED = ['registry.npmjs.org:443', 'api.osv.dev:443'];
const HUB = 'docker.io';

/** What no private network is made of: metadata of clouds, links, groups, no address at all. */
const NEVER = subnets({
  '0.0.0.0': 8,
  '169.254.0.0': 16,
  '168.63.129.16': 32,
  '224.0.0.0': 3,
  '::': 128,
  'fe80::': 10,
  'ff00::': 8,
});

/**
 * An image name from outside, `HOST/REPOSITORY[:TAG|@DIGEST]`: a registry and nothing else, spelled
 * as registries spell it. The tag is `latest` where none is named.
 */
export function parseImage(text: string): Result<ImageName> {
  const shown = quoted(text.slice(0, 300));
  const refused = (why: string): Result<never> => err(`${shown}: ${why}`);
  if (!/^[\w./:@[\]-]{1,1000}$/.test(text)) return refused('not the name of an image');
  const host = text.slice(0, Math.max(0, text.indexOf('/')));
  if (host !== 'localhost' && !/[.:]/.test(host))
    return refused('write the registry too: HOST/REPOSITORY:TAG');
  if (host !== host.toLowerCase()) return refused('a registry is written in lower case');
  const parsed = parseReference(text);
  if (!parsed.ok) return err(quoted(parsed.error.slice(0, 400)).slice(1, -1));
  const { registry, tag, digest } = parsed.value;
  if (tag !== undefined && digest !== undefined) return refused('name a tag or a digest, not both');
  if (registry !== HUB && formatReference(parsed.value) !== text)
    return refused('not a plain name');
  return ok(withDefaultTag(parsed.value));
}

export { formatReference as imageText };

/** Hosts and ports of a registry. `isOwn`: its own, where paths name repositories. */
function destinationsOf(registry: AllowedRegistry) {
  const { host, also } = registry;
  const known = COMPANIONS.flatMap(([name, hosts]) => (name.test(host) ? hosts.split(' ') : []));
  return [host === HUB ? 'registry-1.docker.io' : host, ...also, ...known].map((one, i) => ({
    ...registry,
    isOwn: i === 0,
    pattern: patternOf(one, registry),
  }));
}

/** Whom the service may ask: registries that settings name, where these lead, and fixed names. */
export class Allowed {
  readonly #registries: readonly AllowedRegistry[];
  readonly #destinations: ReturnType<typeof destinationsOf>;
  readonly #osv: string | undefined;

  /** @param osv asked for vulnerabilities, and not OSV.dev; also in a private network */
  constructor(registries: readonly AllowedRegistry[], osv?: string) {
    this.#registries = registries;
    this.#osv = osv && hostAndPort(new URL(osv));
    this.#destinations = registries.flatMap(destinationsOf);
  }

  /** Why an image may not be asked for; undefined where it may. */
  refusal({ registry, repository }: ImageName): string | undefined {
    const named = this.#registries.filter(({ host }) => host === registry);
    if (named.length === 0) return `settings do not allow the registry ${registry}`;
    if (named.some((one) => allows(one, repository))) return undefined;
    return `settings do not allow the repository ${registry}/${repository}`;
  }

  /**
   * Sends nothing to anybody else, also where a redirect, a realm or an answer of DNS names the
   * address. What a connection was refused for is said as it is.
   */
  fetch(env: PipelineContext['env'], home: string): typeof fetch {
    const send = networkFetch(env, home, { guardOf: this.guardOf });
    return async (input, init) => {
      const isAddress = typeof input === 'string' || input instanceof URL;
      this.checkPath(new URL(isAddress ? input : input.url));
      try {
        return await send(input, init);
      } catch (error) {
        let at = error;
        while (at instanceof Error && !(at instanceof UserError)) at = at.cause;
        throw at instanceof UserError ? at : error;
      }
    };
  }

  /** For `networkFetch`. Throws UserError for a host that settings do not allow. */
  readonly guardOf = (url: URL): Guard | undefined => {
    const found = this.#leadingTo(url);
    const at = hostAndPort(url);
    const isOsv = at === this.#osv;
    if (found.length === 0 && !isOsv && !FIXED.includes(at))
      throw new UserError(`${url.host} is not among the hosts that settings allow`, {
        nextStep: `if a registry leads there, name it in settings: registries[].also`,
      });
    if (isNamedAddress(url)) return undefined;
    const isPrivate = isOsv || found.some((one) => one.isPrivate);
    return isPrivate ? { ...PRIVATE, refuses: (at) => isListed(at, NEVER) } : PRIVATE;
  };

  /** Throws UserError for an address of a registry that is about a repository not allowed. */
  checkPath(url: URL): void {
    const [, repository] =
      /^\/v2\/(.+)\/(?:manifests|blobs|referrers|tags)\/[^/]+$/.exec(url.pathname) ?? [];
    const found = this.#leadingTo(url);
    if (repository === undefined || found.length === 0) return;
    if (found.some((one) => !one.isOwn || allows(one, repository))) return;
    throw new UserError(`settings do not allow the repository ${url.host}/${quoted(repository)}`);
  }

  #leadingTo(url: URL): ReturnType<typeof destinationsOf> {
    const at = hostAndPort(url);
    return this.#destinations.filter(({ pattern }) => pattern.test(at));
  }
}

const PRIVATE: Guard = {
  refuses: isOwnAddress,
  error: (host) =>
    new UserError(`${host} is at an address of a private network, which settings do not allow`, {
      nextStep: 'where that is so on purpose, set registries[].private',
    }),
};

/** Written as an address, or as this machine, it is its own permission: nobody else decides it. */
export function isNamedAddress({ hostname }: URL): boolean {
  return hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
}

function allows({ host: registry, repositories }: AllowedRegistry, repository: string): boolean {
  return (
    repositories.length === 0 ||
    repositories.some((one) => matchesImage(`${registry}/${one}`, { registry, repository }))
  );
}

function hostAndPort({ protocol, hostname, port }: URL): string {
  return `${hostname}:${port === '' ? (protocol === 'http:' ? '80' : '443') : port}`;
}

/** Compares as URLs spell hosts, so that no other spelling of an address is another host. */
function patternOf(name: string, { host, plainHttp }: AllowedRegistry): RegExp {
  const { hostname, port } = new URL(`http://${name}`);
  const isPlain = plainHttp || isNamedAddress(new URL(`http://${host}`));
  // Without a port: TLS, or plain where the registry is.
  const ports = /:\d+$/.test(name) ? port || '80' : isPlain ? '443|80' : '443';
  const escaped = hostname.replaceAll(/[.[\]]/g, '\\$&').replaceAll('*', '[a-z0-9-]*');
  return new RegExp(`^${escaped}:(?:${ports})$`);
}
