/** The folder that a build sends to BuildKit, its ignore file applied. Paths are relative to it, with slashes. */
export interface BuildContext {
  /** Text of a file of at most 1 MiB; undefined where there is none, or where it is larger. */
  readonly text: (path: string) => string | undefined;
  /** What lies at a path; undefined where nothing does. */
  readonly kind: (path: string) => 'file' | 'folder' | undefined;
  /** Names of what lies in a folder (`''` for the whole); undefined where there is none, or too many. */
  readonly names: (path: string) => readonly string[] | undefined;
}
