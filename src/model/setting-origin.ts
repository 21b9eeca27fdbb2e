/** `named`: by a flag. `user`: configuration of the user or machine. `project`: of the project. */
export type SettingSource = 'named' | 'user' | 'project';

/** Which file a setting that counts was read from. */
export interface SettingOrigin {
  /** `trust.keys`. */
  readonly setting: string;
  readonly source: SettingSource;
  readonly file: string;
  /** It says whom or what to trust: reports name the file. */
  readonly isTrust: boolean;
}

/** The origins without those of settings that a flag sets: by setting, the flag's value. */
export function originsBehind(
  origins: readonly SettingOrigin[],
  flags: Readonly<Record<string, unknown>>,
): readonly SettingOrigin[] {
  return origins.filter(({ setting }) => flags[setting] === undefined);
}
