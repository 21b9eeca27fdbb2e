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
import { field, isObject, listField } from '../lib/json.ts';
import { byName } from '../lib/text.ts';
import type { Fetch, Fetches, Incomplete, Recording } from '../model/build-analysis.ts';
import type { DockerfileModel } from '../model/dockerfile.ts';
import type { LockFile } from '../model/lock.ts';
import { digestHex } from '../model/reference.ts';
import type { Settings } from '../model/settings.ts';

/** For fetches that fit no known step. */
export const UNKNOWN_STAGE = 'unknown';

/**
 * Fetches by stage, in the order of requests. A replay repeats the last answer to a request, so
 * each stage has that once. Earlier answers to it count each time.
 */
export function fetchesByStage(
  found: readonly { readonly fetch: Fetch; readonly stages: readonly string[] }[],
): Fetches {
  const last = new Map<string, { readonly answer: string; readonly from: number }>();
  for (const [i, { fetch }] of found.entries()) {
    const answer = JSON.stringify([fetch.status, fetch.digest, fetch.headers]);
    const key = askedKey(fetch);
    if (last.get(key)?.answer !== answer) last.set(key, { answer, from: i });
  }
  const stages = new Map<string, Fetch[]>();
  const kept = new Set<string>();
  for (const [i, { fetch, stages: names }] of found.entries())
    for (const name of known(names)) {
      const key = `${name} ${askedKey(fetch)}`;
      const isLast = i >= (last.get(askedKey(fetch))?.from ?? 0);
      if (!isLast || !kept.has(key)) listOf(stages, name).push(fetch);
      if (isLast) kept.add(key);
    }
  return new Map(byName(stages));
}

/** In characters, and reasons per stage: commands decide where and how often they connect. */
const LONGEST_REASON = 300;
const MOST_REASONS = 20;

/** Why a recording is incomplete, by stage, each reason once, within a lock's limits. */
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

/** Joins two recordings of one Dockerfile, where the second started with the first's answers. */
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
 * The part of a lock's recording for a build: fetches of its stages, in the Dockerfile's order.
 * Stages that fetched nothing get no network, so nothing can be missing.
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

/** Fetches of all stages, each pair of address and digest once, as materials of a provenance. */
export function fetchedMaterials(
  fetches: Fetches,
): readonly { readonly uri: string; readonly digest: Readonly<Record<string, string>> }[] {
  return [...fetches.values()]
    .flat()
    .filter(({ status = 200 }) => status >= 200 && status < 300 && status !== 204)
    .map(({ address, digest }) => ({ uri: address, digest: { sha256: digestHex(digest) } }));
}

function askedKey({ method = 'GET', address, request }: Fetch): string {
  return `${method} ${address} ${request ?? ''}`;
}

/** A build step that ran. Times in milliseconds since 1970. */
export interface RanStep {
  readonly name: string;
  readonly started: number;
  /** Undefined while running. */
  readonly ended: number | undefined;
}

/** A RUN's action, seen from outside. */
export interface Seen {
  readonly at: number;
  /** The RUN's line, if it sent its name: all but exec forms do. */
  readonly run?: number | undefined;
}

/** BuildKit starts a step's clock a moment late, and stops it early. */
const SLACK_MS = 20;

/** Indexes of the steps that ran at a time, in milliseconds since 1970. */
export function ranAt(steps: readonly RanStep[], at: number): readonly number[] {
  const within = (slack: number): readonly number[] =>
    steps.flatMap(({ started, ended = at }, i) =>
      started - slack <= at && at <= ended + slack ? [i] : [],
    );
  const strict = within(0);
  return strict.length > 0 ? strict : within(SLACK_MS);
}

/** A step's place in the Dockerfile. */
export interface StepPlace {
  /** The stage's name, or `stage-N`. */
  readonly stage: string;
  /** Undefined if unknown. */
  readonly line: number | undefined;
}

const COUNTED = new Set(['RUN', 'COPY', 'ADD', 'WORKDIR']);

/** BuildKit's name of a step: its stage, its number, and their total. */
const NUMBERED = /^\[(?:[a-z]+\/[a-z0-9_/.]+ )?(?:(\S+) +)?(\d+)\/(\d+)\] /;

export function noteNumber(numbers: Map<string, number>, name: string): void {
  const [, stage = '', ...counts] = NUMBERED.exec(name) ?? [];
  if (counts.length > 0)
    numbers.set(stage, Math.max(numbers.get(stage) ?? 0, ...counts.map(Number)));
}

/**
 * Reads BuildKit's name of a RUN, `[build 2/5] RUN ...`; undefined for other steps. ONBUILD steps
 * of the base come first in a stage. Numbers count them, totals of older versions do not; their
 * line is FROM's.
 */
export function placeOf(
  name: string,
  model: DockerfileModel,
  highest: ReadonlyMap<string, number>,
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

/** The place of the RUN on this line, else undefined. */
export function placeOfRun(line: number, model: DockerfileModel): StepPlace | undefined {
  const index = model.stages.findIndex(({ instructions }) =>
    instructions.some(({ keyword, range }) => keyword === 'RUN' && range.startLine === line),
  );
  return index < 0 ? undefined : { stage: stageName(model, index) ?? '', line };
}

/** True for BuildKit's name of a RUN; newer versions write ONBUILD for one of the base. */
export function isRun(name: string): boolean {
  return /\] (?:ONBUILD )?RUN\b/.test(name);
}

/** True for a RUN that is not in the Dockerfile: an ONBUILD step of a base image. */
export function isTrigger(name: string): boolean {
  return !name.includes(`from=${HERMETIC_CONTEXT},`);
}

function stageName(model: DockerfileModel, index: number): string | undefined {
  const stage = model.stages[index];
  return stage === undefined ? undefined : (stage.name ?? `stage-${index}`);
}

/** True for a variable that we added to a RUN, `NAME=VALUE`. */
function isInjectedVariable(text: string): boolean {
  return INJECTED_VALUES.some((own) => text === own.join('=')) || /^YARN_HTTPS?_PROXY=/.test(text);
}

/** As in BuildKit's history, before the command. */
const WORDS = [
  ...INJECTED_VALUES.map((own) => ` ${own.join('=')}`),
  // Only some versions write the given value of an ARG without a default.
  ...YARN_ARGUMENTS.map((name) => new RegExp(` ${name}(?:=http://build:\\S+)?(?= |$)`)),
];

const ADDED_ARGUMENTS = new Set([
  ...[...PROXY_ARGUMENTS, ...YARN_ARGUMENTS, 'no_proxy', 'NO_PROXY', CACHE_NAMESPACE].map(
    (name) => `build-arg:${name}`,
  ),
  `context:${HERMETIC_CONTEXT}`,
]);
/** Fields with the proxy in BuildKit's steps, in each of its versions. */
const PROXY_FIELDS = new Set(['proxyEnv', 'proxy_env']);
/** Before the id of a cache mount. */
const CACHE_PREFIX = /^scoville-hermetic-[0-9a-f-]{36}(?=\/)/;
const MAX_DEPTH = 100;

type Lines = readonly (number | undefined)[];

/**
 * BuildKit's provenance without what we added to the build: the user's Dockerfile and line map, and
 * no proxy with its password. Nesting below 100 levels is left out.
 */
export function restoredProvenance(value: unknown, depth = 0, lines?: Lines): unknown {
  if (depth > MAX_DEPTH) return null;
  if (Array.isArray(value))
    return value
      .filter((item) => !isInjected(item))
      .map((item) => restoredProvenance(item, depth + 1, lines));
  if (typeof value === 'string') return value.replaceAll(WATCH_WORDS, '').replace(CACHE_PREFIX, '');
  if (!isObject(value)) return value;
  const { infos, locations, filename, data } = value;
  // The line map of `{infos: [{data}], locations}`.
  const sent = isObject(locations)
    ? sentText(field(listField({ infos }, 'infos')[0], 'data'))
    : undefined;
  const own = lines ?? sent?.lines;
  const { line } = value;
  const rest = Object.entries(value)
    .filter(([key]) => !ADDED_ARGUMENTS.has(key) && !PROXY_FIELDS.has(key))
    .map(([key, item]): [string, unknown] => [
      key,
      restoredProvenance(item, depth + 1, key === 'locations' || lines ? own : undefined),
    ]);
  return Object.fromEntries([
    ...rest,
    ...(typeof line === 'number' && lines !== undefined ? [['line', lines[line - 1] ?? line]] : []),
    ...(typeof filename === 'string' && typeof data === 'string'
      ? [['data', Buffer.from(sentText(data)?.text ?? '').toString('base64')]]
      : []),
  ]) as unknown;
}

/** In a list: the added context, or a variable of a RUN. */
function isInjected(item: unknown): boolean {
  return typeof item === 'string'
    ? isInjectedVariable(item)
    : isObject(item) && item['name'] === HERMETIC_CONTEXT;
}

/** A Dockerfile in base64 as it would have been sent. */
function sentText(data: unknown): ReturnType<typeof withoutInjection> | undefined {
  return typeof data === 'string'
    ? withoutInjection(Buffer.from(data, 'base64').toString('utf8'))
    : undefined;
}

/** A history entry without what we added; undefined for the added ARG itself. */
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
 * The mode for RUNs; undefined for neither. `settings` include the command line. With `--locked`, a
 * lock with fetches is replayed. An error for flags that exclude each other.
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
