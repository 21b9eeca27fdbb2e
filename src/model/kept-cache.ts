/** A package manager that leaves in a layer what it fetched. */
export type CachingManager = 'apt' | 'apk' | 'dnf' | 'pip' | 'npm';

/** What a package manager leaves in the layer of a RUN. */
export interface KeptCache {
  readonly manager: CachingManager;
  /** Indexes of the commands that leave it. */
  readonly commands: readonly number[];
}
