import { dirname, resolve } from 'node:path';
import { didYouMean } from '../model/did-you-mean.ts';
import { keyScheme } from '../model/key-scheme.ts';
import { endOfDay } from '../model/last-day.ts';
import { err, ok, type Result } from '../model/result.ts';
import type { Waiver } from '../model/settings.ts';
import { type CheckedDocument, type ConfigProblem, readDocument } from './document.ts';
import { SETTING_LEAVES, SETTINGS_SCHEMA } from './schema.ts';

export interface ParseOptions {
  /** The file's path, for messages and for paths that are relative to it. */
  readonly file: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Ids that a waiver may name, asked for where there is one; without them any is taken. */
  readonly criteria?: () => Promise<readonly string[]>;
}

/** What a settings file says, by the schema: every key optional, paths absolute. */
export type GivenSettings = Readonly<Record<string, unknown>>;

/**
 * Reads the text of a settings file (YAML 1.2): what is not in the schema, bad values, duplicate
 * keys and expired waivers are problems with line and column. No default is filled in. At most a
 * hundred aliases are followed.
 */
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
  const given = withPaths(recordOf(value), file);
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

/** What a signing config names itself. */
const SERVICE_URLS = ['fulcioUrl', 'rekorUrl', 'tsaUrl', 'oidcIssuer'];

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
    const value = path.reduce<unknown>((all, name) => recordOf(all)[name], given);
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
