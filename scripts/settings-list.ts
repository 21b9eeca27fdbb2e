import { DEFAULT_SETTINGS } from '../src/config/default-settings.ts';
import type { SettingField, SettingScope, SettingType } from '../src/config/setting-spec.ts';
import { SETTINGS_TABLE } from '../src/config/settings-table.ts';
import { field as fieldOf } from '../src/model/json-value.ts';

/** One setting as documentation lists it. */
interface ListedSetting {
  /** `gate.minLevel`; `[]` stands for a list's items, `*` for a map's keys. */
  readonly path: string;
  readonly type: string;
  readonly byDefault: string;
  /** Whose word it takes. */
  readonly scope: SettingScope;
  readonly flag: string | undefined;
  readonly help: string;
}

/** All settings with their types and defaults, in the table's order; groups themselves are not listed. */
export function listSettings(): readonly ListedSetting[] {
  return listFields(SETTINGS_TABLE, DEFAULT_SETTINGS, { prefix: '', scope: 'user' });
}

function listFields(
  fields: Readonly<Record<string, SettingField>>,
  defaults: unknown,
  { prefix, scope: above }: { readonly prefix: string; readonly scope: SettingScope },
): readonly ListedSetting[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    const scope = field.scope ?? above;
    const byDefault = fieldOf(defaults, name);
    if (field.type.kind === 'object')
      return listFields(field.type.fields, byDefault, { prefix: `${path}.`, scope });
    const listed = {
      path,
      type: typeText(field.type),
      byDefault: field.byDefault ?? defaultText(field, byDefault),
      scope,
      flag: field.flag,
      help: field.help,
    };
    return [listed, ...listItems(field.type, path, scope)];
  });
}

function listItems(type: SettingType, path: string, scope: SettingScope): readonly ListedSetting[] {
  if (type.kind !== 'list' && type.kind !== 'map') return [];
  if (type.of.kind !== 'object') return [];
  const prefix = `${path}${type.kind === 'list' ? '[]' : '.*'}.`;
  return listFields(type.of.fields, undefined, { prefix, scope });
}

function defaultText(field: SettingField, value: unknown): string {
  if (value === undefined) return field.required === true ? 'required' : 'none';
  return Array.isArray(value) ? value.join(', ') : JSON.stringify(value).replaceAll('"', '');
}

function typeText(type: SettingType): string {
  switch (type.kind) {
    case 'string':
      return type.expects ?? 'text';
    case 'boolean':
      return 'true or false';
    case 'integer':
      return `${type.minimum} to ${type.maximum}`;
    case 'choice':
      return type.choices.map((choice) => `\`${choice}\``).join(', ');
    case 'list':
      return type.of.kind === 'object' ? 'list' : `list, each: ${typeText(type.of)}`;
    case 'map':
      return type.of.kind === 'object' ? 'map' : `map, each value: ${typeText(type.of)}`;
    case 'object':
      return 'mapping';
  }
}
