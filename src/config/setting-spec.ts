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

/**
 * Whose word a setting takes. `image`: a project says it of the image that is built from it.
 * `project`: a project says how it is built and what is asked of it. `user`: whom and what to
 * trust, said by a person or a machine. `person`: the same, and a project's file never says it, not
 * of its own builds either: where tokens are sent, what is made public.
 */
export type SettingScope = 'image' | 'project' | 'user' | 'person';

/** One `.scoville.yaml` key; parsing, the editors' JSON schema and the documentation read it. */
export interface SettingField {
  readonly type: SettingType;
  readonly help: string;
  /** For keys of a list's or map's items; elsewhere every setting has a default. */
  readonly required?: boolean;
  /** What holds without it, as the documentation shows it. */
  readonly byDefault?: string;
  /** The flag of `scoville build` that goes above it. */
  readonly flag?: string;
  /** Of a group: holds for all its settings. Where nothing says it, `user`: the strictest. */
  readonly scope?: SettingScope;
  /** More of it asks for more: several files that name it cannot undercut each other. */
  readonly tightens?: true;
  /** A path is meant from the folder of the file that names it. */
  readonly namesFile?: true;
}

/** A setting by its path, groups resolved: what a file can name on its own. */
export interface SettingLeaf {
  /** `['gate', 'minLevel']`. */
  readonly path: readonly string[];
  readonly field: SettingField;
  readonly scope: SettingScope;
}

/** All settings of a table, in its order; a list or a map is one setting. */
export function settingLeaves(
  fields: Readonly<Record<string, SettingField>>,
  above: { readonly path: readonly string[]; readonly scope: SettingScope } = {
    path: [],
    scope: 'user',
  },
): readonly SettingLeaf[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const path = [...above.path, name];
    const scope = field.scope ?? above.scope;
    return field.type.kind === 'object'
      ? settingLeaves(field.type.fields, { path, scope })
      : [{ path, field, scope }];
  });
}

export const TEXT: SettingType = { kind: 'string' };
export const BOOLEAN: SettingType = { kind: 'boolean' };
export const LONGEST_STRING = 4096;
export const MOST_ITEMS = 1000;

/** The first key of our files. */
export const SCHEMA_VERSION: SettingField = {
  type: { kind: 'integer', minimum: 1, maximum: 1 },
  help: 'Version of this format.',
  required: true,
};
