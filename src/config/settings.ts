import { dirname, resolve } from 'node:path';
import { err, ok, type Result } from '../lib/errors.ts';
import { didYouMean } from '../lib/text.ts';
import { endOfDay } from '../lib/time.ts';
import { keyScheme, type SettingOrigin, type SettingSource } from '../model/key-scheme.ts';
import type { Settings, Waiver } from '../model/settings.ts';
import {
  type CheckedDocument,
  type ConfigProblem,
  readDocument,
  syntaxMessage,
} from './document.ts';
import {
  DEFAULT_SETTINGS,
  isOf,
  type Schema,
  SETTING_LEAVES,
  type SettingLeaf,
  SETTINGS_SCHEMA,
} from './schema.ts';

export interface ParseOptions {
  readonly file: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Which of the groups `local` and `ci` counts. */
  readonly isCi?: boolean;
  /** Ids that a waiver may name, asked for where there is one; without them any is taken. */
  readonly criteria?: () => Promise<readonly string[]>;
}

/** What a settings file says, by the schema: every key optional, paths absolute. */
type GivenSettings = Readonly<Record<string, unknown>>;

/** Reads a settings file, every problem with line and column. Fills in no default. */
export async function parseSettings(
  text: string,
  options: ParseOptions,
): Promise<Result<GivenSettings, readonly ConfigProblem[]>> {
  const { file } = options;
  const read = await readDocument(text, file, {
    schema: SETTINGS_SCHEMA,
    check: () => import('schema-check:scoville-config-1'),
    longest: 256 * 1024,
    mostAliases: 100,
    mayBeEmpty: true,
  });
  if (!read.ok) return read;
  const { value, problemAt } = read.value;
  const { local, ci, ...everywhere } = recordOf(value);
  const here = recordOf(options.isCi === true ? ci : local);
  const given = withPaths(above(here, everywhere), file);
  const sign = recordOf(given['sign']);
  const problems = await waiverProblems(recordOf(given['gate'])['waivers'], options, problemAt);
  if (sign['keyless'] === true && sign['key'] !== undefined)
    problems.push(problemAt(['sign', 'keyless'], 'sign.keyless and sign.key exclude each other'));
  const url = SERVICE_URLS.find((name) => sign[name] !== undefined);
  if (sign['signingConfig'] !== undefined && url !== undefined)
    problems.push(
      problemAt(['sign', url], `sign.signingConfig and sign.${url} exclude each other`),
    );
  return problems.length > 0 ? err(problems) : ok(given);
}

const SERVICE_URLS = ['fulcioUrl', 'rekorUrl', 'tsaUrl', 'oidcIssuer'];

/** The settings of one group above those of another; a list or a map replaces the other's. */
function above(
  given: GivenSettings,
  base: GivenSettings,
  { properties = {} }: Schema = SETTINGS_SCHEMA,
): GivenSettings {
  const entries = Object.entries(given).map(([name, value]) => {
    const schema = properties[name];
    return schema?.properties === undefined || base[name] === undefined
      ? [name, value]
      : [name, above(recordOf(value), recordOf(base[name]), schema)];
  });
  return { ...base, ...(Object.fromEntries(entries) as GivenSettings) };
}

/** Paths are from the file's folder; a URI (`awskms://`, `pkcs11:`, `env://`) stays as it is. */
function withPaths(given: GivenSettings, file: string): GivenSettings {
  const beside = (path: unknown): unknown =>
    typeof path !== 'string' || keyScheme(path) !== undefined ? path : resolve(dirname(file), path);
  const changed = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(beside) : beside(value);
  return FILE_SETTINGS.reduce((all, { path }) => changedAt(all, path, changed), given);
}

const FILE_SETTINGS = SETTING_LEAVES.filter(({ schema }) => schema['x-file'] === true);

/** The files and addresses of keys that a file names, by setting; a build publishes some. */
export function namedFiles(given: GivenSettings): readonly {
  readonly setting: string;
  readonly isPublished: boolean;
  readonly values: readonly string[];
}[] {
  return FILE_SETTINGS.map(({ path, scope }) => {
    const value = valueAt(given, path);
    const values = [value, ...listOf(value)].filter((one) => typeof one === 'string');
    return { setting: path.join('.'), isPublished: scope === 'project', values };
  });
}

function changedAt(
  given: GivenSettings,
  [name = '', ...rest]: readonly string[],
  change: (value: unknown) => unknown,
): GivenSettings {
  const value = given[name];
  if (value === undefined) return given;
  const changed = rest.length === 0 ? change(value) : changedAt(recordOf(value), rest, change);
  return { ...given, [name]: changed };
}

function recordOf(value: unknown): GivenSettings {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord ? (value as GivenSettings) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

async function waiverProblems(
  waivers: unknown,
  options: ParseOptions,
  problemAt: CheckedDocument['problemAt'],
): Promise<ConfigProblem[]> {
  if (waivers === undefined) return [];
  const criteria = await options.criteria?.();
  const today = new Date(options.now).toISOString().slice(0, 10);
  return (listOf(waivers) as readonly Waiver[]).flatMap(({ criterion, expires }, i) => {
    const at = (key: string, message: string): ConfigProblem[] => [
      problemAt(['gate', 'waivers', i, key], message),
    ];
    const problems: ConfigProblem[] = [];
    if (criteria !== undefined && !criteria.includes(criterion)) {
      const near = didYouMean(criterion, criteria);
      const hint = near === undefined ? '' : `; did you mean ${near}?`;
      problems.push(...at('criterion', `unknown criterion ${JSON.stringify(criterion)}${hint}`));
    }
    if (expires === undefined) return problems;
    if (endOfDay(expires) === undefined)
      return [...problems, ...at('expires', `${expires} is not a date`)];
    if (expires >= today) return problems;
    return [...problems, ...at('expires', `the waiver of ${criterion} expired on ${expires}`)];
  });
}

/** `project`: builds or edits a project. `image`: judges or moves images that anyone may make. */
export type Task = 'project' | 'image';

export interface SettingsLayer {
  readonly source: SettingSource;
  readonly file: string;
  readonly given: GivenSettings;
  /** Settings in it that name a file outside of the project, or a key by its address. */
  readonly foreign?: readonly string[];
}

/**
 * Whether a file of this kind may say this setting for this task.
 * - Settings about an image (`image`) apply to images that are built, and to no other image.
 * - A file that a person named, and a person's own file, may say everything else.
 * - Settings of a person alone (`person`) do not apply from a project's file.
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
 * The settings of a run, merged from all files that count, with defaults. A named file goes first.
 * For settings of a person the person's file goes above the project's, else the project's above the
 * person's. Of settings that only ask for more the highest counts. `origins` says which file each
 * came from.
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

/** A project's waivers are of its own gate. Of a key and `keyless` the person's word decides. */
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
    const group = recordOf(value);
    return Object.hasOwn(group, name) ? group[name] : undefined;
  }, given);
}

function setAt(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) target[name] = value;
  else setAt(target[name] as Record<string, unknown>, rest, value);
}

export interface TypedSetting {
  readonly name: string;
  readonly value: string;
}

/**
 * The text of a settings file with settings set; of a list, the value is added. Comments and the
 * other settings stay as they are. The values are not checked: `parseSettings` of the result does
 * that. The error names a setting that there is not, or that one word cannot say, or says why
 * `text` is not YAML.
 */
export async function withSettings(
  text: string,
  settings: readonly TypedSetting[],
): Promise<Result<string>> {
  const yaml = await import('yaml');
  const document = yaml.parseDocument(text);
  const [broken] = document.errors;
  if (broken !== undefined) return err(syntaxMessage(broken));
  for (const { name, value } of settings) {
    const leaf = leafOf(name);
    if (!leaf.ok) return leaf;
    const { path, schema } = leaf.value;
    if (isOf(schema, 'array')) {
      const before = document.getIn(path);
      const list = yaml.isSeq(before) ? before.toJSON() : [];
      if (list.includes(value)) continue;
      if (yaml.isSeq(before)) before.add(value);
      else document.setIn(path, [value]);
    } else document.setIn(path, scalarOf(schema, value));
  }
  return ok(document.toString({ lineWidth: 0 }));
}

function leafOf(name: string): Result<SettingLeaf> {
  const leaf = SETTING_LEAVES.find(({ path }) => path.join('.') === name);
  if (leaf === undefined) {
    const names = SETTING_LEAVES.map(({ path }) => path.join('.'));
    const near = didYouMean(name, names);
    return err(
      `unknown setting ${JSON.stringify(name)}${near === undefined ? '' : `; did you mean ${near}?`}`,
    );
  }
  return isWord(leaf.schema) ? ok(leaf) : err(`${name} takes more than a word`);
}

/** True for what one word can say, or one more of a list. */
function isWord(schema: Schema): boolean {
  return schema.items === undefined ? !isOf(schema, 'object') : isWord(schema.items);
}

/** As the type wants it; what does not fit stays text, which the check then names. */
function scalarOf(schema: Schema, value: string): string | number | boolean {
  if (isOf(schema, 'boolean') && /^(?:true|false)$/.test(value)) return value === 'true';
  if (isOf(schema, 'integer') && /^\d{1,9}$/.test(value)) return Number(value);
  return value;
}
