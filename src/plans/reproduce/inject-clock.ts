import type { DockerfileModel } from '../../model/dockerfile.ts';
import { formatReference, type ImageReference, withDefaultTag } from '../../model/reference.ts';
import { baseOf } from '../external-images.ts';
import { PRELOAD, type Preload } from './preload/steady-library.ts';

/** The build context by which the faked clock comes in. */
export const CLOCK_CONTEXT = 'scoville-clock';

/**
 * Files of that context, and where a RUN finds them: libraries that every dynamically linked
 * program loads first, because the loader's own file names them. `libraries` is their folder.
 */
export const CLOCK_FILES = {
  libraries: { name: 'lib', target: '/.scoville-clock' },
  preload: { name: 'ld.so.preload', target: '/etc/ld.so.preload' },
  clock: { name: 'faketimerc', target: '/etc/faketimerc' },
} as const;

const MOUNTS = Object.values(CLOCK_FILES)
  .map(
    ({ name, target }) => `--mount=type=bind,from=${CLOCK_CONTEXT},source=${name},target=${target}`,
  )
  .join(' ');

/**
 * Mounts the faked clock into every RUN, line numbers as they were. Mounts stand in no history and
 * leave nothing in a layer, so that the image is the same but for what the clock does. Undefined
 * where nothing is run.
 */
export function withClock(text: string, model: DockerfileModel): string | undefined {
  const runs = new Set(
    model.stages
      .flatMap(({ instructions }) => instructions)
      .filter(({ keyword }) => keyword === 'RUN')
      .map(({ range }) => range.startLine),
  );
  if (runs.size === 0) return undefined;
  return text
    .split('\n')
    .map((line, i) => (runs.has(i + 1) ? line.replace(/^(\s*RUN)(?=\s)/i, `$1 ${MOUNTS}`) : line))
    .join('\n');
}

/** What BuildKit says of a step, without those mounts. */
export function withoutClock(text: string): string {
  return text.replaceAll(` ${MOUNTS}`, '');
}

/**
 * The images from outside at the bottom of stages that run something and are part of the build;
 * undefined where one of those begins from nothing, or from what is not known.
 */
export function ranImages(model: DockerfileModel): readonly string[] | undefined {
  const used = new Set(
    model.externalImages.flatMap(({ reference }) =>
      reference === undefined ? [] : [nameOf(reference)],
    ),
  );
  const bases = model.stages
    .filter(({ instructions }) => instructions.some(({ keyword }) => keyword === 'RUN'))
    .map(({ index }) => baseName(model, index));
  const names = bases.filter((name) => name !== undefined);
  if (names.length < bases.length) return undefined;
  return [...new Set(names)].filter((name) => used.has(name));
}

/** The clock file's modification time, in seconds since 1970: it must arrive unchanged. */
export const CLOCK_FILE_TIME = 1_000_000_000;

/** What an image's `date` must print if the day is `day` (YYYY-MM-DD) and file times are true. */
export function seenOn(day: string, fileTime = CLOCK_FILE_TIME): string {
  return `${day}\n${fileTime}`;
}

/**
 * libfaketime with file times left as they are. It would move those too, for instance of what `cp
 * -p` copies out of the base, and the only way to tell it not to is a variable that no RUN can be
 * given without the image's history telling of it: so it is had to look for one that every RUN has.
 * Undefined for a library that has no such variable.
 */
export function withTrueFileTimes(library: Uint8Array): Uint8Array | undefined {
  const name = Buffer.from('\0NO_FAKE_STAT\0', 'latin1');
  const bytes = Buffer.from(library);
  const at = bytes.indexOf(name);
  if (at < 0 || bytes.includes(name, at + 1)) return undefined;
  bytes.fill(0, at, at + name.length).write('PATH', at + 1, 'latin1');
  return bytes;
}

/** The name of the image from outside at the bottom of a stage, as `ranImages` has it. */
export function baseName(model: DockerfileModel, stage: number): string | undefined {
  const reference = baseOf(model, stage)?.reference;
  return reference === undefined ? undefined : nameOf(reference);
}

/** What LD_PRELOAD names, for programs of musl. */
export function preloadText(preloads: readonly Preload[]): string {
  return preloads
    .filter(({ by }) => by === undefined || by === 'variable')
    .map(({ name }) => `${CLOCK_FILES.libraries.target}/${name}`)
    .join(':');
}

/**
 * A build that writes what each image's own `date` sees, the day and the time of the clock's file,
 * into a file named by the image's place in the list; with LD_PRELOAD where a value is given.
 */
export function clockProbe(images: readonly string[], preload?: string): string {
  return [
    ...images.flatMap((image, i) => [
      `FROM ${image} AS clock-${i}`,
      'USER 0:0',
      ...(preload === undefined ? [] : [`ARG ${PRELOAD}=${preload}`]),
      `RUN ${MOUNTS} { date -u +%Y-%m-%d; date -u -r ${CLOCK_FILES.clock.target} +%s; } > /scoville-day`,
    ]),
    'FROM scratch',
    ...images.map((_, i) => `COPY --from=clock-${i} /scoville-day /${i}`),
    '',
  ].join('\n');
}

function nameOf(reference: ImageReference): string {
  return formatReference(withDefaultTag(reference));
}
