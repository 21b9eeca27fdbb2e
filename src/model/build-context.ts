/** The folder sent to BuildKit, without ignored files. Paths are relative to it, with slashes. */
export interface BuildContext {
  /** Text of a file of at most 1 MiB; undefined where there is none, or where it is larger. */
  readonly text: (path: string) => string | undefined;
  /** What lies at a path; undefined where nothing does. */
  readonly kind: (path: string) => 'file' | 'folder' | undefined;
  /** Names in a folder (`''` for the whole context); undefined where there is none, or too many. */
  readonly names: (path: string) => readonly string[] | undefined;
}
