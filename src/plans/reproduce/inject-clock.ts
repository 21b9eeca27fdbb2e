import type { DockerfileModel } from '../../model/dockerfile.ts';
import { formatReference, type ImageReference, withDefaultTag } from '../../model/reference.ts';
import { baseOf } from '../external-images.ts';
import { PRELOAD, type Preload } from './steady-library.ts';

/** The build context by which the faked clock comes in. */
export const CLOCK_CONTEXT = 'scoville-clock';

/**
 * Files of that context, and where a RUN finds them: libraries that every dynamically linked
 * program loads first, because the loader's own file names them. `libraries` is their folder.
 */
export const CLOCK_FILES = {
  libraries: { name: 'lib', target: '/.scoville-clock' },
  preload: { name: 'ld.so.preload', target: '/etc/ld.so.preload' },
} as const;

const MOUNTS = Object.values(CLOCK_FILES)
  .map(
    ({ name, target }) => `--mount=type=bind,from=${CLOCK_CONTEXT},source=${name},target=${target}`,
  )
  .join(' ');

/**
 * Mounts the faked clock into every RUN, line numbers as they were. Mounts are not in the history
 * and leave nothing in a layer, so that the image is the same but for what the clock does.
 * Undefined where nothing is run.
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

/** The name of the image from outside at the bottom of a stage, as `ranImages` has it. */
export function baseName(model: DockerfileModel, stage: number): string | undefined {
  const reference = baseOf(model, stage)?.reference;
  return reference === undefined ? undefined : nameOf(reference);
}

/** What LD_PRELOAD names, for programs of musl. */
export function preloadText(preloads: readonly Preload[]): string {
  return preloads
    .filter(({ by }) => by === undefined)
    .map(({ name }) => `${CLOCK_FILES.libraries.target}/${name}`)
    .join(':');
}

/**
 * A build that writes the day that each image's own `date` sees into a file named by the image's
 * place in the list; with LD_PRELOAD where a value is given.
 */
export function clockProbe(images: readonly string[], preload?: string): string {
  return [
    ...images.flatMap((image, i) => [
      `FROM ${image} AS clock-${i}`,
      'USER 0:0',
      ...(preload === undefined ? [] : [`ARG ${PRELOAD}=${preload}`]),
      `RUN ${MOUNTS} date -u +%Y-%m-%d > /scoville-day`,
    ]),
    'FROM scratch',
    ...images.map((_, i) => `COPY --from=clock-${i} /scoville-day /${i}`),
    '',
  ].join('\n');
}

function nameOf(reference: ImageReference): string {
  return formatReference(withDefaultTag(reference));
}
