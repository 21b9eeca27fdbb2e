/** What stands at a path, as an engine or we see it. */
export interface SeenPlace {
  /** f file, d folder, l symbolic link, x device, pipe or socket. */
  readonly kind: 'f' | 'd' | 'l' | 'x';
  /** Of a symbolic link. */
  readonly target?: string;
  /** Of a file, the first digits of its SHA-256. */
  readonly content?: string;
  readonly size?: number;
  /**
   * Where more is known of a file: permission bits, owner, capabilities as hexadecimal or by name.
   */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly capabilities?: string;
}

/** By path; one character a byte. */
export type SeenTree = Readonly<Record<string, SeenPlace>>;

/** What somebody made of a stack: its tree, or why it was refused. */
export type Answer = { readonly tree: SeenTree } | { readonly refused: string };

/** Answers of both stores. */
export interface EngineAnswers {
  readonly containerd: Answer | undefined;
  readonly overlay2: Answer | undefined;
}
