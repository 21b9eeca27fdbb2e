/** A flag for buildx: name and value of a known one, or the words of another, as written. */
export type BuildxFlag =
  | { readonly name: string; readonly value: string }
  | { readonly name: undefined; readonly words: readonly string[] };

/** Whatever has flags: an invocation, a command line. */
export type Flagged = Pick<BuildInvocation, 'flags'>;

/** A call of `docker buildx build` as data. tools/buildx makes it into words. */
export interface BuildInvocation {
  /** Our values of `--output`; the user's own are in the flags if buildx does the whole build. */
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
