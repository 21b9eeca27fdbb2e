import type { Shape } from '../../formats/json-shape.ts';
import { UserError } from '../../model/errors.ts';
import { parseObject } from '../documents.ts';
import type { Challenge } from './auth-challenge.ts';
import type { Credential } from './credentials.ts';
import { registryError } from './registry-errors.ts';
import { realmUrl } from './token-realm.ts';

type BearerChallenge = Extract<Challenge, { scheme: 'bearer' }>;

interface TokenRequest {
  readonly challenge: BearerChallenge;
  readonly scopes: readonly string[];
  readonly credential: Credential | undefined;
  /** Sends without following redirects: a credential goes to the realm and nowhere else. */
  readonly send: (url: URL, init: RequestInit) => Promise<Response>;
  /** The address of the registry that asks. */
  readonly base: URL;
  /** The host of its token server, where the user names one. */
  readonly tokenServer: string | undefined;
}

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

/** Value of an Authorization header for HTTP Basic (RFC 7617). */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/**
 * Asks the realm for a token that covers the scopes (distribution, "Token Authentication
 * Specification"; with an identity token the OAuth2 form). Throws RegistryError where it is
 * refused, UserError where the realm is no safe address.
 */
export async function fetchToken(request: TokenRequest): Promise<string> {
  const { credential, challenge, scopes, base, tokenServer } = request;
  const hasCredential = credential !== undefined;
  const realm = realmUrl({ realm: challenge.realm, base, tokenServer, hasCredential });
  const response =
    credential?.kind === 'identity-token'
      ? await request.send(realm, oauthRequest(challenge, scopes, credential.token))
      : await request.send(withQuery(realm, challenge, scopes), {
          headers:
            credential?.kind === 'basic'
              ? { authorization: basicAuthorization(credential.username, credential.password) }
              : {},
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
