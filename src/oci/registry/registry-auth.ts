import { type Challenge, parseChallenge } from './auth-challenge.ts';
import type { CredentialSource } from './credentials.ts';
import type { HttpSender } from './http-sender.ts';
import { basicAuthorization, fetchToken } from './registry-tokens.ts';

/** Knows what one registry wants to be shown, and keeps its tokens by scope while the process runs. */
export class RegistryAuth {
  readonly #registry: string;
  readonly #credentials: CredentialSource;
  readonly #sender: HttpSender;
  readonly #allowsPlain: (url: URL) => boolean;
  readonly #tokens = new Map<string, Promise<string>>();
  #challenge: Challenge | undefined;

  constructor(options: {
    readonly registry: string;
    readonly credentials: CredentialSource;
    readonly sender: HttpSender;
    readonly allowsPlain: (url: URL) => boolean;
  }) {
    this.#registry = options.registry;
    this.#credentials = options.credentials;
    this.#sender = options.sender;
    this.#allowsPlain = options.allowsPlain;
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

  /** Value of the Authorization header for calls of these scopes; undefined before the first challenge, or without a credential. */
  async authorization(scopes: readonly string[]): Promise<string | undefined> {
    const challenge = this.#challenge;
    if (challenge === undefined) return undefined;
    const credential = await this.#credentials(this.#registry);
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
        send: (url, init) => this.#sender.send(url, init),
        allowsPlain: this.#allowsPlain,
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
