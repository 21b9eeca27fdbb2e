import type { SettingOrigin, SettingSource } from '../model/setting-origin.ts';
import type { Settings } from '../model/settings.ts';
import type { GivenSettings } from './parse-settings.ts';
import { DEFAULT_SETTINGS, SETTING_LEAVES, type SettingLeaf } from './schema.ts';

/** `project`: builds or edits a project. `image`: judges or moves images that anyone may make. */
export type Task = 'project' | 'image';

/** What one file says, checked by the schema, without defaults. */
export interface SettingsLayer {
  readonly source: SettingSource;
  readonly file: string;
  readonly given: GivenSettings;
  /** Settings in it that name a file outside of the project, or a key by its address. */
  readonly foreign?: readonly string[];
}

/**
 * Whether a file of this kind may say this setting for this task.
 * - What is said of an image (`image`) holds for images that are built, for no other image.
 * - A file that a person named, and a person's own file, may say all else.
 * - Of what is a person's alone (`person`) a project's file never speaks.
 * - A key or a file that is not the project's own is for a person to name (`foreign`).
 * - A project's file speaks of that project; of images in general it can only ask for more.
 */
export function counts(
  { scope, schema }: Pick<SettingLeaf, 'scope' | 'schema'>,
  source: SettingSource,
  task: Task,
): boolean {
  if (scope === 'image') return task === 'project';
  if (scope === 'person') return source !== 'project';
  return source !== 'project' || task === 'project' || schema['x-tightens'] === true;
}

/**
 * The settings of a run out of all files that have a say, defaults filled in. A named file goes
 * first. For what is a person's to say the person's file goes above the project's, else the
 * project's above the person's. Of what asks for more the highest counts. `origins` tells which
 * file each came from.
 */
export function mergeSettings(layers: readonly SettingsLayer[], task: Task): Settings {
  const settings = structuredClone(DEFAULT_SETTINGS) as unknown as Record<string, unknown>;
  const origins: SettingOrigin[] = [];
  const ignored = new Map<string, string[]>();
  for (const leaf of SETTING_LEAVES) {
    const said = layers.flatMap((layer) => {
      const value = valueAt(layer.given, leaf.path);
      return value === undefined ? [] : [{ layer, value }];
    });
    const setting = leaf.path.join('.');
    const heard = said.filter(
      ({ layer }) => counts(leaf, layer.source, task) && layer.foreign?.includes(setting) !== true,
    );
    const [first] = heard.toSorted((a, b) => compare(leaf, task, a, b));
    for (const { layer } of said)
      if (!heard.some((one) => one.layer === layer))
        ignored.set(layer.file, [...(ignored.get(layer.file) ?? []), setting]);
    if (first === undefined) continue;
    const { source, file } = first.layer;
    setAt(settings, leaf.path, first.value);
    origins.push({
      setting,
      source,
      file,
      isTrust: leaf.scope === 'user' || leaf.scope === 'person',
    });
  }
  const merged = withoutConflicts({
    ...(settings as unknown as Settings),
    origins,
    ignored: [...ignored].map(([file, names]) => ({ file, settings: names })),
  });
  const by = layers.find(({ foreign }) => foreign?.includes('sign.key'));
  if (by === undefined || task === 'image') return merged;
  return { ...merged, sign: { ...merged.sign, refusedKey: by.file } };
}

interface Said {
  readonly layer: SettingsLayer;
  readonly value: unknown;
}

const PERSON_FIRST: readonly SettingSource[] = ['named', 'user', 'project'];
const PROJECT_FIRST: readonly SettingSource[] = ['named', 'project', 'user'];

function compare({ schema, scope }: SettingLeaf, task: Task, a: Said, b: Said): number {
  if (schema['x-tightens'] === true && a.layer.source !== 'named' && b.layer.source !== 'named') {
    // Choices are listed from the most demanding on.
    const demand = (value: unknown): number =>
      schema.enum === undefined ? Number(value) : -schema.enum.indexOf(String(value));
    if (demand(a.value) !== demand(b.value)) return demand(b.value) - demand(a.value);
  }
  const order =
    scope === 'user' || scope === 'person' || task === 'image' ? PERSON_FIRST : PROJECT_FIRST;
  return order.indexOf(a.layer.source) - order.indexOf(b.layer.source);
}

/**
 * A project's waivers are of its own gate: where another file sets the gate they do not count.
 * A key of one file and `keyless` of another: the person's word decides.
 */
function withoutConflicts(merged: Settings): Settings {
  const sourceOf = (setting: string): SettingSource | undefined =>
    merged.origins.find((one) => one.setting === setting)?.source;
  let settings = merged;
  const gates = [sourceOf('gate.minLevel'), sourceOf('gate.minGrade')];
  const isOfOthers = gates.some((source) => source === 'user' || source === 'named');
  if (sourceOf('gate.waivers') === 'project' && isOfOthers)
    settings = ignoring(settings, 'gate.waivers', (one) => ({
      ...one,
      gate: { ...one.gate, waivers: [] },
    }));
  const { key, keyless, ...sign } = settings.sign;
  if (key === undefined || !keyless) return settings;
  return sourceOf('sign.keyless') === 'project'
    ? ignoring(settings, 'sign.keyless', (one) => ({
        ...one,
        sign: { ...one.sign, keyless: false },
      }))
    : ignoring(settings, 'sign.key', (one) => ({ ...one, sign: { ...sign, keyless } }));
}

function ignoring(
  settings: Settings,
  setting: string,
  drop: (settings: Settings) => Settings,
): Settings {
  const { origins, ignored } = settings;
  const file = origins.find((one) => one.setting === setting)?.file ?? '';
  return {
    ...drop(settings),
    origins: origins.filter((one) => one.setting !== setting),
    ignored: [...ignored, { file, settings: [setting] }],
  };
}

function valueAt(given: GivenSettings, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => {
    const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isGroup && Object.hasOwn(value, name) ? (value as GivenSettings)[name] : undefined;
  }, given);
}

function setAt(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) target[name] = value;
  else setAt(target[name] as Record<string, unknown>, rest, value);
}
