// eslint-disable-next-line no-restricted-imports -- a temporary folder of ours
import { cp, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { derElements } from '../image/formats/der.ts';
import { parseStrictJson } from '../image/formats/json.ts';
import { errorCode, messageOf, UserError } from '../lib/errors.ts';
import { field, given, isObject, listField, numberField, textField } from '../lib/json.ts';
import { toolFailure } from '../lib/run-result.ts';
import type { RunTool } from '../lib/run-tool.ts';
import type { SigstoreChoice } from '../model/settings.ts';
import { certificateIn } from './bundle.ts';
import { cosignDialect, type CosignKey, cosignSaid, runCosign } from './cosign.ts';

interface LogService {
  readonly url: string;
  readonly version: number;
}

interface SigstoreServices {
  readonly fulcio: string;
  readonly logs: readonly LogService[];
  readonly tsas: readonly string[];
  readonly oidc: string;
}

/** What cosign 2 has built in; where its TUF repository leads is another matter. */
const PUBLIC_SERVICES: SigstoreServices = {
  fulcio: 'https://fulcio.sigstore.dev',
  logs: [{ url: 'https://rekor.sigstore.dev', version: 1 }],
  tsas: [],
  oidc: 'https://oauth2.sigstore.dev/auth',
};

const LARGEST = 1024 * 1024;
const MEDIA_TYPE = 'application/vnd.dev.sigstore.signingconfig.v0.2+json';

/**
 * Reads a signing config (protobuf-specs, sigstore_trustroot.proto, SigningConfig). Throws
 * UserError if it is not one.
 */
function readSigningConfig(text: string, name: string): SigstoreServices {
  const parsed = parseStrictJson(text, 'it', LARGEST);
  const config = parsed.ok ? parsed.value : undefined;
  const urls = (field: string): readonly LogService[] =>
    listField(config, field).flatMap((service) => {
      const url = textField(service, 'url');
      return url === undefined
        ? []
        : [{ url, version: numberField(service, 'majorApiVersion') ?? 1 }];
    });
  const [fulcio] = urls('caUrls');
  if (!isObject(config) || fulcio === undefined)
    throw new UserError(`${name} is not a signing config of sigstore: it does not name a Fulcio`, {
      nextStep: 'make one: cosign signing-config create',
    });
  return {
    fulcio: fulcio.url,
    logs: urls('rekorTlogUrls'),
    tsas: urls('tsaUrls').map(({ url }) => url),
    oidc: urls('oidcUrls')[0]?.url ?? PUBLIC_SERVICES.oidc,
  };
}

/** The services of one's own that single addresses name; what is not named is the public one's. */
function servicesOf(choice: SigstoreChoice, otherwise: SigstoreServices): SigstoreServices {
  const { fulcioUrl, rekorUrl, tsaUrl, oidcIssuer } = choice;
  return {
    fulcio: fulcioUrl ?? otherwise.fulcio,
    logs: rekorUrl === undefined ? otherwise.logs : [{ url: rekorUrl, version: 1 }],
    tsas: tsaUrl === undefined ? otherwise.tsas : [tsaUrl],
    oidc: oidcIssuer ?? otherwise.oidc,
  };
}

/** These services' signing config; without logs and timestamps, cosign only gets a certificate. */
function signingConfigText(services: SigstoreServices): string {
  const service = ({ url, version }: LogService) => ({
    url,
    majorApiVersion: version,
    validFor: { start: '2020-01-01T00:00:00Z' },
    operator: 'scoville',
  });
  const of = (url: string) => service({ url, version: 1 });
  return JSON.stringify({
    mediaType: MEDIA_TYPE,
    caUrls: [of(services.fulcio)],
    oidcUrls: [of(services.oidc)],
    rekorTlogUrls: services.logs.map(service),
    rekorTlogConfig: { selector: 'ANY' },
    tsaUrls: services.tsas.map(of),
    tsaConfig: { selector: 'ANY' },
  });
}

/** Whether the log promises to keep entries, as Rekor v1 does: older signatures store only that. */
export function givesPromise({ logs }: SigstoreServices): boolean {
  // cosign takes the newest of several.
  return logs.length > 0 && logs.every(({ version }) => version === 1);
}

/** Hosts of public services: these write names and addresses into public logs, permanently. */
export function publicHosts({ fulcio, logs }: SigstoreServices): readonly string[] {
  const hosts = [fulcio, ...logs.map(({ url }) => url)].map((url) => new URL(url).hostname);
  return [...new Set(hosts.filter((host) => /(?:^|\.)sigstore\.dev\.?$/i.test(host)))];
}

const LARGEST_ROOT = 16 * 1024 * 1024;
const ROOT_TYPE = /^application\/vnd\.dev\.sigstore\.trustedroot(?:\.v0\.\d+)?\+json/;

/** Cosign 2's alternative to a trusted root: variables that each name a PEM file, with its text. */
type TrustTexts = Readonly<Record<string, string>>;

/**
 * The keys and certificates in a trusted root (protobuf-specs, sigstore_trustroot.proto,
 * TrustedRoot), by the variable that names them to cosign 2. It takes one key of each kind of log:
 * that of `rekorUrl`, else the first that is still in use. Throws UserError where the file is not a
 * trusted root.
 */
export async function trustTexts(path: string, rekorUrl: string | undefined): Promise<TrustTexts> {
  const root = await readTrustedRoot(path);
  const chains = (name: string): string =>
    listField(root, name)
      .flatMap((authority) => listField(field(authority, 'certChain'), 'certificates'))
      .map((one) => certificateIn(derOf(one))?.toString() ?? '')
      .join('');
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
    throw refuse(errorCode(error) === 'ENOENT' ? 'no such file' : messageOf(error));
  });
  if (!found.isFile() || found.size > LARGEST_ROOT)
    throw refuse('it is not a file of at most 16 MiB');
  const bytes = await readFile(path).catch((error: unknown) => {
    throw refuse(messageOf(error));
  });
  const parsed = parseStrictJson(bytes, 'it', LARGEST_ROOT);
  if (!parsed.ok) throw refuse(parsed.error);
  const root = parsed.value;
  if (!ROOT_TYPE.test(textField(root, 'mediaType') ?? '')) throw refuse('it is not a trusted root');
  for (const [name, faultOf] of Object.entries(PARTS)) {
    const list = field(root, name) ?? [];
    if (!Array.isArray(list)) throw refuse(`${name} is not a list`);
    for (const [at, entry] of list.entries()) {
      const fault = faultOf(entry);
      if (fault !== undefined) throw refuse(`${name}[${at}] ${fault}`);
    }
  }
  return root;
}

const PARTS = {
  certificateAuthorities: authorityFault,
  timestampAuthorities: authorityFault,
  tlogs: logFault,
  ctlogs: logFault,
};

function authorityFault(authority: unknown): string | undefined {
  const chain = listField(field(authority, 'certChain'), 'certificates');
  if (chain.length === 0) return 'has no certificate';
  const isRead = chain.every((one) => certificateIn(derOf(one)) !== undefined);
  return isRead ? undefined : 'has a certificate that cannot be read';
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

function logKey(logs: readonly unknown[], url: string | undefined): string {
  const inUse = logs.filter(
    (log) => textField(field(field(log, 'publicKey'), 'validFor'), 'end') === undefined,
  );
  const log = inUse.find((one) => textField(one, 'baseUrl') === url) ?? inUse[0];
  const der = derOf(field(log, 'publicKey'));
  if (der.length === 0) return '';
  const lines = der.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN PUBLIC KEY-----\n${lines}\n-----END PUBLIC KEY-----\n`;
}

export interface Sigstore {
  readonly services: SigstoreServices;
  /** For cosign from 2.6; undefined where flags name the services. */
  readonly signingConfig?: string;
  readonly trustedRoot?: string;
  /** The same for a cosign that is asked by flags. */
  readonly trust?: TrustTexts;
}

/**
 * The sigstore that is to be asked: of one's own where settings name it, else the public one, or
 * the one that `cosign initialize` was given. Throws UserError where a file cannot be used, or
 * where this cosign is too old for the log.
 */
export async function resolveSigstore(run: RunTool, choice: SigstoreChoice): Promise<Sigstore> {
  const found = await sigstoreOf(run, choice);
  const { fulcio, logs, tsas, oidc } = found.services;
  for (const url of [fulcio, ...logs.map((log) => log.url), ...tsas, oidc])
    if (!/^https?:\/\/[^\s@]+$/.test(url) || !URL.canParse(url))
      throw new UserError(
        'a service of sigstore is not named by an http or https address without user and password',
        { nextStep: 'check sign.fulcioUrl, rekorUrl, tsaUrl, oidcIssuer, and the signing config' },
      );
  return found;
}

async function sigstoreOf(run: RunTool, choice: SigstoreChoice): Promise<Sigstore> {
  const { kind } = await cosignDialect(run);
  const { signingConfig: file, trustedRoot, fulcioUrl, rekorUrl } = choice;
  const text =
    file &&
    (await readFile(file, 'utf8').catch((error: unknown) => {
      throw new UserError(`the signing config ${file} cannot be read: ${messageOf(error)}`);
    }));
  const named = text === undefined ? undefined : readSigningConfig(text, file ?? '');
  // Also a check of the file, better before a build than after.
  const trust = trustedRoot === undefined ? undefined : await trustTexts(trustedRoot, rekorUrl);
  const root = given({ trustedRoot });
  if (kind === 'flags') {
    const services = withoutNewLogs(servicesOf(choice, named ?? PUBLIC_SERVICES));
    return { services, ...root, ...given({ trust }) };
  }
  if (named !== undefined) return { services: named, ...given({ signingConfig: text }), ...root };
  const otherwise =
    fulcioUrl === undefined || rekorUrl === undefined
      ? readSigningConfig(await defaultConfig(run), 'what cosign takes by default')
      : PUBLIC_SERVICES;
  const services = servicesOf(choice, otherwise);
  return { services, signingConfig: signingConfigText(services), ...root };
}

/** The services of the current TUF repository: sigstore's, or that of `cosign initialize`. */
async function defaultConfig(run: RunTool): Promise<string> {
  const result = await runCosign(run, ['signing-config', 'create', '--with-default-services']);
  if (result.exitCode === 0) return result.stdout;
  throw toolFailure(
    result,
    'the services of sigstore cannot be had from its TUF repository',
    'check the network, or name a sigstore of your own: --signing-config FILE --trusted-root FILE',
  );
}

/** cosign up to 2.5 writes into Rekor v1 alone. */
function withoutNewLogs(services: SigstoreServices): SigstoreServices {
  const logs = services.logs.filter(({ version }) => version === 1);
  if (logs.length === 0 && services.logs.length > 0)
    throw new UserError(
      `this cosign cannot write into Rekor v2 (${services.logs.map(({ url }) => url).join(', ')})`,
      { nextStep: 'install cosign 3, or name a log of Rekor v1: --rekor-url URL' },
    );
  return { ...services, logs };
}

/** Fulcio's certificate for an OIDC token, logged in Rekor. */
export interface KeylessKey {
  readonly sigstore: Sigstore;
  readonly token: string;
  readonly issuer: string;
  readonly subject: string;
  /** The user's TUF cache, which is copied for the call: two cosigns cannot use one at a time. */
  readonly tufRoot: string;
  readonly now: () => number;
}

/**
 * How a call signs keyless; for a certificate alone nothing is logged. The token goes by a file:
 * arguments can be seen by other users.
 */
export function keylessCall(key: KeylessKey, certificateOnly = false): CosignKey {
  const { services, signingConfig, trustedRoot, trust } = key.sigstore;
  const only = certificateOnly ? { ...services, logs: [], tsas: [] } : services;
  const explain = (said: string): UserError =>
    keylessError(said, { ...key, services, certificateOnly, now: key.now() });
  return async (_run, { path, write }) => {
    const withToken = ['--identity-token', await write('token', key.token)];
    if (signingConfig !== undefined) {
      const text = certificateOnly ? signingConfigText(only) : signingConfig;
      const root = trustedRoot === undefined ? [] : ['--trusted-root', trustedRoot];
      const config = ['--signing-config', await write('config', text)];
      return { args: [...withToken, ...config, ...root], env: {}, explain };
    }
    const [log] = only.logs;
    const [tsa] = only.tsas;
    const args = [
      ...withToken,
      ...['--fulcio-url', only.fulcio],
      ...(log === undefined ? ['--tlog-upload=false'] : ['--rekor-url', log.url]),
      ...(tsa === undefined ? [] : ['--timestamp-server-url', tsa]),
    ];
    if (trust !== undefined) {
      const env: Record<string, string> = {};
      for (const [variable, text] of Object.entries(trust))
        env[variable] = await write(`${variable}.pem`, text);
      return { args, env, explain };
    }
    const copy = join(path, 'tuf');
    const filter = (from: string): boolean => basename(from) !== 'LOCK';
    await cp(key.tufRoot, copy, { recursive: true, filter }).catch(() => undefined);
    return { args, env: { TUF_ROOT: copy }, explain };
  };
}

interface KeylessAttempt extends Pick<KeylessKey, 'issuer' | 'subject'> {
  readonly services: SigstoreServices;
  readonly certificateOnly: boolean;
  readonly now: number;
}

const OTHERWISE = 'or sign with a key (--key FILE); or build unsigned: --sign=false';
const KEYS =
  'name the trusted root of the sigstore that signs: --trusted-root FILE (setting sign.trustedRoot)';
const AGAIN = `try again when it answers, ${OTHERWISE}`;

/**
 * What cosign says, what that means and what to do. In this order: what it says of a later step
 * contains words of the earlier ones.
 */
const CAUSES: readonly (readonly [RegExp, (attempt: KeylessAttempt) => string, string])[] = [
  [
    /(?:Get|Post) \\?"https:[^"]{1,900}\\?": .{0,900}(?:x509|tls): /,
    () => 'a service of sigstore is not reached over a TLS connection that is trusted',
    'name the CA of your network: SSL_CERT_FILE=FILE',
  ],
  [
    /processing the identity token|not verified by identity provider|subject from identity/i,
    ({ services, issuer, subject }) =>
      `Fulcio (${services.fulcio}) does not accept the OIDC token of ${issuer} for ${subject}`,
    `check that this Fulcio knows the issuer and that the token is for it, ${OTHERWISE}`,
  ],
  [
    /integrated time outside|leaf certificate verification failed|certificate has expired|not yet valid/i,
    ({ services, now }) =>
      `the certificate of Fulcio (${services.fulcio}) does not verify: the clocks of Fulcio, of the log and of this machine (${new Date(now).toISOString()}) differ, or the trusted root is another sigstore’s`,
    `set the clocks: a certificate is valid for ten minutes; ${KEYS}`,
  ],
  [
    /\btuf\b|CTFE public keys|rekor public keys|trusted[ _]root|getting Fulcio roots|\bSCT\b|signed certificate timestamp/i,
    () => 'the keys that sigstore is checked with cannot be had, or are another sigstore’s',
    `check the network, ${KEYS}`,
  ],
  [
    /log\/entries|log inclusion|transparency log|tlog/i,
    ({ services: { logs } }) =>
      `the transparency log (${logs.map(({ url }) => url).join(', ')}) did not take the entry`,
    AGAIN,
  ],
  [
    /timestamp/i,
    ({ services }) => `the timestamp authority (${services.tsas.join(', ')}) failed`,
    AGAIN,
  ],
  [
    /signingCert|Fulcio returned|getting key from Fulcio/i,
    ({ services }) => `Fulcio (${services.fulcio}) gave no certificate`,
    AGAIN,
  ],
];

/** What failed in a keyless signature, by what cosign said; the token is not in it. */
export function keylessError(stderr: string, attempt: KeylessAttempt): UserError {
  const said = cosignSaid(stderr);
  const [, whatOf, next = OTHERWISE.replace(/^or /, '')] =
    CAUSES.find(([pattern]) => pattern.test(said)) ?? [];
  const what =
    whatOf?.(attempt) ??
    (attempt.certificateOnly
      ? `Fulcio (${attempt.services.fulcio}) gave no certificate`
      : 'keyless signing failed');
  // The service's own message where its answer is in JSON; without a temporary file of ours.
  const message = /\\?"message\\?":\s*\\?"((?:[^"\\]){1,300})/.exec(said)?.[1];
  const shown = (message ?? said).replace(/^signing \S+\.payload: /, '').slice(0, 400);
  return new UserError(`${what}: ${shown}`, { nextStep: next, cause: new Error(said) });
}
