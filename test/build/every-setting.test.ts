import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { applyOptions, OWN } from '../../src/build/flags.ts';
import {
  DEFAULT_SETTINGS,
  isOf,
  type Schema,
  SETTING_LEAVES,
  type SettingLeaf,
} from '../../src/config/schema.ts';
import { mergeSettings, parseSettings } from '../../src/config/settings.ts';
import type { Settings } from '../../src/model/settings.ts';
import { parsed } from './given.ts';

const LEAVES = SETTING_LEAVES;
const nameOf = ({ path }: SettingLeaf): string => path.join('.');

/** Texts that a pattern asks for. */
const TEXTS = [
  '/etc/some-file',
  'https://mirror.example.com',
  '2026-01-02T00:00:00Z',
  'registry.example.com',
];

/** A value of the type that is not what holds without it. */
function sampleOf(schema: Schema, byDefault: unknown): unknown {
  const { enum: choices, items, properties, propertyNames, additionalProperties } = schema;
  if (choices !== undefined) return choices.find((choice) => choice !== byDefault);
  if (items !== undefined) return [sampleOf(items, undefined)];
  if (properties !== undefined)
    return Object.fromEntries(
      Object.entries(properties).map(([name, one]) => [name, sampleOf(one, undefined)]),
    );
  if (additionalProperties !== undefined && additionalProperties !== false) {
    const keys = ['/app/**', 'com.example.key', 'r.example:5000'];
    const key = keys.find((text) => new RegExp(propertyNames?.pattern ?? '', 'u').test(text));
    return { [key ?? '']: sampleOf(additionalProperties, undefined) };
  }
  if (isOf(schema, 'boolean')) return byDefault !== true;
  if (isOf(schema, 'integer')) return (schema.minimum ?? 0) + 3;
  return TEXTS.find((text) => new RegExp(schema.pattern ?? '', 'u').test(text));
}

/** What the samples above cannot guess. */
const SAMPLES: Readonly<Record<string, unknown>> = {
  'gate.waivers': [{ criterion: 'no-shell', reason: 'because', expires: '2999-01-01' }],
  'reproducible.start': '2026-01-02T00:00:00Z',
  'reproducible.time': { '/app/**': '2026-01-02' },
};

function valueAt(settings: object, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (at, name) => (at as Record<string, unknown> | undefined)?.[name],
    settings,
  );
}

const sampled = (leaf: SettingLeaf): unknown =>
  SAMPLES[nameOf(leaf)] ?? sampleOf(leaf.schema, valueAt(DEFAULT_SETTINGS, leaf.path));

/** The settings of a file that says this one alone. */
async function settingsOf({ path }: SettingLeaf, value: unknown): Promise<Settings> {
  const said = path.reduceRight<unknown>((all, name) => ({ [name]: all }), value);
  const given = await parseSettings(stringify(said), { file: '/etc/s.yaml', now: 0 });
  if (!given.ok) throw new Error(given.error.map(({ message }) => message).join('\n'));
  return mergeSettings([{ source: 'named', file: '/etc/s.yaml', given: given.value }], 'project');
}

describe('every setting of the table', () => {
  test.each(LEAVES.map((leaf) => [nameOf(leaf), leaf] as const))(
    '%s: what a file says reaches the build, whatever flags are given beside it',
    async (_, leaf) => {
      const value = sampled(leaf);
      const settings = await settingsOf(leaf, value);
      expect(valueAt(settings, leaf.path)).toEqual(value);
      expect(value).not.toEqual(valueAt(DEFAULT_SETTINGS, leaf.path));
      expect(applyOptions(settings, parsed('.').own)).toEqual(settings);
      // Those of another setting: each of them makes its group anew.
      const others = ['--sign', '--repro=off', '--min-level=4', '--plain-http=other:1'];
      const flags = others.filter((flag) => !flag.startsWith(`${leaf.schema['x-flag'] ?? '-'}=`));
      const kept = applyOptions(settings, parsed(...flags, '.').own);
      if (leaf.schema['x-flag'] !== '--sign') expect(valueAt(kept, leaf.path)).toEqual(value);
    },
  );
});

/** Flags of buildx too, or of several settings: tested where they are read. */
const ELSEWHERE = ['--sbom', '--provenance', '--profile', '--lock', '--plain-http'];
const OWN_NAMES = Object.keys(OWN).map((name) => `--${name}`);

test.each(
  LEAVES.flatMap((leaf) => {
    const flag = leaf.schema['x-flag'];
    return flag === undefined || ELSEWHERE.includes(flag) ? [] : [[flag, leaf] as const];
  }),
)('%s reaches its setting', (flag, leaf) => {
  expect(OWN_NAMES).toContain(flag);
  const value = sampled(leaf);
  const given = applyOptions(DEFAULT_SETTINGS, parsed(`${flag}=${String(value)}`, '.').own);
  expect(valueAt(given, leaf.path)).toEqual(value);
});
