import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { field, isObject, parseJson, textAt, textField } from './json.ts';
import { type CommandSearch, findCommand, isScript } from './run-tool.ts';

const DEFAULT = '/var/run/docker.sock';
/** What docker would send or speak besides: it is asked itself then. */
const MORE = ['DOCKER_API_VERSION', 'DOCKER_CUSTOM_HEADERS', 'DOCKER_TLS', 'DOCKER_TLS_VERIFY'];

interface Client {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder of docker's config.json. */
  readonly dockerConfig: string;
  readonly search: CommandSearch;
}

/**
 * The socket of the engine that `docker` without global flags talks to, where it is a plain unix
 * socket of this machine. Undefined where anything else may be meant, such as a docker that is a
 * script: it may reach another machine.
 */
export function engineSocket({ env, dockerConfig, search }: Client): string | undefined {
  if (MORE.some((name) => (env[name] ?? '') !== '')) return undefined;
  const { DOCKER_HOST: host, DOCKER_CONTEXT: named } = env;
  // Set to nothing means one thing to docker 20 and another to docker 28.
  if (host === '' || named === '') return undefined;
  const docker = findCommand('docker', search);
  if (docker === undefined || isScript(docker)) return undefined;
  const config = readConfig(dockerConfig);
  const headers = field(config, 'HttpHeaders');
  if (config === undefined || (isObject(headers) && Object.keys(headers).length > 0))
    return undefined;
  // In the order of docker/cli, cli/command/cli.go.
  if (host !== undefined) return pathOf(host);
  const context = named ?? textField(config, 'currentContext') ?? '';
  if (context === '' || context === 'default') return DEFAULT;
  const id = createHash('sha256').update(context).digest('hex');
  const contexts = join(dockerConfig, 'contexts');
  if (existsSync(join(contexts, 'tls', id))) return undefined;
  const meta = readObject(join(contexts, 'meta', id, 'meta.json'));
  return pathOf(textAt(meta, 'Endpoints', 'docker', 'Host') ?? '');
}

/** The context that docker's own configuration names; none where that cannot be read. */
export function configuredContext(dockerConfig: string): string | undefined {
  return textField(readConfig(dockerConfig), 'currentContext');
}

function readConfig(dockerConfig: string): object | undefined {
  return readObject(join(dockerConfig, 'config.json'));
}

function pathOf(address: string): string | undefined {
  return /^unix:\/\/(\/[^\0]+)$/.exec(address)?.[1];
}

/** A file of docker's own; empty where there is none, undefined where it cannot be read. */
function readObject(path: string): object | undefined {
  if (!existsSync(path)) return {};
  try {
    const value = parseJson(readFileSync(path, 'utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
