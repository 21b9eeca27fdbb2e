import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError } from '../../model/errors.ts';
import { errorCode } from '../blobs/disk.ts';
import { parseObject } from '../documents.ts';

/** What a registry is shown: a password, or a token that its token server takes for one. */
export type Credential =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'identity-token'; readonly token: string }
  | { readonly kind: 'registry-token'; readonly token: string };

/** The credential for a registry host, undefined where there is none. */
export type CredentialSource = (host: string) => Promise<Credential | undefined>;

/**
 * Runs `docker-credential-HELPER get` with the server on stdin and gives the parsed answer, undefined where the helper has
 * none for it.
 */
export type RunCredentialHelper = (helper: string, server: string) => Promise<unknown>;

const HUB_SERVER = 'https://index.docker.io/v1/';
const HUB_HOSTS = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/**
 * Credentials as Docker looks them up: DOCKER_AUTH_CONFIG, then what `docker login` left in DIR/config.json: the host's own helper, the
 * store, the file. A host is matched exactly, so that no other one is ever shown its password. Read once, on first use.
 */
export function dockerCredentials(
  configDir: string,
  env: Readonly<Record<string, string | undefined>>,
  runHelper: RunCredentialHelper,
): CredentialSource {
  let config: Promise<DockerConfig> | undefined;
  return async (host) => {
    config ??= readConfig(configDir);
    const { helpers, store, auths } = await config;
    const key = hostKey(host);
    const given = authsIn(givenAuths(env['DOCKER_AUTH_CONFIG'] ?? '')).get(key);
    if (given !== undefined) return given;
    const helper = helpers.get(key) ?? store;
    if (helper !== undefined) {
      const found = await askHelper(runHelper, helper, key);
      if (found !== undefined) return found;
    }
    return auths.get(key);
  };
}

interface DockerConfig {
  readonly helpers: ReadonlyMap<string, string>;
  readonly store: string | undefined;
  readonly auths: ReadonlyMap<string, Credential>;
}

/** Docker Hub goes by several names; all others by host and port. */
function hostKey(server: string): string {
  const host = server
    .replace(/^https?:\/\//, '')
    .replace(/\/.*/s, '')
    .toLowerCase();
  return HUB_HOSTS.has(host) ? 'docker.io' : host;
}

async function readConfig(configDir: string): Promise<DockerConfig> {
  const path = join(configDir, 'config.json');
  const bytes = await readFile(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return Buffer.from('{}');
    throw new UserError(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  });
  const config = parseObject(bytes, path);
  const helpers = new Map<string, string>();
  for (const [server, name] of entriesOf(config['credHelpers']))
    if (isHelperName(name)) helpers.set(hostKey(server), name);
  const store = config['credsStore'];
  const auths = authsIn(config['auths']);
  return { helpers, auths, store: isHelperName(store) ? store : undefined };
}

function authsIn(value: unknown): ReadonlyMap<string, Credential> {
  const auths = new Map<string, Credential>();
  for (const [server, stored] of entriesOf(value)) {
    const credential = storedCredential(stored);
    if (credential !== undefined) auths.set(hostKey(server), credential);
  }
  return auths;
}

/** Docker passes over a variable that it cannot read, and goes on to its files. */
function givenAuths(text: string): unknown {
  try {
    return parseObject(Buffer.from(text === '' ? '{}' : text), 'DOCKER_AUTH_CONFIG')['auths'];
  } catch {
    return undefined;
  }
}

/** The name becomes part of a program's name. */
function isHelperName(name: unknown): name is string {
  return typeof name === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name);
}

function storedCredential(value: unknown): Credential | undefined {
  const fields = new Map(entriesOf(value));
  const text = (name: string): string => {
    const field = fields.get(name);
    return typeof field === 'string' ? field : '';
  };
  if (text('registrytoken') !== '') return { kind: 'registry-token', token: text('registrytoken') };
  if (text('identitytoken') !== '') return { kind: 'identity-token', token: text('identitytoken') };
  const decoded = Buffer.from(text('auth'), 'base64')
    .toString('utf8')
    .replace(/(?<!\0)\0+$/, '');
  const colon = decoded.indexOf(':');
  const username = colon < 0 ? text('username') : decoded.slice(0, colon);
  const password = colon < 0 ? text('password') : decoded.slice(colon + 1);
  return username === '' ? undefined : { kind: 'basic', username, password };
}

async function askHelper(
  runHelper: RunCredentialHelper,
  helper: string,
  key: string,
): Promise<Credential | undefined> {
  let answer: unknown;
  try {
    answer = await runHelper(helper, key === 'docker.io' ? HUB_SERVER : key);
  } catch (cause) {
    throw new UserError(`docker-credential-${helper} failed for ${key}: ${messageOf(cause)}`, {
      nextStep: `Run \`docker login ${key}\` again, or take ${helper} out of Docker's config.json.`,
      cause,
    });
  }
  const fields = new Map(entriesOf(answer));
  const username = fields.get('Username');
  const secret = fields.get('Secret');
  if (typeof username !== 'string' || typeof secret !== 'string' || secret === '') return undefined;
  return username === '<token>'
    ? { kind: 'identity-token', token: secret }
    : { kind: 'basic', username, password: secret };
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}
