import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tls from 'node:tls';
import { messageOf, UserError } from '../../model/errors.ts';

/** Root files of docker and cosign on Linux; the first counts (Go's crypto/x509, root_linux.go). */
const FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];
const FOLDERS = ['/etc/ssl/certs', '/etc/pki/tls/certs'];

/** Since Node.js 22.15. */
type MayReadSystem = typeof tls & { getCACertificates?: (type: 'system') => string[] };

/**
 * The certificate authorities that servers are verified with, as PEM: on Linux those of the system,
 * as Go's programs read them (SSL_CERT_FILE and SSL_CERT_DIR name others), elsewhere Node.js' own
 * and the system's, then NODE_EXTRA_CA_CERTS. Throws UserError where a file that SSL_CERT_FILE
 * names cannot be read.
 */
export function trustedRoots(
  env: Readonly<Record<string, string | undefined>>,
  platform: string,
): readonly string[] {
  const file = env['SSL_CERT_FILE'] ?? '';
  const folders = env['SSL_CERT_DIR'] ?? '';
  const named = [
    ...(file === '' ? [] : [namedFile(file)]),
    ...folders.split(':').flatMap((folder) => (folder === '' ? [] : folderFiles(folder))),
  ];
  const roots = platform === 'linux' ? linuxRoots(named, file, folders) : otherRoots(named);
  const extra = read(env['NODE_EXTRA_CA_CERTS'] ?? '');
  return [...roots, ...(extra === undefined ? [] : [extra])];
}

/** Each variable replaces its list; a system without any store trusts the roots of Node.js. */
function linuxRoots(named: readonly string[], file: string, folders: string): readonly string[] {
  const ofSystem = file === '' ? FILES.map(read).find((text) => text !== undefined) : undefined;
  const found = [
    ...named,
    ...(ofSystem === undefined ? [] : [ofSystem]),
    // The file is made of what is in the folders: read again they add nothing but time.
    ...(folders === '' && ofSystem === undefined ? FOLDERS.flatMap(folderFiles) : []),
  ];
  return found.length === 0 ? tls.rootCertificates : found;
}

function otherRoots(named: readonly string[]): readonly string[] {
  const ofSystem = (tls as MayReadSystem).getCACertificates?.('system') ?? [];
  return [...named, ...ofSystem, ...tls.rootCertificates];
}

function namedFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UserError(`SSL_CERT_FILE cannot be read: ${messageOf(cause)}`, {
      nextStep: 'set it to a file with the certificates of your authorities (PEM), or unset it',
      cause,
    });
  }
}

function folderFiles(folder: string): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap((name) => read(join(folder, name)) ?? []);
}

/** Undefined if it cannot be read or has no certificate: such folders contain other files too. */
function read(path: string): string | undefined {
  try {
    const text = path === '' ? '' : readFileSync(path, 'utf8');
    return text.includes('-----BEGIN') ? text : undefined;
  } catch {
    return undefined;
  }
}
