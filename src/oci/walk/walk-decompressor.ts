/**
 * Takes compressed bytes and hands the plain ones to the callback it was started with, which gets
 * them for the time of the call only: the memory is used again. What works in this thread returns
 * undefined and throws at once.
 */
export interface Decompressor {
  /** Settles when the chunk is processed. Fails if bytes are malformed or the callback threw. */
  write(chunk: Uint8Array): Promise<void> | undefined;
  /** Settles when all has been handed out. Fails where the data are cut off. */
  end(): Promise<void> | undefined;
  /** Gives up at once. */
  destroy(): void;
}

export type OnPlain = (chunk: Uint8Array) => void;
