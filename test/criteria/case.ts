/**
 * A project of the corpus: a Dockerfile after a pattern that public ones follow, with the files of
 * its context that count.
 */
export interface CorpusCase {
  readonly name: string;
  readonly dockerfile: string;
  readonly files?: Readonly<Record<string, string>>;
  /** Ids of the edits that the default applies; those of `HARMLESS` aside. */
  readonly applies?: readonly string[];
  /** Of `--max-risk medium`: rules that must not offer an edit. */
  readonly never?: readonly string[];
}

/** Rules whose edits change nothing that runs. */
export const HARMLESS = ['pin-images', 'package-caches', 'maintainer', 'source-label'] as const;

/** Lines as a Dockerfile. */
export function file(...lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
