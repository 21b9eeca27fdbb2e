/** A flag for buildx: one that is known by name and value, or the words of one that is not, as they were written. */
export type BuildxFlag =
  | { readonly name: string; readonly value: string }
  | { readonly name: undefined; readonly words: readonly string[] };

/** Whatever has flags: an invocation, a command line. */
export type Flagged = Pick<BuildInvocation, 'flags'>;

/** A call of `docker buildx build` as data. tools/buildx makes it into words. */
export interface BuildInvocation {
  /** Values of `--output` that are ours; the user's own are among the flags, where buildx does the whole build. */
  readonly outputs: readonly string[];
  /** `--metadata-file` that is ours. */
  readonly metadataFile?: string;
  /** In their order: the last counts of a flag that takes one value. */
  readonly flags: readonly BuildxFlag[];
  /** PATH, URL or `-`. */
  readonly context: string;
  /** To add to the environment of buildx. */
  readonly env: Readonly<Record<string, string>>;
}
