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
  /** Lines of files, by path. */
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
    (found) => ({ detail: `${found.differences.length} differences with another seed` }),
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
