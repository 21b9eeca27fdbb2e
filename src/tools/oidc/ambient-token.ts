import { readFile } from 'node:fs/promises';
import { textField } from '../../model/json-value.ts';
import { err, ok, type Result } from '../../model/result.ts';
import { askProvider } from './oidc-http.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface TokenSource {
  /** Its name, for people. */
  readonly name: string;
  /** True where each call gives a new token. */
  readonly renews: boolean;
  /** The token; an error says why there is none. Throws on abort only. */
  readonly token: (signal: AbortSignal) => Promise<Result<string>>;
}

const AUDIENCE = 'sigstore';
/** Where cosign looks for a file, too. */
const TOKEN_FILE = '/var/run/sigstore/cosign/oidc-token';

/** Variables set if an OIDC token exists: cosign's (GitLab, others), GitHub Actions, Buildkite. */
const SOURCES: readonly (readonly [string, (env: Environment) => TokenSource])[] = [
  ['SIGSTORE_ID_TOKEN', given],
  ['ACTIONS_ID_TOKEN_REQUEST_URL', github],
  ['BUILDKITE_AGENT_ACCESS_TOKEN', buildkite],
];

/** The variable by which the environment offers a token; undefined where none does. */
export function tokenVariable(env: Environment): string | undefined {
  return SOURCES.find(([name]) => (env[name] ?? '') !== '')?.[0];
}

/** The source of this job's token: a variable, or the file some platforms mount; else undefined. */
export async function ambientSource(env: Environment): Promise<TokenSource | undefined> {
  const found = SOURCES.find(([name]) => (env[name] ?? '') !== '');
  if (found !== undefined) return found[1](env);
  const token = async (): Promise<Result<string>> =>
    readFile(TOKEN_FILE, 'utf8').then(
      (text) => ok(text.trim()),
      () => err('it cannot be read'),
    );
  return (await token()).ok ? { name: TOKEN_FILE, renews: true, token } : undefined;
}

function given(env: Environment): TokenSource {
  const token = (env['SIGSTORE_ID_TOKEN'] ?? '').trim();
  return { name: 'SIGSTORE_ID_TOKEN', renews: false, token: () => Promise.resolve(ok(token)) };
}

function github(env: Environment): TokenSource {
  const address = env['ACTIONS_ID_TOKEN_REQUEST_URL'] ?? '';
  const secret = env['ACTIONS_ID_TOKEN_REQUEST_TOKEN'] ?? '';
  return {
    name: 'GitHub Actions',
    renews: true,
    token: async (signal) => {
      if (secret === '') return err('ACTIONS_ID_TOKEN_REQUEST_TOKEN is not set');
      const joint = address.includes('?') ? '&' : '?';
      return tokenOf('value', {
        url: `${address}${joint}audience=${AUDIENCE}`,
        headers: { authorization: `bearer ${secret}` },
        signal,
      });
    },
  };
}

function buildkite(env: Environment): TokenSource {
  const endpoint = env['BUILDKITE_AGENT_ENDPOINT'] ?? 'https://agent.buildkite.com/v3';
  const job = env['BUILDKITE_JOB_ID'] ?? '';
  return {
    name: 'Buildkite',
    renews: true,
    token: async (signal) => {
      if (job === '') return err('BUILDKITE_JOB_ID is not set');
      return tokenOf('token', {
        url: `${endpoint.replace(/\/$/, '')}/jobs/${encodeURIComponent(job)}/oidc/tokens`,
        headers: {
          authorization: `Token ${env['BUILDKITE_AGENT_ACCESS_TOKEN'] ?? ''}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ audience: AUDIENCE }),
        signal,
      });
    },
  };
}

/** Asked again where the provider is busy or out of reach. */
async function tokenOf(
  name: string,
  request: Parameters<typeof askProvider>[0],
): Promise<Result<string>> {
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
