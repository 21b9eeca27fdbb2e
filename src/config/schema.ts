import CONFIG from '../../schema/scoville-config-1.json' with { type: 'json' };
import type { Settings } from '../model/settings.ts';

/**
 * Whose word a setting takes. `image`: a project says it of the image that is built from it.
 * `project`: a project says how it is built and what is asked of it. `user`: whom and what to
 * trust, said by a person or a machine. `person`: the same, and a project's file never says it, not
 * of its own builds either: where tokens are sent, what is made public.
 */
export type SettingScope = 'image' | 'project' | 'user' | 'person';

/** The keywords of JSON Schema (draft 2020-12) that files in schema/ use, and ours. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: false | Schema;
  readonly propertyNames?: Schema;
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly pattern?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly 'x-expects'?: string;
  /** The default as the documentation shows it, where that is not `default`. */
  readonly 'x-default'?: string;
  /** The flag of `scoville build` that goes above it. */
  readonly 'x-flag'?: string;
  /** Of a group: for all its settings. Where nothing says it, `user`: the strictest. */
  readonly 'x-scope'?: SettingScope;
  /** More of it asks for more: several files that name it cannot undercut each other. */
  readonly 'x-tightens'?: boolean;
  /** A path is meant from the folder of the file that names it. */
  readonly 'x-file'?: boolean;
  /** Of a group: its settings are those of the whole file, and count in one place alone. */
  readonly 'x-where'?: boolean;
}

/** Every setting of `.scoville.yaml`: the one table that parsing, merging and pages read. */
export const SETTINGS_SCHEMA = CONFIG as unknown as Schema;

export interface SettingLeaf {
  readonly path: readonly string[];
  readonly schema: Schema;
  readonly scope: SettingScope;
}

/** All settings of a group, in its order; a list or a map is one setting. */
function settingLeaves(
  { properties = {} }: Schema,
  above: Omit<SettingLeaf, 'schema'> = { path: [], scope: 'user' },
): readonly SettingLeaf[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    if (schema['x-where'] === true) return [];
    const path = [...above.path, name];
    const scope = schema['x-scope'] ?? above.scope;
    return schema.properties === undefined
      ? [{ path, schema, scope }]
      : settingLeaves(schema, { path, scope });
  });
}

export const SETTING_LEAVES = settingLeaves(SETTINGS_SCHEMA);

/** Whether a value may be of a type; groups and lists may be null as well, for those left empty. */
export function isOf(schema: Schema, kind: 'array' | 'object' | 'boolean' | 'integer'): boolean {
  return schema.type === kind || (Array.isArray(schema.type) && schema.type.includes(kind));
}

export const DEFAULT_SETTINGS: Settings = {
  ...(defaultsOf(SETTINGS_SCHEMA) as Settings),
  origins: [],
  ignored: [],
};

function defaultsOf({ properties = {} }: Schema): unknown {
  const parts = Object.entries(properties).filter(([, schema]) => schema['x-where'] !== true);
  const values = parts.map(([name, schema]) => [
    name,
    schema.properties === undefined ? schema.default : defaultsOf(schema),
  ]);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined)) as unknown;
}
