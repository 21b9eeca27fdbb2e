import { isOf, type Schema, SETTINGS_SCHEMA, type SettingScope } from '../src/config/schema.ts';

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

/** All settings with types and defaults, in the order of the schema; groups themselves are not listed. */
export function listSettings(
  { properties = {}, required = [] }: Schema = SETTINGS_SCHEMA,
  prefix = '',
  above: SettingScope = 'user',
): readonly ListedSetting[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = `${prefix}${name}`;
    const scope = schema['x-scope'] ?? above;
    if (schema.properties !== undefined && schema['x-where'] !== true)
      return listSettings(schema, `${path}.`, scope);
    const listed = {
      path,
      type: typeText(schema),
      byDefault: schema['x-default'] ?? defaultText(schema.default, required.includes(name)),
      scope,
      flag: schema['x-flag'],
      help: schema.description ?? '',
    };
    const item = itemOf(schema);
    if (item?.properties === undefined) return [listed];
    return [
      listed,
      ...listSettings(item, `${path}${schema.items === undefined ? '.*' : '[]'}.`, scope),
    ];
  });
}

function itemOf({ items, additionalProperties }: Schema): Schema | undefined {
  return items ?? (additionalProperties === false ? undefined : additionalProperties);
}

function defaultText(value: unknown, isRequired: boolean): string {
  if (value === undefined) return isRequired ? 'required' : 'none';
  return Array.isArray(value) ? value.join(', ') : JSON.stringify(value).replaceAll('"', '');
}

function typeText(schema: Schema): string {
  const item = itemOf(schema);
  if (item !== undefined) {
    const [kind, each] = schema.items === undefined ? ['map', 'each value'] : ['list', 'each'];
    return item.properties === undefined ? `${kind}, ${each}: ${typeText(item)}` : kind;
  }
  if (schema.enum !== undefined) return schema.enum.map((choice) => `\`${choice}\``).join(', ');
  if (isOf(schema, 'boolean')) return 'true or false';
  if (isOf(schema, 'integer')) return `${schema.minimum ?? 0} to ${schema.maximum ?? 0}`;
  return schema['x-expects'] ?? 'text';
}

const ROW = /^\| `([a-zA-Z.[\]*]+)` /;

/** The page with a row for each setting in its tables: what is new stands behind the one before it. */
export function withSettingRows(page: string): string {
  const rows = new Map(listSettings().map((one) => [one.path, settingRow(one)]));
  const order = [...rows.keys()];
  const there = new Set(page.split('\n').map((line) => ROW.exec(line)?.[1]));
  const lines = page.split('\n').flatMap((line) => {
    const path = ROW.exec(line)?.[1];
    if (path === undefined) return [line];
    const row = rows.get(path);
    if (row === undefined) return [];
    const next = order.slice(order.indexOf(path) + 1);
    const end = next.findIndex((one) => there.has(one));
    return [row, ...next.slice(0, end < 0 ? undefined : end).map((one) => rows.get(one) ?? '')];
  });
  return lines.join('\n');
}

function settingRow({ path, type, byDefault, scope, flag, help }: ListedSetting): string {
  const shown = flag === undefined ? '' : `\`${flag}\` `;
  return `| \`${path}\` | ${type} | ${byDefault} | ${scope} | ${shown}| ${help} |`;
}
