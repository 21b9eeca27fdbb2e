import { isObject } from '../../model/json-value.ts';
import {
  CACHE_NAMESPACE,
  HERMETIC_CONTEXT,
  INJECTED_VALUES,
  PROXY_ARGUMENTS,
  YARN_ARGUMENTS,
} from './inject-hermetic.ts';
import { withoutInjection } from './sent-dockerfile.ts';
import { WATCH_WORDS } from './watch-runs.ts';

/** True for a variable of a RUN, `NAME=VALUE`, that was put in. */
function isInjectedVariable(text: string): boolean {
  return INJECTED_VALUES.some((own) => text === own.join('=')) || /^YARN_HTTPS?_PROXY=/.test(text);
}

/** As BuildKit writes them in the history, before the command. */
const WORDS = [
  ...INJECTED_VALUES.map((own) => ` ${own.join('=')}`),
  // An ARG without a default is written with what it was given by some versions only.
  ...YARN_ARGUMENTS.map((name) => new RegExp(` ${name}(?:=http://build:\\S+)?(?= |$)`)),
];

const ADDED_ARGUMENTS = new Set([
  ...[...PROXY_ARGUMENTS, ...YARN_ARGUMENTS, 'no_proxy', 'NO_PROXY', CACHE_NAMESPACE].map(
    (name) => `build-arg:${name}`,
  ),
  `context:${HERMETIC_CONTEXT}`,
]);
/** Where BuildKit's steps tell of the proxy, in its names of each version. */
const PROXY_FIELDS = new Set(['proxyEnv', 'proxy_env']);
/** In front of the id of a cache mount. */
const CACHE_PREFIX = /^scoville-hermetic-[0-9a-f-]{36}(?=\/)/;
const MAX_DEPTH = 100;

/**
 * BuildKit's provenance without what was put into the build that it was sent: the Dockerfile and
 * its line map as the user has them, no proxy and no password of it. What nests deeper than 100
 * levels is left out.
 */
export function restoredProvenance(value: unknown, depth = 0): unknown {
  if (depth > MAX_DEPTH) return null;
  if (Array.isArray(value))
    return value
      .filter((item) => !isInjected(item))
      .map((item) => restoredProvenance(item, depth + 1));
  if (typeof value === 'string') return value.replaceAll(WATCH_WORDS, '').replace(CACHE_PREFIX, '');
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

/** In a list: the context that was put in, or a variable of a RUN. */
function isInjected(item: unknown): boolean {
  return typeof item === 'string'
    ? isInjectedVariable(item)
    : isObject(item) && item['name'] === HERMETIC_CONTEXT;
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

/** An entry of an image's history without what was put in; undefined for the ARG itself. */
export function withoutInjected<E extends { readonly created_by?: string }>(
  entry: E,
): E | undefined {
  const text = entry.created_by?.replaceAll(WATCH_WORDS, '');
  if (text === undefined) return entry;
  const [all = '', start = '', count = ''] = /^(ARG |RUN |)(?:\|(\d+) )?/.exec(text) ?? [];
  const most = start === 'ARG ' ? WORDS.length : Number(count);
  let rest = ` ${text.slice(all.length)}`;
  let found = 0;
  for (const word of WORDS) {
    const before = rest;
    if (found < most) rest = rest.replace(word, '');
    if (rest !== before) found++;
  }
  if (found === 0) return { ...entry, created_by: text };
  if (start === 'ARG ') return rest === '' ? undefined : entry;
  const shown = found === most ? '' : `|${most - found} `;
  return { ...entry, created_by: `${start}${shown}${rest.slice(1)}` };
}
