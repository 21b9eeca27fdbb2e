import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../fix/fetch-digest.ts';
import { parseStrictJson } from '../image/formats/json.ts';
import { bodyOf, wholeStream } from '../lib/bytes.ts';
import { reasonOf } from '../lib/can-connect.ts';
import { err, messageOf, ok, ProxyError, type Result } from '../lib/errors.ts';
import { given, isObject, listField, numberField, parseJson, textField } from '../lib/json.ts';
import { cleanText } from '../lib/text.ts';

const REQUEST_MS = 20_000;
const LARGEST = 256 * 1024;

interface OidcRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams | string;
  readonly signal: AbortSignal;
}

type OidcAnswer = Result<{ readonly status: number; readonly json: unknown }>;

/**
 * Asks an identity provider, over TLS unless it is on this machine. A redirect is an error: what is
 * sent may be a secret. Throws on abort only; an error names the host, and never what was sent.
 */
export async function askProvider({
  url: text,
  headers = {},
  body,
  signal,
}: OidcRequest): Promise<OidcAnswer> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return err('its address is not a URL');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOCAL.test(url.hostname)))
    return err(`${url.host} is not asked without TLS`);
  try {
    const response = await fetch(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { accept: 'application/json', ...headers },
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]),
      ...(body === undefined ? {} : { body }),
    });
    const answer = await wholeStream(bodyOf(response), LARGEST);
    if (answer === undefined) return err(`${url.host} answered more than ${LARGEST} bytes`);
    return ok({ status: response.status, json: parseJson(answer.toString()) });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ProxyError) return err(`${url.host}: ${error.advice}`);
    const why = messageOf(error) === 'fetch failed' ? reasonOf(codeOf(error)) : messageOf(error);
    return err(`${url.host}: ${why}`);
  }
}

const LOCAL = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** What an OIDC token says of its bearer. Its signature is Fulcio's to verify. */
export interface TokenClaims {
  readonly issuer: string;
  readonly subject: string;
  readonly audience: readonly string[];
  readonly expiresAt: number;
  readonly email?: string;
  /** The provider behind the issuer, by which a person logged in. */
  readonly connector?: string;
  /** The project of a CI job, and who may see it. */
  readonly repository?: string;
  readonly visibility?: string;
}

const LONGEST = 64 * 1024;

/** A token's claims (RFC 7519, compact: three base64url parts). No error repeats the token. */
export function tokenClaims(token: string): Result<TokenClaims> {
  const parts = token.split('.');
  if (token.length > LONGEST || parts.length !== 3 || parts.some((part) => !WORD.test(part)))
    return err('it is not a JSON Web Token');
  const parsed = parseStrictJson(Buffer.from(parts[1] ?? '', 'base64url'), 'it', LONGEST);
  if (!parsed.ok || !isObject(parsed.value)) return err('it does not contain claims');
  const claims = parsed.value;
  const [issuer, subject] = [textField(claims, 'iss'), textField(claims, 'sub')];
  const expires = numberField(claims, 'exp');
  if (issuer === undefined || subject === undefined || expires === undefined)
    return err('it does not say who issued it, for whom, and until when');
  const audience = claims['aud'];
  const optional = given({
    email: textField(claims, 'email'),
    connector: textField(claims['federated_claims'], 'connector_id'),
    repository: textField(claims, 'repository') ?? textField(claims, 'project_path'),
    visibility:
      textField(claims, 'repository_visibility') ?? textField(claims, 'project_visibility'),
  });
  return ok({
    issuer,
    subject,
    audience: typeof audience === 'string' ? [audience] : listField(claims, 'aud').map(String),
    expiresAt: expires * 1000,
    ...optional,
  });
}

const WORD = /^[A-Za-z0-9_-]+$/;

type Environment = Readonly<Record<string, string | undefined>>;

export interface TokenSource {
  readonly name: string;
  /** True where each call gives a new token. */
  readonly renews: boolean;
  /** The token; an error says why there is none. Throws on abort only. */
  readonly token: (signal: AbortSignal) => Promise<Result<string>>;
}

export const AUDIENCE = 'sigstore';
/** Where cosign looks for a file, too. */
const TOKEN_FILE = '/var/run/sigstore/cosign/oidc-token';

/** Variables set if an OIDC token exists: cosign's (GitLab, others), GitHub Actions, Buildkite. */
const SOURCES: Readonly<Record<string, (value: string, env: Environment) => TokenSource>> = {
  SIGSTORE_ID_TOKEN: (value) => ({
    name: 'SIGSTORE_ID_TOKEN',
    renews: false,
    token: () => Promise.resolve(ok(value.trim())),
  }),
  ACTIONS_ID_TOKEN_REQUEST_URL: (address, env) =>
    asked('GitHub Actions', 'value', env, 'ACTIONS_ID_TOKEN_REQUEST_TOKEN', (secret) => ({
      url: `${address}${address.includes('?') ? '&' : '?'}audience=${AUDIENCE}`,
      headers: { authorization: `bearer ${secret}` },
    })),
  BUILDKITE_AGENT_ACCESS_TOKEN: (secret, env) =>
    asked('Buildkite', 'token', env, 'BUILDKITE_JOB_ID', (job) => {
      const endpoint = env['BUILDKITE_AGENT_ENDPOINT'] ?? 'https://agent.buildkite.com/v3';
      return {
        url: `${endpoint.replace(/\/$/, '')}/jobs/${encodeURIComponent(job)}/oidc/tokens`,
        headers: { authorization: `Token ${secret}`, 'content-type': 'application/json' },
        body: JSON.stringify({ audience: AUDIENCE }),
      };
    }),
};

/** The variable by which the environment offers a token; undefined where none does. */
export function tokenVariable(env: Environment): string | undefined {
  return Object.keys(SOURCES).find((name) => (env[name] ?? '') !== '');
}

/** The source of this job's token: a variable, or the file some platforms mount; else undefined. */
export async function ambientSource(env: Environment): Promise<TokenSource | undefined> {
  const variable = tokenVariable(env) ?? '';
  const source = SOURCES[variable]?.(env[variable] ?? '', env);
  if (source !== undefined) return source;
  const token = (): Promise<Result<string>> =>
    readFile(TOKEN_FILE, 'utf8').then(
      (text) => ok(text.trim()),
      () => err('it cannot be read'),
    );
  return (await token()).ok ? { name: TOKEN_FILE, renews: true, token } : undefined;
}

/** A service whose answer has the token in `field`; `needed` names what else the job has to set. */
function asked(
  name: string,
  field: string,
  env: Environment,
  needed: string,
  request: (value: string) => Omit<OidcRequest, 'signal'>,
): TokenSource {
  const value = env[needed] ?? '';
  const token = async (signal: AbortSignal): Promise<Result<string>> =>
    value === '' ? err(`${needed} is not set`) : tokenOf(field, { ...request(value), signal });
  return { name, renews: true, token };
}

/** Asked again where the provider is busy or out of reach. */
async function tokenOf(name: string, request: OidcRequest): Promise<Result<string>> {
  for (let tries = 1; ; tries++) {
    const answer = await askProvider(request);
    if (answer.ok && answer.value.status < 300) {
      const token = textField(answer.value.json, name);
      return token === undefined ? err('it answered without a token') : ok(token.trim());
    }
    const passing = !answer.ok || answer.value.status >= 500 || answer.value.status === 429;
    const reason = answer.ok ? `it answered ${answer.value.status}` : answer.error;
    if (!passing || tries === 3) return err(reason);
  }
}

export interface DeviceCode {
  readonly page: string;
  readonly code: string;
  readonly seconds: number;
}

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const CLIENT = { client_id: 'sigstore', scope: 'openid email' };
const LONGEST_SECONDS = 900;

/** Gets an issuer's endpoints for login by code; an error says why not. Throws only on abort. */
export async function loginEndpoints(
  issuer: string,
  signal: AbortSignal,
): Promise<Result<{ readonly device: string; readonly token: string }>> {
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
export async function deviceLogin(
  issuer: string,
  show: (code: DeviceCode) => void,
  signal: AbortSignal,
): Promise<Result<string>> {
  const found = await loginEndpoints(issuer, signal);
  if (!found.ok) return found;
  const verifier = randomBytes(32).toString('base64url');
  const started = await ask({
    url: found.value.device,
    body: new URLSearchParams({
      ...CLIENT,
      nonce: randomBytes(16).toString('base64url'),
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
    }),
    signal,
  });
  if (!started.ok) return started;
  const { json } = started.value;
  const [device, code] = [textField(json, 'device_code'), textField(json, 'user_code')];
  const page = pageOf(json);
  if (device === undefined || code === undefined || page === undefined)
    return err(`${issuer} gave no code to log in with`);
  const seconds = Math.min(numberField(json, 'expires_in') ?? 300, LONGEST_SECONDS);
  show({ page, code: cleanText(code).slice(0, 64), seconds });
  // Never oftener than each second, and never later than the code is valid.
  const interval = Math.min(Math.max(numberField(json, 'interval') ?? 5, 1), seconds);
  const grant = { grant_type: GRANT, device_code: device, code_verifier: verifier };
  const body = new URLSearchParams({ ...CLIENT, ...grant });
  return awaited({ url: found.value.token, body, signal }, interval, seconds);
}

async function awaited(
  request: OidcRequest,
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

async function ask(request: OidcRequest): Promise<OidcAnswer> {
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
