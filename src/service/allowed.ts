import { BlockList, isIP } from 'node:net';
import { matchesImage } from '../criteria/trusted-source.ts';
import { quoted } from '../image/documents.ts';
import { err, ok, type Result, UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import type { Guard } from '../lib/origins.ts';
import { isListed, isOwnAddress } from '../lib/own-address.ts';
import { formatReference, parseReference } from '../model/reference.ts';
import type { RegistryRule } from './deps.ts';
import type { ImageName } from './shapes.ts';

/** A registry that settings allow, as far as it decides who is reached. */
export type AllowedRegistry = Pick<
  RegistryRule,
  'host' | 'repositories' | 'plainHttp' | 'also' | 'isPrivate'
>;

/** Where layers and tokens of public registries come from; `*` is one label or a part of it. */
const COMPANIONS: readonly (readonly [registry: RegExp, hosts: readonly string[]])[] = [
  [
    /^docker\.io$/,
    [
      'auth.docker.io',
      'production.cloudflare.docker.com',
      'docker-images-prod.*.r2.cloudflarestorage.com',
    ],
  ],
  [/^ghcr\.io$/, ['pkg-containers.githubusercontent.com']],
  [/^quay\.io$/, ['cdn.quay.io', 'cdn*.quay.io']],
  [/^(?:[a-z]+\.)?gcr\.io$|^[a-z0-9-]+-docker\.pkg\.dev$/, ['storage.googleapis.com']],
  [/^public\.ecr\.aws$/, ['d2glxqk2uabbnd.cloudfront.net', 'd5l0dvt14r5h8.cloudfront.net']],
];

/** Asked for vulnerabilities, and for what npm publishes, by the command too. */
const FIXED = ['registry.npmjs.org'];

/** What no private network is made of: metadata of clouds, links, groups, no address at all. */
const NEVER = new BlockList();
for (const [block, bits] of [
  ['0.0.0.0', 8],
  ['169.254.0.0', 16],
  ['168.63.129.16', 32],
  ['224.0.0.0', 3],
] as const)
  NEVER.addSubnet(block, bits, 'ipv4');
for (const [block, bits] of [
  ['::', 128],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  NEVER.addSubnet(block, bits, 'ipv6');

const HUB = 'docker.io';

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
  const { registry, repository, tag, digest } = parsed.value;
  if (tag !== undefined && digest !== undefined) return refused('name a tag or a digest, not both');
  if (registry !== HUB && formatReference(parsed.value) !== text)
    return refused('not a plain name');
  const which = digest === undefined ? { tag: tag ?? 'latest' } : { digest };
  return ok({ registry, repository, ...which });
}

export function imageText({ registry, repository, tag, digest }: ImageName): string {
  return formatReference({ registry, repository, ...given({ tag, digest }) });
}

interface Destination {
  readonly registry: AllowedRegistry;
  /** The registry itself, whose paths name repositories. */
  readonly isOwn: boolean;
  readonly matches: (host: string) => boolean;
}

/** Whom the grader may ask: registries that settings name, where these lead, and fixed names. */
export class Allowed {
  readonly #registries: readonly AllowedRegistry[];
  readonly #destinations: readonly Destination[];
  readonly #fixed: ReadonlySet<string>;

  /** @param fixed addresses besides registries: databases of vulnerabilities */
  constructor(registries: readonly AllowedRegistry[], fixed: readonly string[] = []) {
    this.#registries = registries;
    this.#fixed = new Set([
      ...FIXED.map((host) => `${host}:443`),
      ...fixed.map((at) => hostAndPort(new URL(at))),
    ]);
    this.#destinations = registries.flatMap((registry) => {
      const { host, also } = registry;
      const own = host === HUB ? 'registry-1.docker.io' : host;
      const companions = COMPANIONS.flatMap(([name, hosts]) => (name.test(host) ? hosts : []));
      return [
        { registry, isOwn: true, matches: matcher(own, portOf(registry)) },
        ...[...also, ...companions].map((one): Destination => ({
          registry,
          isOwn: false,
          matches: matcher(one, portOf(registry)),
        })),
      ];
    });
  }

  /** Why an image may not be asked for; undefined where it may. */
  refusal({ registry, repository }: ImageName): string | undefined {
    const named = this.#registries.filter(({ host }) => host === registry);
    if (named.length === 0) return `settings do not allow the registry ${registry}`;
    if (named.some((one) => allows(one, repository))) return undefined;
    return `settings do not allow the repository ${registry}/${repository}`;
  }

  /** For `networkFetch`. Throws UserError for a host that settings do not allow. */
  readonly guardOf = (url: URL): Guard | undefined => {
    const found = this.#leadingTo(url);
    if (found.length === 0 && !this.#fixed.has(hostAndPort(url)))
      throw new UserError(`${url.host} is not among the hosts that settings allow`, {
        nextStep: `if a registry leads there, name it in settings: registries[].also`,
      });
    if (isNamedAddress(url.hostname)) return undefined;
    const isPrivate = found.some(({ registry }) => registry.isPrivate);
    return isPrivate ? { ...PRIVATE, refuses: (at) => isListed(at, NEVER) } : PRIVATE;
  };

  /** Throws UserError for an address of a registry that is about a repository not allowed. */
  checkPath(url: URL): void {
    const found = this.#leadingTo(url);
    if (found.length === 0 || found.some(({ isOwn }) => !isOwn)) return;
    const [, repository] =
      /^\/v2\/(.+)\/(?:manifests|blobs|referrers|tags)\/[^/]+$/.exec(url.pathname) ?? [];
    if (repository === undefined || found.some(({ registry }) => allows(registry, repository)))
      return;
    throw new UserError(`settings do not allow the repository ${url.host}/${quoted(repository)}`);
  }

  #leadingTo(url: URL): readonly Destination[] {
    const at = hostAndPort(url);
    return this.#destinations.filter(({ matches }) => matches(at));
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
function isNamedAddress(hostname: string): boolean {
  return hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
}

function allows({ host, repositories }: AllowedRegistry, repository: string): boolean {
  return (
    repositories.length === 0 ||
    repositories.some((pattern) =>
      matchesImage(`${host}/${pattern}`, { registry: host, repository }),
    )
  );
}

function portOf({ host, plainHttp }: AllowedRegistry): string {
  const isPlain = plainHttp || isNamedAddress(new URL(`http://${host}`).hostname);
  return isPlain ? '80' : '443';
}

function hostAndPort(url: URL): string {
  const port = url.port === '' ? (url.protocol === 'http:' ? '80' : '443') : url.port;
  return `${url.hostname}:${port}`;
}

/** Compares as URLs spell hosts, so that no other spelling of an address is another host. */
function matcher(host: string, port: string): (at: string) => boolean {
  if (host.includes('*')) {
    const pieces = host.split('*').map((piece) => piece.replaceAll('.', '\\.'));
    const pattern = new RegExp(`^${pieces.join('[a-z0-9-]*')}:443$`);
    return (at) => pattern.test(at);
  }
  const url = new URL(`http://${host}`);
  const hasPort = /:\d+$/.test(host);
  const wanted = hasPort ? [`${url.hostname}:${url.port === '' ? '80' : url.port}`] : [];
  // Without a port: TLS, or plain where the registry is.
  const all = hasPort ? wanted : [`${url.hostname}:443`, `${url.hostname}:${port}`];
  return (at) => all.includes(at);
}
