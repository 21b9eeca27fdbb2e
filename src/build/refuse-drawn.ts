import { drawnSecretLine } from '../facts/secrets/secret-value.ts';
import { openCache } from '../image/caches.ts';
import { UserError } from '../lib/errors.ts';
import { phase, type PipelineContext } from '../model/context.ts';
import type { ImageComparison, ImageDifference } from '../model/report.ts';
import { builtImage, compareImages, linesOf } from '../reproduce/compare-images.ts';
import type { LookDeeper } from '../reproduce/diffoscope.ts';
import type { FinalImage } from './image-under-build.ts';
import { flag } from './plan.ts';
import { buildElsewhere, withRecording } from './prove.ts';
import type { Build, Built } from './states.ts';
import { SEED } from './steady-inputs.ts';

const SCHEMA = 1;
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
  const checked = openCache(context, 'other-seeds', SCHEMA);
  if ((await checked.get(index.digest)) === true) return;
  const found: Found = { secrets: new Map(), read: new Set() };
  const comparison = await phase(
    context,
    'compare',
    () => compareOther(context, build, index, lookInto(found)),
    ({ differences }) => ({ detail: `${differences.length} differences with another seed` }),
  );
  const places = comparison.differences.flatMap((one) => {
    const line = found.secrets.get(one.path);
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
  tellUnread(context, comparison, found);
  await checked.set(index.digest, true);
}

interface Found {
  /** Lines of files, by path. */
  readonly secrets: Map<string, number>;
  readonly read: Set<string>;
}

function lookInto({ secrets, read }: Found): LookDeeper {
  return (path, format, first, second) => {
    if (READ.has(format)) {
      read.add(path);
      const [text, other] = [first, second].map((bytes) => Buffer.from(bytes).toString('latin1'));
      const line = drawnSecretLine(text ?? '', other ?? '');
      if (line !== undefined) secrets.set(path, line);
    }
    return Promise.resolve(undefined);
  };
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
    const other = await buildElsewhere(
      context,
      withOtherSeed(withRecording(build, recording)),
      directory.dir,
      ', with another seed',
    );
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
  return {
    ...build,
    plan: {
      ...plan,
      ...(steady === undefined ? {} : { steady: { ...steady, seed } }),
      invocation: { ...invocation, flags },
    },
  };
}

function tellUnread(
  context: PipelineContext,
  { differences, omitted }: ImageComparison,
  { read }: Found,
): void {
  const unread = differences.filter(
    ({ layer, kind, path }) =>
      layer !== undefined && (kind === 'content' || kind === 'presence') && !read.has(path),
  );
  if (unread.length + omitted === 0) return;
  const places = unread.map((one) => `${one.path} (${dockerfileLine(one)})`);
  context.emit({
    kind: 'warning',
    text: `made of seeded random numbers and not read: ${listed(places, omitted)}`,
    nextStep: 'make sure that none of them is a secret: anyone can make the same',
  });
}

function listed(places: readonly string[], omitted = 0): string {
  const more = places.length + omitted - Math.min(SHOWN, places.length);
  return `${places.slice(0, SHOWN).join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}

function dockerfileLine({ line }: ImageDifference): string {
  return line === undefined ? 'line not known' : `Dockerfile line ${line}`;
}
