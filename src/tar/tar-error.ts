/** The bytes are not a readable tar archive; the message has the problem and its byte offset. */
export class TarError extends Error {
  override readonly name = 'TarError';
}
