import { dirname, resolve } from 'node:path';
import { didYouMean } from '../model/did-you-mean.ts';
import { keyScheme } from '../model/key-scheme.ts';
import { endOfDay } from '../model/last-day.ts';
import { err, ok, type Result } from '../model/result.ts';
import type { ConfigProblem } from './problem.ts';
import { readDocument } from './read-document.ts';
import { type Reading, readNode, reportAt, type SettingValue } from './read-node.ts';
import { settingLeaves } from './setting-spec.ts';
import { SETTINGS_TABLE } from './settings-table.ts';

export interface ParseOptions {
  /** The file's path, for messages and for paths that are relative to it. */
  readonly file: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Ids that a waiver may name, asked for where there is one; without them any is taken. */
  readonly criteria?: () => Promise<readonly string[]>;
}

/** What a settings file says, by the table: every key optional, paths absolute. */
type GivenSettings = Readonly<Record<string, SettingValue>>;

const LONGEST_FILE = 256 * 1024;

/**
 * Reads the text of a settings file (YAML 1.2): every unknown key, wrong type, bad value, duplicate
 * key and expired waiver is a problem with line and column; nothing is read past them. No default
 * is filled in. At most a hundred aliases are followed. The parser is loaded here, so that a build
 * without settings never pays for it.
 */
export async function parseSettings(
  text: string,
  options: ParseOptions,
): Promise<Result<GivenSettings, readonly ConfigProblem[]>> {
  const { file } = options;
  const opened = await readDocument(text, { file, longest: LONGEST_FILE });
  if (!opened.ok) return opened;
  const reading = opened.value;
  const { yaml } = reading;
  const root = reading.document.contents as Parameters<typeof readNode>[0];
  const isEmpty = root === null || (yaml.isScalar(root) && root.value === null);
  const value = isEmpty
    ? {}
    : readNode(root, { kind: 'object', fields: SETTINGS_TABLE }, '', reading);
  const given = withPaths((value ?? {}) as GivenSettings, file);
  const gate = recordOf(given['gate']);
  const sign = recordOf(given['sign']);
  await checkWaivers(gate['waivers'], options, reading);
  if (sign['keyless'] === true && sign['key'] !== undefined)
    reportAt(['sign', 'keyless'], 'sign.keyless and sign.key exclude each other', reading);
  const url = SERVICE_URLS.find((name) => sign[name] !== undefined);
  if (sign['signingConfig'] !== undefined && url !== undefined)
    reportAt(['sign', url], `sign.signingConfig and sign.${url} exclude each other`, reading);
  return reading.problems.length > 0 ? err(reading.problems) : ok(given);
}

/** What a signing config names itself. */
const SERVICE_URLS = ['fulcioUrl', 'rekorUrl', 'tsaUrl', 'oidcIssuer'];

/** Paths are from the file's folder; a URI (`awskms://`, `pkcs11:`, `env://`) stays as it is. */
function withPaths(given: GivenSettings, file: string): GivenSettings {
  const beside = (path: SettingValue): SettingValue =>
    typeof path !== 'string' || keyScheme(path) !== undefined ? path : resolve(dirname(file), path);
  const changed = (value: SettingValue): SettingValue =>
    Array.isArray(value) ? value.map(beside) : beside(value);
  return FILE_SETTINGS.reduce((all, { path }) => changedAt(all, path, changed), given);
}

const FILE_SETTINGS = settingLeaves(SETTINGS_TABLE).filter(({ field }) => field.namesFile === true);

/** The files and addresses of keys that a file names, by setting; a build publishes some. */
export function namedFiles(given: GivenSettings): readonly {
  readonly setting: string;
  readonly isPublished: boolean;
  readonly values: readonly string[];
}[] {
  return FILE_SETTINGS.map(({ path, scope }) => {
    const value = path.reduce<SettingValue | undefined>((all, name) => recordOf(all)[name], given);
    const values = [value, ...listOf(value)].filter((one) => typeof one === 'string');
    return { setting: path.join('.'), isPublished: scope === 'project', values };
  });
}

function changedAt(
  given: GivenSettings,
  [name = '', ...rest]: readonly string[],
  change: (value: SettingValue) => SettingValue,
): GivenSettings {
  const value = given[name];
  if (value === undefined) return given;
  const changed = rest.length === 0 ? change(value) : changedAt(recordOf(value), rest, change);
  return { ...given, [name]: changed };
}

function recordOf(value: SettingValue | undefined): GivenSettings {
  return typeof value === 'object' && !Array.isArray(value) ? (value as GivenSettings) : {};
}

function listOf(value: SettingValue | undefined): readonly SettingValue[] {
  return Array.isArray(value) ? (value as readonly SettingValue[]) : [];
}

async function checkWaivers(
  waivers: SettingValue | undefined,
  options: ParseOptions,
  reading: Reading,
): Promise<void> {
  if (waivers === undefined) return;
  const criteria = await options.criteria?.();
  const today = new Date(options.now).toISOString().slice(0, 10);
  listOf(waivers)
    .map(recordOf)
    .forEach(({ criterion, expires }, i) => {
      if (typeof criterion !== 'string') return;
      const at = (key: string): readonly (string | number)[] => ['gate', 'waivers', i, key];
      if (criteria !== undefined && !criteria.includes(criterion)) {
        const near = didYouMean(criterion, criteria);
        const hint = near === undefined ? '' : `; did you mean ${near}?`;
        reportAt(at('criterion'), `unknown criterion ${JSON.stringify(criterion)}${hint}`, reading);
      }
      if (typeof expires !== 'string') return;
      if (endOfDay(expires) === undefined)
        reportAt(at('expires'), `${expires} is not a date`, reading);
      else if (expires < today)
        reportAt(at('expires'), `the waiver of ${criterion} expired on ${expires}`, reading);
    });
}
