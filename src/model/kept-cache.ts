import type { PackageManager } from './build-analysis.ts';

/** What a package manager leaves in the layer of a RUN. */
export interface KeptCache {
  readonly manager: PackageManager;
  /** Indexes of the commands that leave it. */
  readonly commands: readonly number[];
}
