import type { ReadForEdits } from '../dockerfile/analyse-dockerfile.ts';
import type { FixNeed } from '../model/fix.ts';
import type { Settings } from '../model/settings.ts';

/** What the facts are gathered for. */
export interface FactsRequest {
  readonly read: ReadForEdits;
  readonly needs: ReadonlySet<FixNeed>;
  readonly contextFolder: string;
  /** Absolute path of the Dockerfile. */
  readonly dockerfile: string;
  readonly buildArgs: readonly string[];
  readonly target: string | undefined;
  readonly settings: Settings;
  readonly refresh: boolean;
  /** Build each stage that installs packages, to learn their versions. */
  readonly build: boolean;
}
