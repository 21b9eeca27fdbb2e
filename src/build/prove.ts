import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { valuesOf } from '../cli/flag-table.ts';
import { readText } from '../config/read-files.ts';
import { drawnSecretLine } from '../facts/secrets/secret-value.ts';
import { type JsonCache, openCache } from '../image/caches.ts';
import { UserError } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { byCodeUnit, quantity } from '../lib/text.ts';
import type { Recording } from '../model/build-analysis.ts';
import { phase, type PipelineContext } from '../model/context.ts';
import { printedCommand, withoutFlags } from '../model/printed-command.ts';
import type { Digest } from '../model/reference.ts';
import type { ImageComparison, ImageDifference } from '../model/report.ts';
import { PREDICATE_TYPE } from '../model/statement.ts';
import { RULE_SET_VERSION } from '../normalize/catalogue.ts';
import { builtImage, compareBuilds, compareImages, linesOf } from '../reproduce/compare-images.ts';
import type { LookDeeper } from '../reproduce/diffoscope.ts';
import { VERIFIER_ID } from '../trust/identity.ts';
import type { StatementToSign } from '../trust/sign.ts';
import { reproductionStatement } from '../trust/verdict.ts';
import { SEED } from './clock.ts';
import type { FinalImage } from './image-under-build.ts';
import { SOURCE_POLICY_VARIABLE } from './images.ts';
import { exportOf, normaliseBuilt } from './normalise-built.ts';
import { type BuildPlan, flag, layoutOutput, metadataFileOf, policyFileOf } from './plan.ts';
import { runBuildKit } from './run-buildkit.ts';
import { addressWithoutSecrets } from './shown-command.ts';
import type { Build, Built, Proof } from './states.ts';

/** Another hour, usually another day, and another order and case of letters. */
const ELSEWHERE = { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' };

/** Buildx refuses a filter beside `--no-cache`. */
const CACHE_FLAGS = new Set(['no-cache', 'no-cache-filter']);

/** Again without a cache, in another time zone and locale. Pins, epoch and arguments stay. */
export function secondBuild(plan: BuildPlan, layout: string): BuildPlan {
  const { invocation, sourcePolicy } = plan;
  const policy = given({
    [SOURCE_POLICY_VARIABLE]: sourcePolicy && policyFileOf(layout, sourcePolicy).path,
  });
  return {
    ...plan,
    invocation: {
      outputs: [layoutOutput(layout)],
      metadataFile: metadataFileOf(layout),
      // Of two the last one counts: `--no-cache=false` would compare the build with itself.
      flags: [
        flag('no-cache', 'true'),
        ...invocation.flags.filter(({ name }) => !CACHE_FLAGS.has(name ?? '')),
      ],
      context: invocation.context,
      env: { ...ELSEWHERE, ...invocation.env, ...policy },
    },
    layout,
  };
}

/** Milliseconds between the builds: seconds change, and so do a zip file's two-second ticks. */
const CLOCK_MOVES = 2100;

export async function buildOnce(
  context: PipelineContext,
  build: Build,
): Promise<(FinalImage & { readonly recording: Recording | undefined }) | number> {
  const { exitCode, recording } = await runBuildKit(context, build);
  if (exitCode !== 0) return exitCode;
  const image = await normaliseBuilt(context, build, await exportOf(build.plan, build.store.blobs));
  return { ...image, recording };
}

/** Without a cache, from a copy of the context with other times and umask. Throws UserError. */
export async function buildElsewhere(
  context: PipelineContext,
  build: Build,
  dir: string,
  words = '',
): Promise<FinalImage | number> {
  // A quick RUN that writes the time would else write the same one twice.
  await setTimeout(CLOCK_MOVES, undefined, { signal: context.signal }).catch(() => {
    context.signal.throwIfAborted();
  });
  const copied = build.source.directory === undefined ? '' : ', from a copy of the context';
  context.emit({ kind: 'notice', text: `building again without a cache${copied}${words}` });
  return buildOnce(context, {
    ...build,
    plan: secondBuild(build.plan, dir),
    attached: { ...build.attached, elsewhere: true },
  });
}

/** The build with what the first one recorded: a second one is given the same answers. */
export function withRecording(build: Build, recording: Recording | undefined): Build {
  if (recording === undefined) return build;
  const store = build.attached.replayed?.store;
  return { ...build, attached: { ...build.attached, replayed: { recording, store } } };
}

const MOST_ENTRIES = 200_000;

/** A digest of all below a folder, without `.git`; undefined where it cannot be read whole. */
export async function folderDigest(
  folder: string,
  cwd: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const root = resolve(cwd, folder);
  const hash = createHash('sha256');
  let entries = 0;
  const visit = async (path: string): Promise<void> => {
    const found = await readdir(join(root, path), { withFileTypes: true });
    for (const entry of found.sort((a, b) => byCodeUnit(a.name, b.name))) {
      signal.throwIfAborted();
      if (path === '' && entry.name === '.git') continue;
      if ((entries += 1) > MOST_ENTRIES) throw new Error('too many entries');
      const inner = join(path, entry.name);
      const { mode, size } = await lstat(join(root, inner));
      const link = entry.isSymbolicLink() ? await readlink(join(root, inner)) : null;
      hash.update(JSON.stringify([inner, mode, entry.isFile() ? size : 0, link]));
      if (entry.isDirectory()) await visit(inner);
      else if (entry.isFile())
        for await (const chunk of createReadStream(join(root, inner))) hash.update(chunk as Buffer);
    }
  };
  try {
    await visit('');
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
  return hash.digest('hex');
}

type Made = Pick<Build, 'plan' | 'source' | 'images'>;

const IGNORE = { largest: 1024 * 1024 };

/** A digest of all inputs and the result; undefined where one cannot be read, or is a secret. */
export async function proofInputs(
  context: PipelineContext,
  { plan, source, images }: Made,
  digest: Digest,
): Promise<string | undefined> {
  const { invocation } = plan;
  const { directory, dockerfileText, dockerfilePath = '' } = source;
  if (directory === undefined || dockerfileText === undefined) return undefined;
  // A secret is never kept, not even as a digest.
  if (valuesOf(invocation, 'secret').length > 0 || valuesOf(invocation, 'ssh').length > 0)
    return undefined;
  if (images.some((image) => image.digest === undefined && image.layers === undefined))
    return undefined;
  // `--build-arg NAME` takes its value from the environment.
  const env = valuesOf(invocation, 'build-arg').map((word) =>
    word.includes('=') ? null : (context.env[word] ?? null),
  );
  const folders = valuesOf(invocation, 'build-context').flatMap(folderOf);
  const trees = await Promise.all(
    [directory, ...folders].map((folder) => folderDigest(folder, context.cwd, context.signal)),
  );
  if (trees.includes(undefined)) return undefined;
  const parts = {
    digest,
    version: context.version,
    rules: RULE_SET_VERSION,
    mode: plan.settings.reproducible,
    dockerfile: dockerfileText,
    // Beside a Dockerfile that lies elsewhere, it is in no context.
    ignore: dockerfilePath && (await readText(`${dockerfilePath}.dockerignore`, IGNORE)),
    pins: plan.sourcePolicy?.policy,
    images: images.map((image) => [image.name, image.digest ?? null, image.layers ?? null]),
    flags: invocation.flags,
    env,
    platforms: plan.platforms,
    epoch: plan.epoch,
    steady: plan.steady,
    trees,
  };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

function folderOf(named: string): readonly string[] {
  const value = named.slice(named.indexOf('=') + 1);
  if (value.startsWith('docker-image://')) return [];
  const layout = /^oci-layout:\/\/(.*?)(?::[\w.-]+)?(?:@[\w:]+)?$/s.exec(value)?.[1];
  return [layout ?? value];
}

interface KeptProof {
  readonly seconds: number;
  readonly at: number;
}

const SCHEMA = 3;
/** What a build fetches changes with the time; a proof of last month says less of today's. */
const FRESH_MS = 30 * 24 * 60 * 60 * 1000;

/** The second build of `--prove`, compared, or the last proof of the same. Throws UserError. */
export async function proveBuild(
  context: PipelineContext,
  build: Built,
  image: FinalImage,
): Promise<Proof> {
  const { store } = build;
  const { again } = build.parsed;
  if (build.source.kind === 'stdin-archive')
    throw new UserError('a context on stdin can be read only once, so it cannot be built twice', {
      nextStep: 'unpack it, and build the folder; or build without --prove',
    });
  const inputs = await proofInputs(context, build, image.index.digest);
  const kept = inputs === undefined ? undefined : await keptProof(context, inputs);
  if (kept !== undefined) {
    const day = new Date(kept.at).toISOString().slice(0, 10);
    const detail = `the same digest as the second build of ${day}: nothing changed since`;
    context.emit({ kind: 'phase-done', phase: 'prove', detail, seconds: 0, cached: true });
    return { reproducible: true, differences: [] };
  }
  const last = (await proofs(context).get(lastKey(build))) as KeptProof | undefined;
  const took = last === undefined ? '' : `; it took ${Math.round(last.seconds)} s last time`;
  const second = await store.newBuild();
  const startedAt = context.now();
  try {
    const comparison = await phase(
      context,
      'prove',
      async () => {
        const next = withRecording(build, build.recording);
        const other = await buildElsewhere(context, next, second.dir);
        if (typeof other === 'number')
          throw new UserError(
            `the second build failed (exit code ${other} of docker buildx build): the image is not proven`,
            { nextStep: 'see its output above, or build without --prove' },
          );
        const images = await Promise.all([
          builtImage(store, 'the build', image.index),
          builtImage(store, 'the second build', other.index),
        ]);
        return compareBuilds(context, build.dockerfile, images, undefined, { onePlan: true });
      },
      ({ reproducible, differences, omitted }) => ({
        detail: reproducible
          ? 'a second build gave the same digest'
          : `not reproducible: ${quantity(differences.length + omitted, 'difference')}`,
      }),
      { detail: `a second build, uncached${took}` },
    );
    const proof = { at: context.now(), seconds: (context.now() - startedAt) / 1000 };
    await proofs(context).set(lastKey(build), proof);
    if (comparison.reproducible && inputs !== undefined) await proofs(context).set(inputs, proof);
    const { differences } = comparison;
    // A failed proof is not an error: the image is what it is, and its level says so.
    if (differences[0] !== undefined)
      context.emit({
        kind: 'warning',
        text: `the image is not reproducible: a second build differs in ${quantity(differences.length, 'place')}, first ${differences[0].path}`,
        nextStep:
          again === undefined
            ? 'scoville reproduce names each difference and its cause; give it the same flags'
            : printedCommand('reproduce', withoutFlags(again, ['prove'])),
      });
    return comparison;
  } finally {
    await second.discard();
  }
}

async function keptProof(context: PipelineContext, inputs: string): Promise<KeptProof | undefined> {
  const found = (await proofs(context).get(inputs)) as KeptProof | undefined;
  const isFresh =
    found !== undefined && found.at <= context.now() && context.now() - found.at <= FRESH_MS;
  return isFresh ? found : undefined;
}

function lastKey({ source, parsed }: Build): string {
  return JSON.stringify([
    'last',
    source.dockerfilePath ?? addressWithoutSecrets(parsed.context),
    parsed.again,
  ]);
}

function proofs(context: PipelineContext): JsonCache {
  return openCache(context, 'second-builds', SCHEMA);
}

export function proofStatement(
  { version }: Pick<PipelineContext, 'version'>,
  { reproducible, differences, source }: Proof,
  subjects: Pick<StatementToSign, 'subject' | 'also'>,
): StatementToSign {
  const texts = differences.map(({ path, detail }) => `${path}: ${detail}`);
  const result = { reproducible, differences: texts, ...given({ source }) };
  const predicate = reproductionStatement(result, { uri: VERIFIER_ID, version });
  return { predicateType: PREDICATE_TYPE.testResult, predicate, ...subjects };
}

const SEEDS_SCHEMA = 1;
const SHOWN = 5;
/** Any number that nobody sets. */
const OTHER_SEED = 1_618_033_988;
const READ = new Set(['text', 'sqlite', 'key']);

/**
 * Builds a seeded image once more with another seed. Throws UserError where a file that differs has
 * what may be a secret: a value that seems drawn at random, wherever it is. Warns of files that
 * differ and cannot be read for that. The result is kept by the image's digest.
 */
export async function refuseDrawn(
  context: PipelineContext,
  build: Built,
  { index }: FinalImage,
): Promise<void> {
  // A context on stdin can be read only once.
  if (build.source.kind === 'stdin-archive') return;
  const checked = openCache(context, 'other-seeds', SEEDS_SCHEMA);
  if ((await checked.get(index.digest)) === true) return;
  const secrets = new Map<string, number>();
  const read = new Set<string>();
  const look: LookDeeper = (path, format, first, second) => {
    if (READ.has(format)) {
      read.add(path);
      const [text = '', other = ''] = [first, second].map((one) =>
        Buffer.from(one).toString('latin1'),
      );
      const line = drawnSecretLine(text, other);
      if (line !== undefined) secrets.set(path, line);
    }
    return Promise.resolve(undefined);
  };
  const { differences, omitted } = await phase(
    context,
    'compare',
    () => compareOther(context, build, index, look),
    (found) => ({
      detail: `${quantity(found.differences.length, 'difference')} with another seed`,
    }),
  );
  const places = differences.flatMap((one) => {
    const line = secrets.get(one.path);
    return line === undefined ? [] : [`${one.path}:${line} (${dockerfileLine(one)})`];
  });
  if (places.length > 0)
    throw new UserError(
      `predictable values: with seeded random numbers, anyone can make ${listed(places)}`,
      {
        nextStep:
          'make them when the container starts, and remove them in the same RUN; or build without the seed',
      },
    );
  const unread = differences
    .filter(({ layer, kind }) => layer !== undefined && /^(?:content|presence)$/.test(kind))
    .filter(({ path }) => !read.has(path))
    .map((one) => `${one.path} (${dockerfileLine(one)})`);
  if (unread.length + omitted > 0)
    context.emit({
      kind: 'warning',
      text: `made of seeded random numbers and not read: ${listed(unread, omitted)}`,
      nextStep: 'make sure that none of them is a secret: anyone can make the same',
    });
  await checked.set(index.digest, true);
}

async function compareOther(
  context: PipelineContext,
  build: Built,
  index: FinalImage['index'],
  look: LookDeeper,
): Promise<ImageComparison> {
  const { store, recording } = build;
  const directory = await store.newBuild();
  try {
    const next = withOtherSeed(withRecording(build, recording));
    const other = await buildElsewhere(context, next, directory.dir, ', with another seed');
    if (typeof other === 'number')
      throw new UserError(
        `the build with another seed failed (exit code ${other} of docker buildx build): whether random numbers became secrets is not known`,
      );
    const [a, b] = await Promise.all([
      builtImage(store, 'the build', index),
      builtImage(store, 'with another seed', other.index),
    ]);
    return await compareImages(context, a, b, linesOf(build.dockerfile, a), look);
  } finally {
    await directory.discard();
  }
}

function withOtherSeed(build: Build): Build {
  const { plan } = build;
  const { steady, invocation } = plan;
  const seed = steady?.seed === OTHER_SEED ? OTHER_SEED + 1 : OTHER_SEED;
  // Last: it counts, whatever the user gave.
  const flags = [...invocation.flags, flag('build-arg', `${SEED}=${seed}`)];
  const other = { ...plan, steady: steady && { ...steady, seed } };
  return { ...build, plan: { ...other, invocation: { ...invocation, flags } } };
}

function listed(places: readonly string[], omitted = 0): string {
  const more = places.length + omitted - Math.min(SHOWN, places.length);
  return `${places.slice(0, SHOWN).join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}

function dockerfileLine({ line }: ImageDifference): string {
  return line === undefined ? 'line not known' : `Dockerfile line ${line}`;
}
