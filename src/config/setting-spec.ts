/** What a setting may hold. Lengths in characters, counts in items. */
export type SettingType =
  | {
      readonly kind: 'string';
      readonly pattern?: RegExp;
      /** What `pattern` asks for, in words. */
      readonly expects?: string;
    }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'integer'; readonly minimum: number; readonly maximum: number }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'list'; readonly of: SettingType }
  | {
      readonly kind: 'map';
      readonly keyPattern: RegExp;
      readonly keyExpects: string;
      readonly of: SettingType;
    }
  | { readonly kind: 'object'; readonly fields: Readonly<Record<string, SettingField>> };

/** One key of `.scoville.yaml`: parsing, the JSON schema for editors and the documentation read this. */
export interface SettingField {
  readonly type: SettingType;
  readonly help: string;
  /** For keys of a list's or map's items; elsewhere every setting has a default. */
  readonly required?: boolean;
  /** What holds without it, as the documentation shows it. */
  readonly byDefault?: string;
  /** The flag of `scoville build` that goes above it. */
  readonly flag?: string;
}

export const LONGEST_STRING = 4096;
export const MOST_ITEMS = 1000;
