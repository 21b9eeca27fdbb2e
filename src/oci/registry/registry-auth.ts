import type { Shape } from '../../formats/json-shape.ts';
import { UserError } from '../../model/errors.ts';
import { parseObject } from '../documents.ts';
import { type Challenge, parseChallenge } from './auth-challenge.ts';
import type { Credential, CredentialSource } from './credentials.ts';
import { registryError } from './registry-errors.ts';
import { realmUrl } from './token-realm.ts';

interface AuthOptions {
  readonly registry: string;
  readonly credentials: CredentialSource;
  /** Sends without following redirects: a credential goes to the realm and nowhere else. */
  readonly send: (url: URL, init: RequestInit) => Promise<Response>;
  /** The address of the registry. */
  readonly base: () => URL;
  /** The host of its token server, where the user names one. */
  readonly tokenServer: string | undefined;
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
   * Asks the realm for a token that covers the scopes (distribution, "Token Authentication
   * Specification"; with an identity token the OAuth2 form). Throws RegistryError where it is
   * refused, UserError where the realm is no safe address.
   */
  async #fetchToken(
    challenge: BearerChallenge,
    scopes: readonly string[],
    credential: Credential | undefined,
  ): Promise<string> {
    const { send, base, tokenServer } = this.#options;
    const hasCredential = credential !== undefined;
    const realm = realmUrl({ realm: challenge.realm, base: base(), tokenServer, hasCredential });
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

/** Scope of a token that may read the repository. */
export function pull(repository: string): string {
  return `repository:${repository}:pull`;
}

/** Scope of a token that may read and write the repository. */
export function push(repository: string): string {
  return `repository:${repository}:pull,push`;
}
