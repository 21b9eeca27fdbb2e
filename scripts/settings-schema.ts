import { DEFAULT_SETTINGS } from '../src/config/default-settings.ts';
import {
  LONGEST_STRING,
  MOST_ITEMS,
  type SettingField,
  type SettingType,
} from '../src/config/setting-spec.ts';
import { SETTINGS_TABLE } from '../src/config/settings-table.ts';
import { field as fieldOf } from '../src/model/json-value.ts';

interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** The JSON schema (draft 2020-12) of `.scoville.yaml` for editors; schema/scoville-config-1.json is its text. */
export function settingsJsonSchema(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Settings of scoville (.scoville.yaml)',
    ...objectSchema(SETTINGS_TABLE, DEFAULT_SETTINGS),
  };
}

function objectSchema(
  fields: Readonly<Record<string, SettingField>>,
  defaults: unknown,
): JsonSchema {
  const required = Object.keys(fields).filter((name) => fields[name]?.required === true);
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(
      Object.entries(fields).map(([name, field]) => [
        name,
        fieldSchema(field, fieldOf(defaults, name)),
      ]),
    ),
    ...(required.length === 0 ? {} : { required }),
  };
}

function fieldSchema(field: SettingField, byDefault: unknown): JsonSchema {
  const { type, help } = field;
  if (type.kind === 'object') return { description: help, ...objectSchema(type.fields, byDefault) };
  const hasDefault = byDefault !== undefined && field.byDefault === undefined;
  return {
    description: help,
    ...typeSchema(type),
    ...(hasDefault ? { default: byDefault } : {}),
  };
}

function typeSchema(type: SettingType): JsonSchema {
  switch (type.kind) {
    case 'string':
      return {
        type: 'string',
        minLength: 1,
        maxLength: LONGEST_STRING,
        ...(type.pattern === undefined ? {} : { pattern: type.pattern.source }),
      };
    case 'boolean':
      return { type: 'boolean' };
    case 'integer':
      return { type: 'integer', minimum: type.minimum, maximum: type.maximum };
    case 'choice':
      return { enum: type.choices };
    case 'list':
      return { type: 'array', maxItems: MOST_ITEMS, items: typeSchema(type.of) };
    case 'map':
      return {
        type: 'object',
        maxProperties: MOST_ITEMS,
        propertyNames: { pattern: patternText(type.keyPattern) },
        additionalProperties: typeSchema(type.of),
      };
    case 'object':
      return objectSchema(type.fields, undefined);
  }
}

/** A schema's pattern has no flags: without case is written as both cases. */
function patternText(pattern: RegExp): string {
  return pattern.ignoreCase ? pattern.source.replaceAll('a-z', 'A-Za-z') : pattern.source;
}
