import { readdirSync, readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { messageOf, UserError } from '../../model/errors.ts';

/** What Docker keeps for one registry, as PEM: more authorities, and our certificate and key. */
export interface RegistryCertificates {
  readonly ca: readonly string[];
  readonly cert: readonly string[];
  readonly key: readonly string[];
}

const NONE: RegistryCertificates = { ca: [], cert: [], key: [] };
const HUB = 'registry-1.docker.io';

/**
 * The folders `certs.d` of Docker, a user's own first: of its configuration, of rootless Docker, of
 * the system. A relative path in a variable would lead into the project at hand, and is left out.
 */
export function certificateFolders(
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): readonly string[] {
  const config = env['DOCKER_CONFIG'] ?? '';
  const xdg = env['XDG_CONFIG_HOME'] ?? '';
  return [
    join(isAbsolute(config) ? config : join(home, '.docker'), 'certs.d'),
    join(isAbsolute(xdg) ? xdg : join(home, '.config'), 'docker', 'certs.d'),
    '/etc/docker/certs.d',
  ];
}

/**
 * The certificates for a host (`HOST` or `HOST:PORT`) in the first of the folders that has one of
 * that name, read as Docker reads them: each `.crt` is an authority, each `.cert` a client
 * certificate, with the `.key` of the same name. Another port is another host. Throws UserError
 * where a pair is not whole or a file cannot be read.
 */
export function registryCertificates(
  folders: readonly string[],
  { hostname, port }: { readonly hostname: string; readonly port: string },
): RegistryCertificates {
  // A host is the name of a folder here.
  if (!/^(?:[\w-][\w.-]*|\[[\da-f:.]+\])$/i.test(hostname)) return NONE;
  const names =
    port === ''
      ? [hostname, `${hostname}:443`, ...(hostname === HUB ? ['docker.io'] : [])]
      : [`${hostname}:${port}`, `${hostname}_${port}_`];
  for (const folder of folders)
    for (const name of names) {
      const files = filesOf(join(folder, name));
      if (files !== undefined) return certificatesIn(join(folder, name), files);
    }
  return NONE;
}

/** Undefined where the folder is not there, or only for the engine to read. */
function filesOf(folder: string): readonly string[] | undefined {
  try {
    return readdirSync(folder).sort();
  } catch {
    return undefined;
  }
}

function certificatesIn(folder: string, files: readonly string[]): RegistryCertificates {
  const pem = (name: string): string => {
    try {
      return readFileSync(join(folder, name), 'utf8');
    } catch (cause) {
      throw new UserError(`${join(folder, name)} cannot be read: ${messageOf(cause)}`, {
        nextStep: `copy ${folder} to ~/.docker/certs.d, with files that you may read`,
        cause,
      });
    }
  };
  const stems = (end: string): readonly string[] =>
    files.filter((name) => name.endsWith(end)).map((name) => name.slice(0, -end.length));
  const certs = stems('.cert');
  const keys = stems('.key');
  const lone = [
    ...certs.filter((stem) => !keys.includes(stem)).map((stem) => `${stem}.key`),
    ...keys.filter((stem) => !certs.includes(stem)).map((stem) => `${stem}.cert`),
  ];
  if (lone[0] !== undefined)
    throw new UserError(`${join(folder, lone[0])}: no such file`, {
      nextStep:
        'a client certificate is a pair of NAME.cert and NAME.key; an authority is NAME.crt',
    });
  return {
    ca: stems('.crt').map((stem) => pem(`${stem}.crt`)),
    cert: certs.map((stem) => pem(`${stem}.cert`)),
    key: certs.map((stem) => pem(`${stem}.key`)),
  };
}
