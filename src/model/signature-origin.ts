/** Whom a certificate of Fulcio names, and who vouches for that name. */
export interface CertificateIdentity {
  /** An address, or the URI of a workflow. */
  readonly subject: string;
  /** The URL of the OIDC issuer. */
  readonly issuer: string;
}

/** What a sigstore bundle says of how it was signed. It counts where the bundle verifies. */
export interface SignatureOrigin {
  readonly identity?: CertificateIdentity;
  /** The entry of the transparency log. */
  readonly logIndex?: number;
  /** When it was logged or timestamped, RFC 3339. */
  readonly time?: string;
}

/** Where and when, in words; empty where nothing is known. */
export function loggedText({ logIndex, time }: SignatureOrigin): string {
  return [
    ...(logIndex === undefined ? [] : [`log entry ${logIndex}`]),
    ...(time === undefined ? [] : [`on ${time}`]),
  ].join(' ');
}
