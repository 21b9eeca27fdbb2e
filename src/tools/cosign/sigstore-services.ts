import { parseStrictJson } from '../../formats/strict-json.ts';
import { UserError } from '../../model/errors.ts';
import { isObject, listField, numberField, textField } from '../../model/json-value.ts';
import type { SigstoreChoice } from '../../model/settings.ts';

/** A log, and the version of Rekor that it is. */
interface LogService {
  readonly url: string;
  readonly version: number;
}

/** The services that a keyless signature asks. */
export interface SigstoreServices {
  readonly fulcio: string;
  readonly logs: readonly LogService[];
  readonly tsas: readonly string[];
  readonly oidc: string;
}

/** What cosign 2 has built in; where its TUF repository leads is another matter. */
export const PUBLIC_SERVICES: SigstoreServices = {
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
export function readSigningConfig(text: string, name: string): SigstoreServices {
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
export function servicesOf(choice: SigstoreChoice, otherwise: SigstoreServices): SigstoreServices {
  const { fulcioUrl, rekorUrl, tsaUrl, oidcIssuer } = choice;
  return {
    fulcio: fulcioUrl ?? otherwise.fulcio,
    logs: rekorUrl === undefined ? otherwise.logs : [{ url: rekorUrl, version: 1 }],
    tsas: tsaUrl === undefined ? otherwise.tsas : [tsaUrl],
    oidc: oidcIssuer ?? otherwise.oidc,
  };
}

/** Throws UserError for an address that is not http or https, or that contains a password. */
export function requireAddresses({ fulcio, logs, tsas, oidc }: SigstoreServices): void {
  for (const url of [fulcio, ...logs.map((log) => log.url), ...tsas, oidc])
    if (!/^https?:\/\/[^\s@]+$/.test(url) || !URL.canParse(url))
      throw new UserError(
        'a service of sigstore is not named by an http or https address without user and password',
        { nextStep: 'check sign.fulcioUrl, rekorUrl, tsaUrl, oidcIssuer, and the signing config' },
      );
}

/** These services' signing config; without logs and timestamps, cosign only gets a certificate. */
export function signingConfigText(services: SigstoreServices): string {
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
