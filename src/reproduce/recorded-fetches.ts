import type { OwnOptions } from '../build/flags.ts';
import {
  CACHE_NAMESPACE,
  HERMETIC_CONTEXT,
  INJECTED_VALUES,
  PROXY_ARGUMENTS,
  WATCH_WORDS,
  withoutInjection,
  YARN_ARGUMENTS,
} from '../build/sent-dockerfile.ts';
import { err, ok, type Result } from '../lib/errors.ts';
import { isObject } from '../lib/json.ts';
import { byName } from '../lib/text.ts';
import type { Fetch, Fetches, Incomplete, Recording } from '../model/build-analysis.ts';
import type { DockerfileModel } from '../model/dockerfile.ts';
import type { LockFile } from '../model/lock.ts';
import type { Settings } from '../model/settings.ts';

/** The stage of what no step is known to have fetched. */
export const UNKNOWN_STAGE = 'unknown';

/**
 * What was fetched, by stage, in the order of the requests. The last answer to a request is given
 * again and again, so each stage has it once; an answer that another one followed counts each time.
 */
export function fetchesByStage(
  found: readonly { readonly fetch: Fetch; readonly stages: readonly string[] }[],
): Fetches {
  const last = new Map<string, { readonly answer: string; readonly from: number }>();
  found.forEach(({ fetch }, i) => {
    const answer = JSON.stringify([fetch.status, fetch.digest, fetch.headers]);
    if (last.get(askedKey(fetch))?.answer !== answer)
      last.set(askedKey(fetch), { answer, from: i });
  });
  const stages = new Map<string, Fetch[]>();
  const kept = new Set<string>();
  found.forEach(({ fetch, stages: names }, i) => {
    const key = askedKey(fetch);
    const isLast = i >= (last.get(key)?.from ?? 0);
    for (const name of known(names)) {
      if (isLast && kept.has(`${name} ${key}`)) continue;
      if (isLast) kept.add(`${name} ${key}`);
      listOf(stages, name).push(fetch);
    }
  });
  return new Map(byName(stages));
}

/** In characters, and reasons per stage: a command decides what it connects to and how often. */
const LONGEST_REASON = 300;
const MOST_REASONS = 20;

/** Why a recording is not complete, by stage, each reason once, as a lock can have it. */
export function incompleteByStage(
  found: readonly { readonly text: string; readonly stages: readonly string[] }[],
): Incomplete {
  const stages = new Map<string, string[]>();
  for (const { text, stages: names } of found)
    for (const name of known(names)) {
      const list = listOf(stages, name);
      const plain = text.replaceAll(/[^ -~]/g, '?').slice(0, LONGEST_REASON);
      if (list.length < MOST_REASONS && !list.includes(plain)) list.push(plain);
    }
  return new Map(byName(stages));
}

/** Two recordings of one Dockerfile, where the second one was given what the first has. */
export function merged(first: Recording | undefined, second: Recording): Recording {
  if (first === undefined) return second;
  const fetches = new Map([...first.fetches].map(([stage, list]) => [stage, [...list]]));
  for (const [stage, list] of second.fetches) {
    const all = listOf(fetches, stage);
    const asked = new Set(all.map(askedKey));
    all.push(...list.filter((fetch) => !asked.has(askedKey(fetch))));
  }
  const reasons = [first, second].flatMap(({ incomplete }) =>
    [...incomplete].flatMap(([stage, list]) => list.map((text) => ({ text, stages: [stage] }))),
  );
  return { fetches: new Map(byName(fetches)), incomplete: incompleteByStage(reasons) };
}

/**
 * What of a lock's recording a build is given: that of its own stages, in the order of the
 * Dockerfile, in which they were asked for. A stage that fetched nothing gets no network, so that
 * nothing can be missing of it.
 */
export function recordingFor(
  { fetches, incomplete }: Recording,
  { stages, reached }: Pick<DockerfileModel, 'stages' | 'reached'>,
): Recording {
  const places = new Map(stages.map(({ name, index }) => [name ?? `stage-${index}`, index]));
  const isOwn = ([stage]: readonly [string, unknown]): boolean => {
    const index = places.get(stage);
    return index === undefined || reached.includes(index);
  };
  const place = (stage: string): number => places.get(stage) ?? stages.length;
  const own = new Map([...fetches].filter(isOwn).sort(([a], [b]) => place(a) - place(b)));
  const isOnline = (stage: string): boolean => own.has(stage) || own.has(UNKNOWN_STAGE);
  return {
    fetches: own,
    incomplete: new Map(
      [...incomplete].filter(
        ([stage]) => isOwn([stage, undefined]) && (isOnline(stage) || !places.has(stage)),
      ),
    ),
  };
}

function known(stages: readonly string[]): readonly string[] {
  return stages.length === 0 ? [UNKNOWN_STAGE] : stages;
}

function listOf<T>(lists: Map<string, T[]>, name: string): T[] {
  const list = lists.get(name) ?? [];
  lists.set(name, list);
  return list;
}

/** All fetches of all stages, each address with its digest once, as materials of a provenance. */
export function fetchedMaterials(
  fetches: Fetches,
): readonly { readonly uri: string; readonly digest: Readonly<Record<string, string>> }[] {
  return [...fetches.values()]
    .flat()
    .filter(
      ({ status }) => status === undefined || (status >= 200 && status < 300 && status !== 204),
    )
    .map(({ address, digest }) => ({
      uri: address,
      digest: { sha256: digest.slice('sha256:'.length) },
    }));
}

function askedKey({ method = 'GET', address, request }: Fetch): string {
  return `${method} ${address} ${request ?? ''}`;
}

/** A step of a build that ran. Times are milliseconds since 1970. */
export interface RanStep {
  readonly name: string;
  readonly started: number;
  /** Undefined while it runs. */
  readonly ended: number | undefined;
}

/** Something that a RUN did, seen from outside. */
export interface Seen {
  readonly at: number;
  /** Line where the RUN begins, where it has named itself: all but an exec form do. */
  readonly run?: number | undefined;
}

/** BuildKit starts the clock of a step a moment late, and stops it a moment early. */
const SLACK_MS = 20;

/** The steps, by their place in the list, that ran at a time, in milliseconds since 1970. */
export function ranAt(steps: readonly RanStep[], at: number): readonly number[] {
  const strict = within(steps, at, 0);
  return strict.length > 0 ? strict : within(steps, at, SLACK_MS);
}

function within(steps: readonly RanStep[], at: number, slack: number): readonly number[] {
  return steps.flatMap(({ started, ended }, i) =>
    started - slack <= at && (ended === undefined || at <= ended + slack) ? [i] : [],
  );
}

/** Where a step stands in the Dockerfile. */
export interface StepPlace {
  /** The stage's name, or `stage-N`. */
  readonly stage: string;
  /** Undefined where it is not known. */
  readonly line: number | undefined;
}

const COUNTED = new Set(['RUN', 'COPY', 'ADD', 'WORKDIR']);

/** A step's stage as BuildKit names it, its number, and how many there are. */
const NUMBERED = /^\[(?:[a-z]+\/[a-z0-9_/.]+ )?(?:(\S+) +)?(\d+)\/(\d+)\] /;

/** The highest numbers of steps, by stage. */
type StepNumbers = ReadonlyMap<string, number>;

export function noteNumber(numbers: Map<string, number>, name: string): void {
  const [, stage = '', ...counts] = NUMBERED.exec(name) ?? [];
  if (counts.length > 0)
    numbers.set(stage, Math.max(numbers.get(stage) ?? 0, ...counts.map(Number)));
}

/**
 * Reads BuildKit's name of a RUN, `[build 2/5] RUN ...`; undefined for any other step. ONBUILD
 * steps of the base come first in a stage: numbers count them, the total of older versions does
 * not, and FROM is their line.
 */
export function placeOf(
  name: string,
  model: DockerfileModel,
  highest: StepNumbers,
): StepPlace | undefined {
  const [start = '', named, number = ''] = NUMBERED.exec(name) ?? [];
  if (number === '' || !isRun(name.slice(start.length - 2))) return undefined;
  const index =
    named === undefined
      ? model.target
      : (model.stages.find((stage) => stage.name?.toLowerCase() === named.toLowerCase())?.index ??
        Number(/^stage-(\d+)$/.exec(named)?.[1] ?? Number.NaN));
  const stage = model.stages[index];
  const counted = stage?.instructions.filter(({ keyword }) => COUNTED.has(keyword)) ?? [];
  const first = (highest.get(named ?? '') ?? Number.NaN) - counted.length + 1;
  const at = Number(number) - first;
  return {
    stage: stageName(model, index) ?? named ?? '',
    line: (at < 0 ? stage : counted[at])?.range.startLine,
  };
}

/** Where a RUN is that begins on this line; undefined where none does. */
export function placeOfRun(line: number, model: DockerfileModel): StepPlace | undefined {
  const index = model.stages.findIndex(({ instructions }) =>
    instructions.some(({ keyword, range }) => keyword === 'RUN' && range.startLine === line),
  );
  return index < 0 ? undefined : { stage: stageName(model, index) ?? '', line };
}

/** Whether BuildKit's name is of a RUN; newer versions say ONBUILD of one that the base brings. */
export function isRun(name: string): boolean {
  return /\] (?:ONBUILD )?RUN\b/.test(name);
}

/**
 * Whether a RUN that ran is none of the Dockerfile that was sent: an ONBUILD step of a base image.
 */
export function isTrigger(name: string): boolean {
  return !name.includes(`from=${HERMETIC_CONTEXT},`);
}

function stageName(model: DockerfileModel, index: number): string | undefined {
  const stage = model.stages[index];
  return stage === undefined ? undefined : (stage.name ?? `stage-${index}`);
}

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

/**
 * Whether RUNs are recorded or replayed; undefined for neither. `settings` have the command line
 * above them. A lock that has what was fetched is replayed with `--locked`. An error for flags that
 * exclude each other.
 */
export function hermeticMode(
  { record, replay, locked }: Pick<OwnOptions, 'record' | 'replay' | 'locked'>,
  settings: Pick<Settings, 'hermetic'>,
  lock: Pick<LockFile, 'fetches'> | undefined,
): Result<'record' | 'replay' | undefined> {
  if (record && replay) return err('--record and --replay exclude each other');
  if (record && locked) return err('--record writes the lock, and --locked leaves it as it is');
  if (locked && (lock?.fetches !== undefined || settings.hermetic !== 'off')) return ok('replay');
  return ok(settings.hermetic === 'off' ? undefined : settings.hermetic);
}
