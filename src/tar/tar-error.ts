/** The bytes are no tar archive that we can read; the message names what is wrong and where (byte offset). */
export class TarError extends Error {
  override readonly name = 'TarError';
}
