/** What `scoville profile` says of a profile that it wrote, in the form of `--json`. */
export interface ProfileSummary {
  readonly schemaVersion: '1';
  readonly file: string;
  readonly image: string;
  readonly digest: string;
  /** `linux/amd64`. */
  readonly platform: string;
  /** Calls that the profile allows, of those of the engine's default. */
  readonly calls: number;
  readonly ofDefault: number;
  /** What the default allows and the profile does not, in words that follow "it can no longer". */
  readonly gone: readonly string[];
  /** Calls that the program tried and the default refuses. */
  readonly refused: readonly string[];
  readonly exercises: readonly string[];
  readonly confinement: string;
  /** Something that ran made a process, so that the profile cannot refuse a shell. */
  readonly startsProcesses: boolean;
}

/** True where an AppArmor profile says of itself that nobody has run the program under it. */
export function isUnproven(appArmor: string): boolean {
  return appArmor.split('\n').some((line) => line.trimStart().startsWith('# NOT PROVEN:'));
}

/** What `scoville profile --check` found. */
export interface ProfileCheck {
  readonly file: string;
  readonly image: string;
  readonly holds: boolean;
  readonly forbidden: readonly string[];
  readonly wider: readonly string[];
  readonly madeFrom?: { readonly image: string; readonly when: string };
}
