import type { SourceRange } from './dockerfile.ts';

/** Where a build put something, by the command or instruction that did. */
interface Left {
  readonly path: string;
  readonly range: SourceRange;
  /** Why nobody can tell from the Dockerfile whether the image has it. */
  readonly open?: string;
}

/** A file that a build leaves with the setuid or setgid bit, or with capabilities. */
export interface ElevatedFile extends Left {
  /** `setuid bit`, `setgid bit`, `capabilities`. */
  readonly bits: string;
}

/** What is known of a file in a layer. */
export type LeftContent =
  | { readonly kind: 'text'; readonly text: string }
  /** What a secret mount of the build holds, by its id. */
  | { readonly kind: 'secret'; readonly mount: string }
  /** A file or folder of the build context, without the files that are gone again. */
  | {
      readonly kind: 'context';
      readonly source: string;
      readonly without: readonly string[];
    };

/** A file, or a folder of the context, in a layer of the image. */
export interface LeftFile extends Left {
  readonly content: LeftContent;
}

/** What the commands of a build leave in the image, as far as the Dockerfile shows it. */
export interface LeftBehind {
  /** In any layer: what a later one deletes is still there. */
  readonly files: readonly LeftFile[];
  /** In the final filesystem. */
  readonly elevated: readonly ElevatedFile[];
  /** Uids of the users that the build makes, by name. */
  readonly users: ReadonlyMap<string, number>;
  /** True where all users of the image are among them. */
  readonly allUsers: boolean;
}
