/**
 * The most bytes of a predicate that is signed as a statement. A log takes the whole statement:
 * Rekor refused an SBOM of 3.5 MB (cosign#3599). A key's envelope has it in base64, and readers
 * stop at 16 MiB (ours, GitHub's attestation store).
 */
const LARGEST = { keyless: 2 * 1024 * 1024, key: 8 * 1024 * 1024 } as const;

/** Why a predicate of this size is not signed as a statement; undefined where it can be. */
export function tooLarge(bytes: number, signedBy: keyof typeof LARGEST): string | undefined {
  if (bytes <= LARGEST[signedBy]) return undefined;
  const most = `${LARGEST[signedBy] / 1024 / 1024} MiB`;
  const who = signedBy === 'keyless' ? 'a transparency log takes' : 'readers of statements take';
  return `${(bytes / 1e6).toFixed(1)} MB, more than ${who} (${most})`;
}

/** In bytes, of a predicate: in base64, with what is around it, readers' 16 MiB. */
const LARGEST_READ = 11 * 1024 * 1024;

/** Why no reader takes a statement with a predicate of this size; undefined where they do. */
export function unreadable(bytes: number): string | undefined {
  if (bytes <= LARGEST_READ) return undefined;
  return `${(bytes / 1e6).toFixed(1)} MB, and readers take ${LARGEST_READ / 1024 / 1024} MiB`;
}
