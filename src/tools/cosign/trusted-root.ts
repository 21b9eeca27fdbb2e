import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { derElements } from '../../formats/der.ts';
import { parseStrictJson } from '../../formats/strict-json.ts';
import { messageOf, UserError } from '../../model/errors.ts';
import { field, listField, textField } from '../../model/json-value.ts';

const LARGEST = 16 * 1024 * 1024;
const MEDIA_TYPE = /^application\/vnd\.dev\.sigstore\.trustedroot(?:\.v0\.\d+)?\+json/;

/** Cosign 2's alternative to a trusted root: variables that each name a PEM file, with its text. */
export type TrustTexts = Readonly<Record<string, string>>;

/**
 * The keys and certificates in a trusted root (protobuf-specs, sigstore_trustroot.proto,
 * TrustedRoot), by the variable that names them to cosign 2, which takes one key of each kind of
 * log: that of `rekorUrl`, else the first that is still in use. Throws UserError where the file is
 * not one.
 */
export async function trustTexts(path: string, rekorUrl: string | undefined): Promise<TrustTexts> {
  const root = await readTrustedRoot(path);
  const chains = (name: string): string => listField(root, name).map(certificates).join('');
  const texts = {
    SIGSTORE_ROOT_FILE: chains('certificateAuthorities'),
    SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: logKey(listField(root, 'ctlogs'), undefined),
    SIGSTORE_REKOR_PUBLIC_KEY: logKey(listField(root, 'tlogs'), rekorUrl),
    SIGSTORE_TSA_CERTIFICATE_FILE: chains('timestampAuthorities'),
  };
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''));
}

/**
 * A trusted root in a file, with all that cosign cannot do without: cosign would say of each
 * signature again what is wrong with it, and not of which file. Throws UserError.
 */
export async function readTrustedRoot(path: string): Promise<unknown> {
  const refuse = (why: string): UserError =>
    new UserError(`the trusted root ${path} cannot be used: ${why}`, {
      nextStep:
        'name the trusted_root.json of your sigstore, or make one: cosign trusted-root create',
    });
  // cosign reads it once more for each signature: a pipe would be empty by then.
  const found = await stat(path).catch((error: unknown) => {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw refuse(isMissing ? 'no such file' : messageOf(error));
  });
  if (!found.isFile() || found.size > LARGEST) throw refuse('it is not a file of at most 16 MiB');
  const bytes = await readFile(path).catch((error: unknown) => {
    throw refuse(messageOf(error));
  });
  const parsed = parseStrictJson(bytes, 'it', LARGEST);
  if (!parsed.ok) throw refuse(parsed.error);
  const root = parsed.value;
  if (!MEDIA_TYPE.test(textField(root, 'mediaType') ?? ''))
    throw refuse('it is not a trusted root');
  const wrong = [
    ...['certificateAuthorities', 'timestampAuthorities'].flatMap((name) =>
      entries(root, name, authorityFault),
    ),
    ...['tlogs', 'ctlogs'].flatMap((name) => entries(root, name, logFault)),
  ];
  if (wrong[0] !== undefined) throw refuse(wrong[0]);
  return root;
}

/** What is wrong with each entry of a list, with its place. */
function entries(
  root: unknown,
  name: string,
  faultOf: (entry: unknown) => string | undefined,
): readonly string[] {
  const list = field(root, name);
  if (list !== undefined && !Array.isArray(list)) return [`${name} is not a list`];
  return listField(root, name).flatMap((entry, at) => {
    const fault = faultOf(entry);
    return fault === undefined ? [] : [`${name}[${at}] ${fault}`];
  });
}

function authorityFault(authority: unknown): string | undefined {
  const chain = listField(field(authority, 'certChain'), 'certificates');
  if (chain.length === 0) return 'has no certificate';
  try {
    for (const one of chain) new X509Certificate(derOf(one));
    return undefined;
  } catch {
    return 'has a certificate that cannot be read';
  }
}

function logFault(log: unknown): string | undefined {
  const key = field(log, 'publicKey');
  if (textField(field(log, 'logId'), 'keyId') === undefined) return 'has no logId';
  if (Number.isNaN(Date.parse(textField(field(key, 'validFor'), 'start') ?? '')))
    return 'does not say since when its key is valid';
  // Kinds of keys that only cosign knows are for it to judge.
  const parts = derElements(derElements(derOf(key))?.[0]?.body ?? new Uint8Array()) ?? [];
  return parts.length === 2 ? undefined : 'has a key that cannot be read';
}

function derOf(entry: unknown): Buffer {
  return Buffer.from(textField(entry, 'rawBytes') ?? '', 'base64');
}

function certificates(authority: unknown): string {
  return listField(field(authority, 'certChain'), 'certificates')
    .map((one) => pem('CERTIFICATE', textField(one, 'rawBytes')))
    .join('');
}

/** The key of the log at this address, else of the first that is in use. */
function logKey(logs: readonly unknown[], url: string | undefined): string {
  const inUse = logs.filter(
    (log) => textField(field(field(log, 'publicKey'), 'validFor'), 'end') === undefined,
  );
  const log = inUse.find((one) => textField(one, 'baseUrl') === url) ?? inUse[0];
  return pem('PUBLIC KEY', textField(field(log, 'publicKey'), 'rawBytes'));
}

function pem(what: string, base64: string | undefined): string {
  const der = Buffer.from(base64 ?? '', 'base64');
  if (der.length === 0) return '';
  if (what === 'CERTIFICATE') return new X509Certificate(der).toString();
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN ${what}-----\n${lines}\n-----END ${what}-----\n`;
}
