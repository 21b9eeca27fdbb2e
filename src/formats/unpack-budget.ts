/** What archives may still cost, all of those together that it is handed to. */
export interface UnpackBudget {
  /** Entries of archives. */
  entries: number;
  /** Bytes that entries of archives unpack to. */
  inflated: number;
}

/** Takes the plain bytes of an archive's entry as they come; `push` says whether it wants more. */
export interface EntrySink {
  readonly push: (bytes: Uint8Array) => boolean;
  readonly end: () => void;
}
