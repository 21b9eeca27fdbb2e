import type { DockerfileModel } from '../../model/dockerfile.ts';
import { formatReference, type ImageReference, withDefaultTag } from '../../model/reference.ts';
import { baseOf } from '../external-images.ts';
import { CLOCK_FILES, CLOCK_MOUNTS } from '../hermetic/sent-dockerfile.ts';
import { PRELOAD, type Preload } from './steady-library.ts';

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
      `RUN ${CLOCK_MOUNTS} date -u +%Y-%m-%d > /scoville-day`,
    ]),
    'FROM scratch',
    ...images.map((_, i) => `COPY --from=clock-${i} /scoville-day /${i}`),
    '',
  ].join('\n');
}

function nameOf(reference: ImageReference): string {
  return formatReference(withDefaultTag(reference));
}
