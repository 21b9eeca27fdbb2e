import { isObject } from '../../model/json-value.ts';
import { HERMETIC_CONTEXT, PROXY_ARGUMENTS, withoutInjection } from './inject-hermetic.ts';

const ADDED_ARGUMENTS = new Set([
  ...[...PROXY_ARGUMENTS, 'no_proxy', 'NO_PROXY'].map((name) => `build-arg:${name}`),
  `context:${HERMETIC_CONTEXT}`,
]);
/** Where BuildKit's steps tell of the proxy, in its names of each version. */
const PROXY_FIELDS = new Set(['proxyEnv', 'proxy_env']);
const MAX_DEPTH = 100;

/**
 * BuildKit's provenance without what was put into the build that it was sent: the Dockerfile and its
 * line map as the user has them, no proxy and no password of it. What nests deeper than 100 levels is
 * left out.
 */
export function restoredProvenance(value: unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH) return null;
  if (Array.isArray(value))
    return value
      .filter((item) => !(isObject(item) && item['name'] === HERMETIC_CONTEXT))
      .map((item) => restoredProvenance(item, depth + 1));
  if (!isObject(value)) return value;
  const lines = sentLines(value);
  const object = lines === undefined ? value : relined(value, lines);
  const { filename, data } = object;
  const rest = Object.entries(object)
    .filter(([key]) => !ADDED_ARGUMENTS.has(key) && !PROXY_FIELDS.has(key))
    .map(([key, item]): [string, unknown] => [key, restoredProvenance(item, depth + 1)]);
  const own = Object.fromEntries(rest);
  return typeof filename === 'string' && typeof data === 'string'
    ? { ...own, data: restoredText(data) }
    : own;
}

function restoredText(data: string): string {
  const text = Buffer.from(data, 'base64').toString('utf8');
  return Buffer.from(withoutInjection(text).text).toString('base64');
}

type Lines = readonly (number | undefined)[];

/** The line map of `{infos: [{data}], locations}`; undefined for another object. */
function sentLines({ infos, locations }: Record<string, unknown>): Lines | undefined {
  if (!Array.isArray(infos) || !isObject(locations)) return undefined;
  const [first] = infos as readonly unknown[];
  const data = isObject(first) ? first['data'] : undefined;
  if (typeof data !== 'string') return undefined;
  return withoutInjection(Buffer.from(data, 'base64').toString('utf8')).lines;
}

function relined(source: Record<string, unknown>, lines: Lines): Record<string, unknown> {
  const shift = (value: unknown, depth: number): unknown => {
    if (depth > MAX_DEPTH) return null;
    if (Array.isArray(value)) return value.map((item) => shift(item, depth + 1));
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        key === 'line' && typeof item === 'number'
          ? (lines[item - 1] ?? item)
          : shift(item, depth + 1),
      ]),
    );
  };
  return { ...source, locations: shift(source['locations'], 0) };
}
