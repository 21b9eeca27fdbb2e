import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { cleanText } from '../../model/clean-text.ts';
import { numberField, textField } from '../../model/json-value.ts';
import { err, ok, type Result } from '../../model/result.ts';
import { askProvider, type OidcAnswer } from './oidc-http.ts';

/** What a person has to do: open the page and enter the code. */
export interface DeviceCode {
  readonly page: string;
  readonly code: string;
  readonly seconds: number;
}

interface LoginOptions {
  /** The OIDC issuer, a URL. */
  readonly issuer: string;
  /** Shows the code, once. */
  readonly show: (code: DeviceCode) => void;
  readonly signal: AbortSignal;
}

const CLIENT = 'sigstore';
const SCOPE = 'openid email';
const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const LONGEST_SECONDS = 900;

/** Where a login by code is begun, and where its token is fetched. */
interface LoginEndpoints {
  readonly device: string;
  readonly token: string;
}

/** Gets an issuer's endpoints for login by code; an error says why not. Throws only on abort. */
export async function loginEndpoints(
  issuer: string,
  signal: AbortSignal,
): Promise<Result<LoginEndpoints>> {
  const found = await ask({ url: `${issuer}/.well-known/openid-configuration`, signal });
  if (!found.ok) return found;
  const device = textField(found.value.json, 'device_authorization_endpoint');
  const token = textField(found.value.json, 'token_endpoint');
  if (device === undefined || token === undefined)
    return err(`${issuer} does not offer a login by code`);
  return ok({ device, token });
}

/**
 * Logs a person in by the device flow (RFC 8628, with PKCE as the issuer of sigstore asks for it)
 * and gives the identity token. An error says what failed. Throws on abort only.
 */
export async function deviceLogin({ issuer, show, signal }: LoginOptions): Promise<Result<string>> {
  const found = await loginEndpoints(issuer, signal);
  if (!found.ok) return found;
  const verifier = randomBytes(32).toString('base64url');
  const started = await ask({
    url: found.value.device,
    body: new URLSearchParams({
      client_id: CLIENT,
      scope: SCOPE,
      nonce: randomBytes(16).toString('base64url'),
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    }),
    signal,
  });
  if (!started.ok) return started;
  const device = textField(started.value.json, 'device_code');
  const code = textField(started.value.json, 'user_code');
  const page = pageOf(started.value.json);
  if (device === undefined || code === undefined || page === undefined)
    return err(`${issuer} gave no code to log in with`);
  const seconds = Math.min(numberField(started.value.json, 'expires_in') ?? 300, LONGEST_SECONDS);
  show({ page, code: cleanText(code).slice(0, 64), seconds });
  const asked = numberField(started.value.json, 'interval') ?? 5;
  // Never oftener than each second, and never later than the code is valid.
  const interval = Math.min(Math.max(asked, 1), seconds);
  const form = new URLSearchParams({
    grant_type: GRANT,
    device_code: device,
    client_id: CLIENT,
    scope: SCOPE,
    code_verifier: verifier,
  });
  return awaited({ url: found.value.token, body: form, signal }, interval, seconds);
}

/** Asks for the token until the person has entered the code, or it is too late. */
async function awaited(
  request: Parameters<typeof askProvider>[0],
  interval: number,
  seconds: number,
): Promise<Result<string>> {
  const until = performance.now() + seconds * 1000;
  let pause = interval;
  while (performance.now() < until) {
    await sleep(pause * 1000, undefined, { signal: request.signal });
    const answer = await askProvider(request);
    // A network that is gone for a moment may come back.
    if (!answer.ok) continue;
    const { status, json } = answer.value;
    const token = textField(json, 'id_token');
    if (status < 300 && token !== undefined) return ok(token);
    const error = textField(json, 'error');
    if (error === 'slow_down') pause = Math.min(pause + 5, seconds);
    else if (error === 'access_denied') return err('the login was refused');
    else if (error === 'expired_token') break;
    else if (error !== 'authorization_pending')
      return err(`the login failed: ${cleanText(error ?? `status ${status}`).slice(0, 100)}`);
  }
  return err(`nobody entered the code within ${seconds} seconds`);
}

async function ask(request: Parameters<typeof askProvider>[0]): Promise<Result<OidcAnswer>> {
  const answer = await askProvider(request);
  if (!answer.ok || answer.value.status < 300) return answer;
  return err(`${new URL(request.url).host} answered ${answer.value.status}`);
}

function pageOf(json: unknown): string | undefined {
  const page = textField(json, 'verification_uri_complete') ?? textField(json, 'verification_uri');
  if (page === undefined || !URL.canParse(page)) return undefined;
  const { protocol, href } = new URL(page);
  return protocol === 'https:' || protocol === 'http:' ? href : undefined;
}
