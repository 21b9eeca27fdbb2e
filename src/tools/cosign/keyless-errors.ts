import { UserError } from '../../model/errors.ts';
import { cosignSaid } from './cosign-errors.ts';
import type { SigstoreServices } from './sigstore-services.ts';

interface KeylessAttempt {
  readonly services: SigstoreServices;
  /** The issuer and the subject of the token. */
  readonly issuer: string;
  readonly subject: string;
  /** True where a certificate alone was asked for. */
  readonly certificateOnly: boolean;
  /** Present time, milliseconds since 1970. */
  readonly now: number;
}

interface Cause {
  readonly pattern: RegExp;
  readonly what: (attempt: KeylessAttempt) => string;
  readonly next: string;
}

const OTHERWISE = 'or sign with a key (--key FILE), or not at all (--no-sign)';
const KEYS =
  'name the trusted root of the sigstore that signs: --trusted-root FILE (setting sign.trustedRoot)';
const CLOCK = 'set the clocks: a certificate is valid for ten minutes';

/** In this order: what cosign says of a later step contains words of the earlier ones. */
const CAUSES: readonly Cause[] = [
  {
    pattern: /(?:Get|Post) \\?"https:[^"]{1,900}\\?": .{0,900}(?:x509|tls): /,
    what: () => 'a service of sigstore is not reached over a TLS connection that is trusted',
    next: 'name the CA of your network: SSL_CERT_FILE=FILE',
  },
  {
    pattern:
      /processing the identity token|not verified by identity provider|subject from identity/i,
    what: ({ services, issuer, subject }) =>
      `Fulcio (${services.fulcio}) does not accept the OIDC token of ${issuer} for ${subject}`,
    next: `check that this Fulcio knows the issuer and that the token is for it, ${OTHERWISE}`,
  },
  {
    pattern: /integrated time outside/i,
    what: ({ services }) =>
      `the clocks of Fulcio (${services.fulcio}) and the log (${logNames(services)}) differ`,
    next: CLOCK,
  },
  {
    pattern: /leaf certificate verification failed|certificate has expired|not yet valid/i,
    what: ({ services, now }) =>
      `the certificate of Fulcio (${services.fulcio}) does not verify: its clock and this machine’s ` +
      `(${new Date(now).toISOString()}) differ, or the trusted root is another sigstore’s`,
    next: `${CLOCK}; ${KEYS}`,
  },
  {
    pattern: /\btuf\b|CTFE public keys|rekor public keys|trusted[ _]root|getting Fulcio roots/i,
    what: () => 'the keys that sigstore is checked with cannot be had',
    next: `check the network, ${KEYS}`,
  },
  {
    pattern: /\bSCT\b|signed certificate timestamp/i,
    what: ({ services }) =>
      `the certificate of Fulcio (${services.fulcio}) is in no certificate log that is trusted`,
    next: KEYS,
  },
  {
    pattern: /log\/entries|log inclusion|transparency log|tlog/i,
    what: ({ services }) => `the transparency log (${logNames(services)}) did not take the entry`,
    next: `try again when the log answers, ${OTHERWISE}`,
  },
  {
    pattern: /timestamp/i,
    what: ({ services }) => `the timestamp authority (${services.tsas.join(', ')}) failed`,
    next: `try again when it answers, ${OTHERWISE}`,
  },
  {
    pattern: /signingCert|Fulcio returned|getting key from Fulcio/i,
    what: ({ services }) => `Fulcio (${services.fulcio}) gave no certificate`,
    next: `try again when it answers, ${OTHERWISE}`,
  },
];

/** What failed in a keyless signature, by what cosign said; the token is not in it. */
export function keylessError(stderr: string, attempt: KeylessAttempt): UserError {
  const said = cosignSaid(stderr);
  const found = CAUSES.find(({ pattern }) => pattern.test(said));
  const what =
    found?.what(attempt) ??
    (attempt.certificateOnly
      ? `Fulcio (${attempt.services.fulcio}) gave no certificate`
      : 'keyless signing failed');
  return new UserError(`${what}: ${shortened(said)}`, {
    nextStep: found?.next ?? OTHERWISE.replace(/^or /, ''),
    cause: new Error(said),
  });
}

function logNames({ logs }: SigstoreServices): string {
  return logs.map(({ url }) => url).join(', ');
}

/** The service's own message where its answer is in JSON. */
function shortened(said: string): string {
  const message = /\\?"message\\?":\s*\\?"((?:[^"\\]){1,300})/.exec(said)?.[1];
  // The name of a temporary file of ours.
  return (message ?? said).replace(/^signing \S+\.payload: /, '').slice(0, 400);
}
