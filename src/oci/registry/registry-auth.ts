import { type Challenge, parseChallenge } from './auth-challenge.ts';
import type { CredentialSource } from './credentials.ts';
import { basicAuthorization, fetchToken } from './registry-tokens.ts';

interface AuthOptions {
  readonly registry: string;
  readonly credentials: CredentialSource;
  /** Sends without following redirects. */
  readonly send: (url: URL, init: RequestInit) => Promise<Response>;
  /** The address of the registry. */
  readonly base: () => URL;
  readonly tokenServer: string | undefined;
}

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
    const { registry, credentials, send, base, tokenServer } = this.#options;
    const credential = await credentials(registry);
    if (credential?.kind === 'registry-token') return `Bearer ${credential.token}`;
    if (challenge.scheme === 'basic')
      return credential?.kind === 'basic'
        ? basicAuthorization(credential.username, credential.password)
        : undefined;
    const key = tokenKey(scopes);
    let token = this.#tokens.get(key);
    if (token === undefined) {
      token = fetchToken({
        challenge,
        scopes,
        credential,
        send,
        base: base(),
        tokenServer,
      });
      this.#tokens.set(key, token);
      token.catch(() => this.#tokens.delete(key));
    }
    return `Bearer ${await token}`;
  }
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
