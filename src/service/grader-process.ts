import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import { gunzip, gzip } from 'node:zlib';
import { Registries } from '../build/registries.ts';
import { VERSION } from '../cli/version.ts';
import { FACTS_SCHEMA, isLayerFacts } from '../facts/layer-facts.ts';
import {
  type GradeOptions,
  inspectOpened,
  type InspectedImage,
  judgeInspected,
} from '../grade/grade-image.ts';
import { slim } from '../grade/kept-report.ts';
import { boundKeptDaily, type CacheHome, openCache } from '../image/caches.ts';
import {
  isPassingStatus,
  networkCode,
  RegistryError,
  TransferError,
} from '../image/registry/http.ts';
import { openRegistryImage } from '../image/registry/open-registry.ts';
import { messageOf, ProxyError, UserError } from '../lib/errors.ts';
import { drainAtEnd } from '../lib/fetch.ts';
import { given, numberField, parseJson, textField } from '../lib/json.ts';
import { inParallel } from '../lib/parallel.ts';
import { Recent } from '../lib/recent.ts';
import { DAY_MS } from '../lib/time.ts';
import type { KeptFacts, PipelineContext } from '../model/context.ts';
import type { PipelineEvent } from '../model/events.ts';
import type { VulnerabilitiesFact, Vulnerability } from '../model/facts.ts';
import type { OpenedImage } from '../model/image.ts';
import type { ImageContents } from '../model/report.ts';
import { imageText } from './allowed.ts';
import {
  type AgainRequest,
  failed,
  type FromGrader,
  type GradeFailure,
  type GradeRequest,
  type GraderAnswer,
  type GraderOptions,
  type Made,
  type MadeAgain,
  type ToGrader,
  vulnerabilitiesOf,
} from './grader.ts';
import { accessOf, handsAt } from './hands.ts';
import { imageOf, recordOf } from './record-rows.ts';

// A bundle of its own: grades images for grader.ts, with nothing of the user's own.

const tell = (message: FromGrader): void => {
  process.send?.(message);
};

/** Asked of the service, by key. */
const waiting = new Map<string, ((packed: Uint8Array | undefined) => void)[]>();

function shared(key: string): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    waiting.set(key, [...(waiting.get(key) ?? []), resolve]);
    tell({ kind: 'get', key });
  });
}

/** As large as an entry of a machine's cache may be. */
const MOST_PLAIN = 64 * 1024 * 1024;

/**
 * Facts of layers: the parsed ones of the last images, then those of all machines, packed with
 * their key, which says that an entry is of this layer. Those of one digest never change.
 *
 * @param mostHeld characters of JSON; parsed they take some three times as many bytes
 */
function factsOfLayers(mostHeld: number): KeptFacts {
  const held = new Recent<unknown>(mostHeld);
  const hold = (key: string, facts: unknown, length: number): void => {
    if (length <= mostHeld / 4) held.set(key, facts, length);
  };
  const sharedKey = (key: string): string =>
    createHash('sha256').update(`v${FACTS_SCHEMA} ${key}`).digest('hex');
  return {
    get: async (key) => {
      const before = held.get(key);
      if (before !== undefined) return before;
      const packed = (await shared(sharedKey(key))) ?? '';
      const plain = await promisify(gunzip)(packed, { maxOutputLength: MOST_PLAIN }).catch(
        () => '',
      );
      const text = plain.toString();
      const facts = text.startsWith(`${key}\n`) ? parseJson(text.slice(key.length + 1)) : undefined;
      if (!isLayerFacts(facts)) return undefined;
      hold(key, facts, text.length);
      return facts;
    },
    set: async (key, facts) => {
      const text = JSON.stringify(facts);
      hold(key, facts, text.length);
      if (text.length + key.length >= MOST_PLAIN) return;
      const packed = await promisify(gzip)(`${key}\n${text}`, { level: 3 });
      tell({ kind: 'put', key: sharedKey(key), packed });
    },
  };
}

/** Changes with InspectedImage in form or meaning. */
const INSPECTIONS_SCHEMA = `2-${FACTS_SCHEMA}`;

/**
 * Most signatures and attestations are attached within hours of the build. So they are looked up
 * again with the next grade of a young image, and otherwise once a week.
 */
const YOUNG_MS = 2 * DAY_MS;
const LOOK_AGAIN_MS = 7 * DAY_MS;

/**
 * Inspections of images by name and digest, on this machine: grading the same bytes again then asks
 * for vulnerabilities and age alone. `by` is what else they depend on, such as whom to trust.
 */
function keptInspections(home: CacheHome, by: unknown) {
  const cache = openCache(home, 'inspections', INSPECTIONS_SCHEMA);
  const head = createHash('sha256').update(JSON.stringify(by)).digest('hex').slice(0, 16);
  return {
    /** To judge it throws where an SBOM names files alone: then it is inspected again. */
    get: async (name: string, now: number): Promise<InspectedImage | undefined> => {
      const kept = await cache.get(`${head} ${name}`);
      if (!(now < (numberField(kept, 'until') ?? 0))) return undefined;
      try {
        const bytes = Buffer.from(textField(kept, 'packed') ?? '', 'base64');
        // Written by this program on this machine.
        return deserialize(await promisify(gunzip)(bytes)) as InspectedImage;
      } catch {
        return undefined;
      }
    },
    set: async (
      name: string,
      { now, builtAt }: { readonly now: number; readonly builtAt: Date | undefined },
      inspected: InspectedImage,
    ): Promise<void> => {
      if (builtAt !== undefined && now - builtAt.getTime() < YOUNG_MS) return;
      const platforms = inspected.platforms.map(({ content, ...one }) => {
        if (!content.known) return { ...one, content };
        // A function cannot be kept.
        const filesystem = { ...content.value.filesystem, has: undefined };
        return { ...one, content: { ...content, value: { ...content.value, filesystem } } };
      });
      const bytes = serialize({ ...inspected, platforms });
      const packed = (await promisify(gzip)(bytes, { level: 1 })).toString('base64');
      await cache.set(`${head} ${name}`, { until: now + LOOK_AGAIN_MS, packed });
    },
  };
}

type Grading = Awaited<ReturnType<typeof prepare>>;

async function prepare({ home, settings: own }: Pick<GraderOptions, 'home' | 'settings'>) {
  const place = { home, env: process.env, now: Date.now, emit: () => undefined };
  const hands = await handsAt(own, place);
  drainAtEnd();
  globalThis.fetch = hands.fetch;
  const layerFacts = factsOfLayers(own.bounds.memory / 32);
  const context: PipelineContext = { ...hands.context, layerFacts };
  await boundKeptDaily(context);
  const inspections = keptInspections(context, [VERSION, own.trust]);
  const { settings, trusted, registries } = hands;
  const options: GradeOptions = {
    settings,
    trusted,
    dockerfile: undefined,
    secrets: true,
    vex: [],
    registries,
  };
  return { options, context, inspections, own };
}

/** How many are asked for at once: while one waits for its registry, others are judged. */
const AT_ONCE = 4;

/** What cannot be graded so is left to a grade of its own, which says why. */
async function gradeAgain(
  { options, inspections, ...grading }: Grading,
  { names, now }: AgainRequest,
): Promise<GraderAnswer<MadeAgain>> {
  const context = { ...grading.context, now: () => now };
  const all = await inParallel(names, AT_ONCE, async (name) => {
    try {
      const { registry, repository, tag = '' } = imageOf(name);
      // A HEAD would close its connection.
      const root = await options.registries.reader(registry).findManifest(repository, tag);
      const kept = root && (await inspections.get(`${name} ${root.descriptor.digest}`, now));
      const answer = kept && (await judged(context, kept, options));
      return answer && ([name, recordOf(answer.made)] as const);
    } catch {
      return undefined;
    }
  });
  return { ok: true, made: new Map(all.filter((one) => one !== undefined)) };
}

async function grade(grading: Grading, request: GradeRequest): Promise<GraderAnswer> {
  const { own, inspections } = grading;
  const { image, now, credentials } = request;
  const { registry, repository, tag, digest: wanted } = image;
  const context = { ...grading.context, now: () => now, emit: progressOf() };
  const registries =
    credentials === undefined
      ? grading.options.registries
      : new Registries(context, {}, accessOf(own.registries, fetch, { registry, credentials }));
  const options = { ...grading.options, registries };
  const name = imageText(image);
  const client = registries.reader(registry);
  const root = await client.findManifest(repository, wanted ?? tag ?? 'latest');
  if (root === undefined)
    return { ...failed('image', `${registry} does not have ${name}`), gone: true };
  const reference = { registry, repository, ...given({ tag, digest: wanted }) };
  const opened = await openRegistryImage({ name, reference, client, root });
  const bytes = layerBytes(opened);
  const most = own.bounds.layerBytes;
  if (bytes > most)
    return failed('bounds', `its layers have ${bytes} bytes, and at most ${most} are read`);
  const inspected = await inspectOpened(context, opened, options);
  const answer = await judged(context, inspected, options);
  const key = `${name} ${root.descriptor.digest}`;
  await inspections.set(key, { now, builtAt: answer.made.builtAt }, inspected);
  return answer;
}

/** Each blob once, by what the manifests say; a registry that sends more is cut off. */
function layerBytes({ platforms }: OpenedImage): number {
  const blobs = platforms.flatMap(({ layers }) => layers.map(({ blob }) => blob));
  const sizes = new Map(blobs.map(({ digest, size }) => [digest, size]));
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

async function judged(
  context: PipelineContext,
  inspected: InspectedImage,
  options: GradeOptions,
): Promise<{ readonly ok: true; readonly made: Made }> {
  const { scorecard, contents } = await judgeInspected(context, inspected, options);
  const found = vulnerabilitiesOf({ contents });
  const advisories = contents.flatMap(({ facts: { vulnerabilities: fact } }) =>
    fact.known ? (fact.value.databaseDate ?? []) : [],
  );
  const built = inspected.platforms.flatMap(
    ({ build, platform }) =>
      (build.known ? build.value.finishedAt : undefined) ?? platform.config.created ?? [],
  );
  const shown = slim({ scorecard, contents: contents.map(withoutDate) }).contents ?? [];
  const counts = found.known ? countsOf(found.value) : undefined;
  const more = { counts, advisoriesAt: earliest(advisories), builtAt: earliest(built) };
  return { ok: true, made: { scorecard, report: { contents: shown }, ...given(more) } };
}

/** The date is of the grade: beside it, a report of the same findings stays the same. */
function withoutDate({ facts, ...one }: ImageContents): ImageContents {
  const { vulnerabilities: fact } = facts;
  if (!fact.known) return { ...one, facts };
  const value: { databaseDate?: string } & VulnerabilitiesFact = { ...fact.value };
  delete value.databaseDate;
  return { ...one, facts: { ...facts, vulnerabilities: { ...fact, value } } };
}

/** Images may contain any text as a date; undefined if it cannot be read. */
function earliest(dates: readonly string[]): Date | undefined {
  const date = new Date(dates.toSorted()[0] ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function countsOf(found: readonly Vulnerability[]): NonNullable<Made['counts']> {
  const counts = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0 };
  for (const { severity } of found) counts[severity === 'negligible' ? 'low' : severity] += 1;
  return counts;
}

const PROGRESS_MS = 1000;

/** What it does now, at most each second: a grade that takes less says nothing. */
function progressOf(): (event: PipelineEvent) => void {
  let last = Date.now();
  return (event) => {
    if (event.kind !== 'phase-started' || Date.now() - last < PROGRESS_MS) return;
    last = Date.now();
    const { phase, detail } = event;
    tell({ kind: 'progress', line: detail === undefined ? phase : `${phase}: ${detail}` });
  };
}

function failureOf(error: unknown): GradeFailure {
  const message = messageOf(error);
  if (!(error instanceof UserError)) return failed('inner', message);
  const { cause, nextStep } = error;
  const status = cause instanceof RegistryError ? cause.status : undefined;
  const isPassing =
    error instanceof ProxyError ||
    cause instanceof ProxyError ||
    cause instanceof TransferError ||
    (status === undefined ? networkCode(cause) !== undefined : isPassingStatus(status));
  const login = 'give the registry a username and passwordFile in settings that may read it';
  const next = status === 401 || status === 403 ? login : nextStep;
  return {
    ...failed(isPassing ? 'registry' : 'image', message),
    ...given({ nextStep: next, gone: status === 404 ? true : undefined }),
  };
}

let grading: Promise<Grading> | undefined;

process.on('message', (message: ToGrader) => {
  if ('home' in message) {
    grading = prepare(message);
    // A setting that cannot be used is the answer to each grade.
    void grading
      .catch(() => undefined)
      .then(() => {
        tell({ kind: 'ready' });
      });
  } else if ('key' in message) {
    for (const resolve of waiting.get(message.key) ?? []) resolve(message.packed);
    waiting.delete(message.key);
  } else
    void grading
      ?.then((ready): Promise<GraderAnswer<Made | MadeAgain>> =>
        'names' in message ? gradeAgain(ready, message) : grade(ready, message),
      )
      .catch(failureOf)
      .then((answer) => {
        tell({ kind: 'answer', answer });
      });
});
process.on('disconnect', () => {
  // eslint-disable-next-line no-restricted-properties -- the service is gone, and nobody waits for what this does
  process.exit();
});
