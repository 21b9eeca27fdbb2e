import { join } from 'node:path';
import { Registries } from '../build/registries.ts';
import { VERSION } from '../cli/version.ts';
import { mergeSettings } from '../config/settings.ts';
import { FACTS_SCHEMA } from '../facts/layer-facts.ts';
import {
  type GradeOptions,
  inspectOpened,
  type InspectedImage,
  judgeInspected,
} from '../grade/grade-image.ts';
import { slim } from '../grade/kept-report.ts';
import { boundKeptDaily, openCache } from '../image/caches.ts';
import { networkCode, RegistryError, TransferError } from '../image/registry/http.ts';
import { openRegistryImage } from '../image/registry/open-registry.ts';
import { messageOf, ProxyError, UserError } from '../lib/errors.ts';
import { drainAtEnd, networkFetch } from '../lib/fetch.ts';
import { given } from '../lib/json.ts';
import { runTool } from '../lib/run-tool.ts';
import type { PipelineContext } from '../model/context.ts';
import type { PipelineEvent } from '../model/events.ts';
import type { VulnerabilitiesFact } from '../model/facts.ts';
import type { OpenedImage } from '../model/image.ts';
import type { ImageContents } from '../model/report.ts';
import type { Settings } from '../model/settings.ts';
import { NOBODY_NAMED, trustedSigners, type TrustedSigners } from '../trust/trusted-signers.ts';
import { Allowed, imageText } from './allowed.ts';
import {
  type Credentials,
  failed,
  type FromGrader,
  type GradeFailure,
  type GradeRequest,
  type GraderStart,
  type SentGrade,
  type ToGrader,
} from './grader.ts';
import { INSPECTIONS_SCHEMA, KeptInspections, noting, NotKept } from './kept-inspection.ts';
import { FactsOfLayers } from './layer-facts.ts';

// A bundle of its own: grades images for grader.ts, one at a time, with nothing of the user's own.

const tell = (message: FromGrader): void => {
  process.send?.(message);
};

/** Asked of the service by id: it has the database, and this process has not. */
const waiting = new Map<number, (packed: Uint8Array | undefined) => void>();
let asked = 0;

const shared = {
  get: (key: string) =>
    new Promise<Uint8Array | undefined>((resolve) => {
      asked += 1;
      waiting.set(asked, resolve);
      tell({ kind: 'get-facts', id: asked, key });
    }),
  put: (key: string, facts: Uint8Array) => {
    tell({ kind: 'put-facts', key, packed: Buffer.from(facts).toString('base64') });
    return Promise.resolve();
  },
};

interface Grading {
  readonly start: GraderStart;
  readonly context: PipelineContext;
  readonly settings: Settings;
  readonly trusted: TrustedSigners;
  readonly registries: Registries;
  readonly inspections: KeptInspections;
}

async function prepare(start: GraderStart): Promise<Grading> {
  const { home, registries: rules, trust, heldBytes, osvUrl } = start;
  const origins = (['images', 'keys', 'identities'] as const).flatMap((name) =>
    trust[name].length === 0
      ? []
      : [{ setting: `trust.${name}`, source: 'named', file: 'service', isTrust: true } as const],
  );
  const plain = mergeSettings([], 'image');
  const settings: Settings = {
    ...plain,
    trust,
    origins,
    scanner: 'osv',
    osv: { ...plain.osv, ...given({ url: osvUrl }) },
    registries: Object.fromEntries(
      rules.map(({ host, plainHttp }) => [host, plainHttp ? { plainHttp } : {}]),
    ),
  };
  const { env } = process;
  const allowed = new Allowed(rules, [settings.osv.url]);
  drainAtEnd();
  globalThis.fetch = guardedFetch(allowed, networkFetch(env, home, { guardOf: allowed.guardOf }));
  const cache = join(home, 'cache');
  const context: PipelineContext = {
    // It reaches nobody that an image names: a key needs no network, or is where settings say; for
    // an identity it fetches sigstore's own root.
    run: (what) =>
      what.command === 'cosign' ? runTool(what) : Promise.resolve({ ended: 'not-found' }),
    env,
    cwd: home,
    now: Date.now,
    emit: () => undefined,
    signal: new AbortController().signal,
    paths: { store: join(home, 'layout'), cache, config: join(home, 'config'), dockerConfig: home },
    version: VERSION,
    layerFacts: new FactsOfLayers(
      openCache({ paths: { cache } }, 'facts', FACTS_SCHEMA),
      shared,
      heldBytes / 4,
    ),
  };
  await boundKeptDaily(context);
  return {
    ...{ start, context, settings },
    trusted: await trustedSigners(context, settings, NOBODY_NAMED),
    registries: registriesOf(context, settings, rules, undefined),
    inspections: new KeptInspections(openCache(context, 'inspections', INSPECTIONS_SCHEMA), {
      ...{ version: VERSION, trust },
    }),
  };
}

/** Also of a redirect to another path. What a connection was refused for is said as it is. */
function guardedFetch(allowed: Allowed, send: typeof fetch): typeof fetch {
  return async (input, init) => {
    allowed.checkPath(
      new URL(typeof input === 'string' || input instanceof URL ? input : input.url),
    );
    try {
      return await send(input, init);
    } catch (error) {
      let at = error;
      for (let depth = 0; at instanceof Error && depth < 10; depth += 1) {
        if (at instanceof UserError) throw at;
        at = at.cause;
      }
      throw error;
    }
  };
}

/** Passwords of settings, or those of one request for the registry that it is about. */
function registriesOf(
  context: PipelineContext,
  settings: Settings,
  rules: GraderStart['registries'],
  own: { readonly host: string; readonly credentials: Credentials } | undefined,
): Registries {
  const ruleOf = (host: string) => rules.find((one) => one.host === host);
  return new Registries(context, settings.registries, {
    credentials: (host) => {
      const found = own?.host === host ? own.credentials : ruleOf(host)?.credentials;
      return Promise.resolve(found && { kind: 'basic', ...found });
    },
    tokenServers: (host) => ruleOf(host)?.also ?? [],
  });
}

async function grade(grading: Grading, request: GradeRequest): Promise<SentGrade | GradeFailure> {
  const { start, settings, trusted, inspections } = grading;
  const { image, now, isAgain = false, credentials } = request;
  const { registry, repository, tag, digest: wanted } = image;
  const context = { ...grading.context, now: () => now, emit: progressOf() };
  const registries =
    credentials === undefined
      ? grading.registries
      : registriesOf(context, settings, start.registries, { host: registry, credentials });
  const options: GradeOptions = {
    ...{ settings, trusted, dockerfile: undefined, secrets: true, vex: [], registries },
  };
  const name = imageText(image);
  const client = registries.reader(registry);
  const root = await client.findManifest(repository, wanted ?? tag ?? 'latest');
  if (root === undefined)
    return { ...failed('image', `${registry} does not have ${name}`), gone: true };
  const { digest } = root.descriptor;
  const kept = isAgain ? await inspections.get(name, digest, now) : undefined;
  if (kept !== undefined)
    try {
      return await judged(context, kept, options);
    } catch (error) {
      if (!(error instanceof NotKept)) throw error;
    }
  const reference = { registry, repository, ...given({ tag, digest: wanted }) };
  const opened = await openRegistryImage({ name, reference, client, root });
  const bytes = layerBytes(opened);
  if (bytes > start.layerBytes)
    return failed(
      'bounds',
      `its layers have ${bytes} bytes, and at most ${start.layerBytes} are read`,
    );
  const asking = noting(await inspectOpened(context, opened, options));
  const made = await judged(context, asking.inspected, options);
  const builtAt = made.builtAt === undefined ? undefined : Date.parse(made.builtAt);
  await inspections.set(name, digest, { now, builtAt }, asking);
  return made;
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
): Promise<SentGrade> {
  const { scorecard, contents } = await judgeInspected(context, inspected, options);
  const scans = contents.map(({ facts }) => facts.vulnerabilities);
  const known = scans.flatMap((fact) => (fact.known ? [fact.value] : []));
  const isScanned = known.length === scans.length && known.every((one) => !one.notScanned);
  const dates = known.flatMap(({ databaseDate }) => databaseDate ?? []).sort();
  const built = inspected.platforms
    .flatMap(
      ({ build, platform }) =>
        (build.known ? build.value.finishedAt : undefined) ?? platform.config.created ?? [],
    )
    .sort();
  const shown = slim({ scorecard, contents: contents.map(withoutDate) }).contents ?? [];
  return {
    ok: true,
    made: {
      ...{ digest: scorecard.digest, scorecard, report: { contents: shown } },
      ...(isScanned ? { counts: countsOf(known) } : {}),
    },
    ...given({
      advisoriesAt: validDate(dates[0]),
      builtAt: validDate(built[0]),
    }),
  };
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
function validDate(text: string | undefined): string | undefined {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

function countsOf(scans: readonly VulnerabilitiesFact[]): NonNullable<SentGrade['made']['counts']> {
  const all = scans.flatMap(({ vulnerabilities }) => vulnerabilities);
  // Platforms have most of them in common.
  const each = new Map(all.map((one) => [`${one.id} ${one.package} ${one.version}`, one.severity]));
  const counts = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0 };
  for (const severity of each.values()) counts[severity === 'negligible' ? 'low' : severity] += 1;
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
    (status === undefined
      ? networkCode(cause) !== undefined
      : status === 408 || status === 429 || status >= 500);
  const login = 'give the registry a username and passwordFile in settings that may read it';
  const next = status === 401 || status === 403 ? login : nextStep;
  return {
    ...failed(isPassing ? 'registry' : 'image', message),
    ...given({ nextStep: next, gone: status === 404 ? true : undefined }),
  };
}

let grading: Promise<Grading> | undefined;

async function answer(request: GradeRequest): Promise<void> {
  let found: SentGrade | GradeFailure;
  try {
    if (grading === undefined) throw new Error('it was not started');
    found = await grade(await grading, request);
  } catch (error) {
    found = failureOf(error);
  }
  tell({ kind: 'answer', answer: found });
}

process.on('message', (message: ToGrader) => {
  switch (message.kind) {
    case 'start':
      grading = prepare(message.start);
      // A setting that cannot be used is the answer to each grade.
      void grading
        .catch(() => undefined)
        .then(() => {
          tell({ kind: 'ready' });
        });
      return;
    case 'grade':
      void answer(message.request);
      return;
    case 'facts':
      waiting.get(message.id)?.(
        message.packed === undefined ? undefined : Buffer.from(message.packed, 'base64'),
      );
      waiting.delete(message.id);
  }
});
process.on('disconnect', () => {
  // eslint-disable-next-line no-restricted-properties -- the service is gone, and nobody waits for what this does
  process.exit();
});
