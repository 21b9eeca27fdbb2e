/** The name in a certificate of Fulcio, and its issuer. */
export interface CertificateIdentity {
  /** An address, or the URI of a workflow. */
  readonly subject: string;
  /** The URL of the OIDC issuer. */
  readonly issuer: string;
}

/** How a sigstore bundle was signed. Counts only if the bundle verifies. */
export interface SignatureOrigin {
  readonly identity?: CertificateIdentity;
  /** The entry of the transparency log. */
  readonly logIndex?: number;
  /** When it was logged or timestamped, RFC 3339. */
  readonly time?: string;
}

/** Log entry and time, in words; may be empty. */
export function loggedText({ logIndex, time }: SignatureOrigin): string {
  return [
    ...(logIndex === undefined ? [] : [`log entry ${logIndex}`]),
    ...(time === undefined ? [] : [`on ${time}`]),
  ].join(' ');
}
