import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
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
  const refuse = (why: string): UserError =>
    new UserError(`the trusted root ${path} cannot be used: ${why}`, {
      nextStep:
        'name the trusted_root.json of your sigstore, or make one: cosign trusted-root create',
    });
  const bytes = await readFile(path).catch((error: unknown) => {
    throw refuse(messageOf(error));
  });
  const parsed = parseStrictJson(bytes, 'it', LARGEST);
  if (!parsed.ok) throw refuse(parsed.error);
  const root = parsed.value;
  if (!MEDIA_TYPE.test(textField(root, 'mediaType') ?? ''))
    throw refuse('it is not a trusted root');
  const chains = (name: string): string => listField(root, name).map(certificates).join('');
  const texts = {
    SIGSTORE_ROOT_FILE: chains('certificateAuthorities'),
    SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: logKey(listField(root, 'ctlogs'), undefined),
    SIGSTORE_REKOR_PUBLIC_KEY: logKey(listField(root, 'tlogs'), rekorUrl),
    SIGSTORE_TSA_CERTIFICATE_FILE: chains('timestampAuthorities'),
  };
  return Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== ''));
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
