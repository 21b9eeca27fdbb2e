import { isIP } from 'node:net';
import { UserError } from '../../lib/errors.ts';
import { parseObject } from '../documents.ts';
import type { Shape } from '../formats/json.ts';
import type { Credential, CredentialSource } from './credentials.ts';
import { isLoopback, registryError } from './http.ts';

/** How a registry wants to be shown who asks (RFC 7235, RFC 6750). */
type Challenge =
  | { readonly scheme: 'basic' }
  | {
      readonly scheme: 'bearer';
      readonly realm: string;
      readonly service: string | undefined;
      readonly scope: string | undefined;
    };

/** A WWW-Authenticate header's challenge, Bearer before Basic; undefined where it names neither. */
export function parseChallenge(header: string | null): Challenge | undefined {
  if (header === null || header.length > 8192) return undefined;
  const bearer = schemeParameters(header, 'bearer');
  const realm = bearer?.get('realm');
  if (bearer !== undefined && realm !== undefined)
    return { scheme: 'bearer', realm, service: bearer.get('service'), scope: bearer.get('scope') };
  return schemeParameters(header, 'basic') === undefined ? undefined : { scheme: 'basic' };
}

/** A word that no `=` follows is a scheme; what comes up to the next one are its parameters. */
function schemeParameters(header: string, scheme: string): ReadonlyMap<string, string> | undefined {
  let inside = false;
  let found: Map<string, string> | undefined;
  for (const token of header.matchAll(
    /([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/g,
  )) {
    const [, name = '', quoted, plain] = token;
    if (quoted === undefined && plain === undefined) {
      inside = found === undefined && name.toLowerCase() === scheme;
      if (inside) found = new Map();
    } else if (inside && found?.has(name.toLowerCase()) === false)
      found.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '');
  }
  return found;
}

/**
 * Registries whose token server has another domain, as each of them documents it. All others have
 * theirs at the same host or in the same domain (docs/decisions, "Where passwords go").
 */
const ELSEWHERE: readonly (readonly [registry: RegExp, server: string])[] = [
  [/^rg\.[a-z]{2}-[a-z]{3}\.scw\.cloud$/, 'api.scaleway.com'],
  [/^nvcr\.io$/, 'authn.nvidia.com'],
  [/^registry\.(?:connect\.)?redhat\.(?:io|com)$/, 'sso.redhat.com'],
];

/** Domains under which anybody can have a host: a neighbor there is somebody else. */
const SHARED =
  /^(?:(?:ac|co|com|edu|go|gov|ne|net|or|org)\.[a-z]{2}|azurecr\.io|jfrog\.io|amazonaws\.com|cloudfront\.net|github\.io|gitlab\.io|run\.app|web\.app|appspot\.com|herokuapp\.com|azurewebsites\.net|azure\.com|windows\.net|pages\.dev|workers\.dev|vercel\.app|netlify\.app|fly\.dev|onrender\.com|ngrok\.io|ngrok-free\.app|duckdns\.org|nip\.io|sslip\.io)$/;

interface Realm {
  readonly realm: string;
  /** The address of the registry that names it. */
  readonly base: URL;
  /** Hosts that the user says sign in for this registry. */
  readonly tokenServers: readonly string[];
  readonly hasCredential: boolean;
}

/**
 * The address from which a registry's tokens are fetched. A password is sent only to the registry's
 * own host or domain, to its known token server, or to the one that the user names. Elsewhere a
 * token is fetched without one. Throws UserError if that is not allowed, if the address has no TLS,
 * or if it points from a registry into this machine or network.
 */
export function realmUrl({ realm, base, tokenServers, hasCredential }: Realm): URL {
  const url = URL.canParse(realm) ? new URL(realm) : undefined;
  const isPlain =
    url?.protocol === 'http:' &&
    (url.origin === base.origin || (isLoopback(url.hostname) && isLoopback(base.hostname)));
  const isSafe = url?.protocol === 'https:' || isPlain;
  if (url === undefined || !isSafe || url.username !== '' || url.password !== '')
    throw new UserError('the registry names a token server that is not an https address', {
      nextStep: 'No password was sent. Ask the operator of the registry.',
    });
  if (isOf(bare(base), bare(url), tokenServers)) return url;
  const isHere = isLoopback(base.hostname) && isLoopback(url.hostname);
  const isElsewhere = isLoopback(url.hostname) || isAddress(url) || isAddress(base);
  // Only this machine may name another port of it, and an IP address names itself alone.
  if (!isHere && isElsewhere && !(isLoopback(base.hostname) && !isAddress(url)))
    throw new UserError(
      `${base.host} names ${url.host} as its token server, which is not its own`,
      {
        nextStep: 'nothing was sent to it; ask the operator of the registry',
      },
    );
  if (hasCredential && !isHere)
    throw new UserError(
      `${base.host} wants your password sent to ${url.host}, which has another domain`,
      {
        nextStep: `it was not sent; if that is its token server, set registries."${base.host}".tokenServer: ${url.hostname} in your own settings`,
      },
    );
  return url;
}

/** Without the dot that ends a name of DNS. */
function bare({ hostname }: URL): string {
  return hostname.replace(/\.$/, '');
}

function isAddress({ hostname }: URL): boolean {
  return isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
}

function isOf(registry: string, server: string, named: readonly string[]): boolean {
  if (server === registry || named.includes(server)) return true;
  if (isIP(registry) !== 0 || registry.startsWith('[')) return false;
  if (ELSEWHERE.some(([pattern, host]) => pattern.test(registry) && host === server)) return true;
  // registry-1.docker.io and auth.docker.io, registry.gitlab.com and gitlab.com, gcr.io and
  // auth.gcr.io.
  for (let domain = registry; domain.includes('.'); domain = domain.replace(/^[^.]*\./, ''))
    if (domain === registry || !SHARED.test(domain))
      if (server === domain || server.endsWith(`.${domain}`)) return true;
  return false;
}

interface AuthOptions {
  readonly registry: string;
  readonly credentials: CredentialSource;
  /** Sends without following redirects: a credential goes to the realm and nowhere else. */
  readonly send: (url: URL, init: RequestInit) => Promise<Response>;
  readonly base: () => URL;
  /** Hosts of its token servers that the user names. */
  readonly tokenServers: readonly string[];
}

type BearerChallenge = Extract<Challenge, { scheme: 'bearer' }>;

/** distribution, "Token Authentication Specification", and OAuth2's refresh token beside. */
const TOKEN: Shape = {
  struct: {
    token: 'text',
    access_token: 'text',
    expires_in: 'any',
    issued_at: 'any',
    refresh_token: 'any',
  },
};
const MAX_TOKEN_BYTES = 256 * 1024;

/** Knows what one registry asks for, and keeps its tokens by scope while the process runs. */
export class RegistryAuth {
  readonly #options: AuthOptions;
  readonly #tokens = new Map<string, Promise<string>>();
  #challenge: Challenge | undefined;

  constructor(options: AuthOptions) {
    this.#options = options;
  }

  /** Takes in a 401 answer; true where it taught us how to ask again. `used` is what it refused. */
  learn(response: Response, scopes: readonly string[], used: string | undefined): boolean {
    const challenge = parseChallenge(response.headers.get('www-authenticate'));
    if (challenge === undefined) return false;
    this.#challenge = challenge;
    // A Basic password that was refused is refused again; a token may only have grown old.
    if (used?.startsWith('Basic ') === true) return false;
    if (used !== undefined) this.#tokens.delete(tokenKey(scopes));
    return true;
  }

  /** Authorization header for calls of these scopes; undefined with no challenge or credential. */
  async authorization(scopes: readonly string[]): Promise<string | undefined> {
    const challenge = this.#challenge;
    if (challenge === undefined) return undefined;
    const credential = await this.#options.credentials(this.#options.registry);
    if (credential?.kind === 'registry-token') return `Bearer ${credential.token}`;
    if (challenge.scheme === 'basic')
      return credential?.kind === 'basic' ? basicAuthorization(credential) : undefined;
    const key = tokenKey(scopes);
    let token = this.#tokens.get(key);
    if (token === undefined) {
      token = this.#fetchToken(challenge, scopes, credential);
      this.#tokens.set(key, token);
      token.catch(() => this.#tokens.delete(key));
    }
    return `Bearer ${await token}`;
  }

  /**
   * Asks the realm for a token with the scopes (distribution, "Token Authentication Specification";
   * with an identity token the OAuth2 form). Throws RegistryError if it is refused, UserError if
   * the realm is not a safe address.
   */
  async #fetchToken(
    challenge: BearerChallenge,
    scopes: readonly string[],
    credential: Credential | undefined,
  ): Promise<string> {
    const { send, base, tokenServers } = this.#options;
    const hasCredential = credential !== undefined;
    const realm = realmUrl({ realm: challenge.realm, base: base(), tokenServers, hasCredential });
    const isBasic = credential?.kind === 'basic';
    const response =
      credential?.kind === 'identity-token'
        ? await send(realm, oauthRequest(challenge, scopes, credential.token))
        : await send(withQuery(realm, challenge, scopes), {
            headers: isBasic ? { authorization: basicAuthorization(credential) } : {},
          });
    if (!response.ok) throw await registryError(response);
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (bytes.length > MAX_TOKEN_BYTES) throw new UserError(`${realm.host} sent too large a token`);
    const answer = parseObject(bytes, `the token of ${realm.host}`, TOKEN);
    const token = answer['token'] ?? answer['access_token'];
    if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
      throw new UserError(`${realm.host} answered without a token`);
    return token;
  }
}

/** Value of an Authorization header for HTTP Basic (RFC 7617). */
function basicAuthorization({
  username,
  password,
}: {
  username: string;
  password: string;
}): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function withQuery(realm: URL, challenge: BearerChallenge, scopes: readonly string[]): URL {
  const url = new URL(realm);
  if (challenge.service !== undefined) url.searchParams.set('service', challenge.service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  return url;
}

function oauthRequest(
  challenge: BearerChallenge,
  scopes: readonly string[],
  refreshToken: string,
): RequestInit {
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: 'scoville',
    refresh_token: refreshToken,
    scope: scopes.join(' '),
  });
  if (challenge.service !== undefined) body.set('service', challenge.service);
  return { method: 'POST', body };
}

function tokenKey(scopes: readonly string[]): string {
  return [...scopes].sort().join(' ');
}

export function pull(repository: string): string {
  return `repository:${repository}:pull`;
}

export function push(repository: string): string {
  return `repository:${repository}:pull,push`;
}
