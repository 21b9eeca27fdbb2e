import { createHash } from 'node:crypto';

/** A content digest of the OCI image specification: `sha256:` and 64 lower-case hex digits. */
export type Digest = string & { readonly __brand: 'Digest' };

const SHA256 = /^sha256:[0-9a-f]{64}$/;

/** True where `text` is a well-formed sha256 digest (OCI image-spec, descriptor.md, "Digests"). */
export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && SHA256.test(text);
}

/** The digest that `text` spells, or undefined where it spells none. */
export function parseDigest(text: unknown): Digest | undefined {
  return isDigest(text) ? text : undefined;
}

/** sha256 of the bytes. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
}

/** The 64 hex digits behind the algorithm's name. */
export function digestHex(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
