import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError } from '../../lib/errors.ts';
import { ownValue } from '../../lib/json.ts';
import { shellWord } from '../../model/dockerfile.ts';
import { errorCode } from '../disk.ts';
import { parseObject } from '../documents.ts';
import type { Shape } from '../formats/json.ts';

/** What a registry is shown: a password, or a token that its token server takes for one. */
export type Credential =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'identity-token'; readonly token: string }
  | { readonly kind: 'registry-token'; readonly token: string };

/** The credential for a registry host, undefined where there is none. */
export type CredentialSource = (host: string) => Promise<Credential | undefined>;

/**
 * What `docker-credential-HELPER get` answers for a server, undefined where it has nothing for it.
 * Rejects where it cannot be asked.
 */
export type RunCredentialHelper = (
  helper: string,
  server: string,
) => Promise<{ readonly username: string; readonly secret: string } | undefined>;

/** Docker Hub's entry goes by the address of its first interface. */
const HUB_SERVER = 'https://index.docker.io/v1/';

/** What Docker decodes of its config.json (docker/cli, cli/config/configfile and types). */
const CONFIG: Shape = {
  struct: {
    auths: {
      map: {
        struct: {
          auth: 'text',
          username: 'text',
          password: 'text',
          identitytoken: 'text',
          registrytoken: 'text',
        },
      },
    },
    credsStore: 'text',
    credHelpers: { map: 'text' },
  },
};

/**
 * Credentials as Docker looks them up (docker/cli, cli/config/configfile, GetAuthConfig):
 * DOCKER_AUTH_CONFIG, then what `docker login` left in DIR/config.json. A helper for this host goes
 * before the store; where one of them is named, a password in the file is not used. A host is
 * matched exactly, so that no other one is ever shown its password. Read once, on first use.
 */
export function dockerCredentials(
  configDir: string,
  env: Readonly<Record<string, string | undefined>>,
  runHelper: RunCredentialHelper,
): CredentialSource {
  let config: Promise<DockerConfig> | undefined;
  return async (host) => {
    config ??= readConfig(configDir);
    const { credHelpers = {}, credsStore = '', auths = {} } = await config;
    const key = host === 'docker.io' ? HUB_SERVER : host;
    const given = givenCredential(env['DOCKER_AUTH_CONFIG'] ?? '', key);
    if (given !== undefined) return given;
    const stored = storedCredential(ownValue(auths, key) ?? byHostname(auths, key));
    // An empty name is an answer too: the file, though there is a store.
    const helper = ownValue(credHelpers, key) ?? credsStore;
    if (helper === '') return stored;
    const found = await askHelper(runHelper, helper, key);
    return stored?.kind === 'registry-token' ? stored : found;
  };
}

interface StoredAuth {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

interface DockerConfig {
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly credsStore?: string;
  readonly auths?: Readonly<Record<string, StoredAuth>>;
}

async function readConfig(configDir: string): Promise<DockerConfig> {
  const path = join(configDir, 'config.json');
  const bytes = await readFile(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return Buffer.from('{}');
    throw new UserError(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  });
  return parseObject(bytes, path, CONFIG);
}

/** An entry in the spelling of old files, `https://HOST/v1/`. */
function byHostname(auths: Readonly<Record<string, StoredAuth>>, key: string): StoredAuth {
  const hostname = (server: string): string =>
    server.replace(/^https?:\/\//, '').replace(/\/.*/s, '');
  return Object.entries(auths).find(([server]) => hostname(server) === key)?.[1] ?? {};
}

/** Docker reads the variable whole or not at all, and finds the key as it is. */
function givenCredential(text: string, key: string): Credential | undefined {
  if (text === '') return undefined;
  try {
    const { auths = {} } = parseObject(
      Buffer.from(text),
      'DOCKER_AUTH_CONFIG',
      CONFIG,
    ) as DockerConfig;
    const isReadable = Object.values(auths).every(
      (one) => Object.keys(one).join() === 'auth' && decodedAuth(one.auth ?? '') !== undefined,
    );
    const found = ownValue(auths, key);
    return isReadable && found !== undefined ? storedCredential(found) : undefined;
  } catch {
    return undefined;
  }
}

function storedCredential(stored: StoredAuth): Credential | undefined {
  const { auth = '', registrytoken = '', identitytoken = '' } = stored;
  if (registrytoken !== '') return { kind: 'registry-token', token: registrytoken };
  if (identitytoken !== '') return { kind: 'identity-token', token: identitytoken };
  const { username = '', password = '' } = auth === '' ? stored : (decodedAuth(auth) ?? {});
  return basicOrToken(username, password);
}

/**
 * `auth` as Docker decodes it: padded base64, a name before the first colon, and a password that
 * old files pad with NUL.
 */
function decodedAuth(auth: string): Pick<StoredAuth, 'username' | 'password'> | undefined {
  const text = auth.replace(/[\r\n]/g, '');
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const decoded = Buffer.from(text, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 1) return undefined;
  const password = decoded.slice(colon + 1).replace(/^\0+|(?<!\0)\0+$/g, '');
  return { username: decoded.slice(0, colon), password };
}

/**
 * A secret without a name is used as an identity token (buildkit, session/auth/authprovider). A
 * name without a secret does not count.
 */
function basicOrToken(username: string, secret: string): Credential | undefined {
  if (secret === '') return undefined;
  return username === '' || username === '<token>'
    ? { kind: 'identity-token', token: secret }
    : { kind: 'basic', username, password: secret };
}

async function askHelper(
  runHelper: RunCredentialHelper,
  helper: string,
  key: string,
): Promise<Credential | undefined> {
  try {
    const found = await runHelper(helper, key);
    return found === undefined ? undefined : basicOrToken(found.username, found.secret);
  } catch (cause) {
    throw new UserError(`docker-credential-${helper} failed for ${key}: ${messageOf(cause)}`, {
      nextStep:
        `printf ${shellWord(key)} | docker-credential-${helper} get shows what it says; ` +
        'docker login stores a new password',
      cause,
    });
  }
}
