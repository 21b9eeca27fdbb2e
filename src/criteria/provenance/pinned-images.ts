import type { EvidenceState } from '../../model/criterion.ts';
import { criterion } from '../criterion.ts';
import { imageEvidence, outsideImages, type OutsideImage } from '../outside-images.ts';
import { count, fail, listed, notApplicable, note, pass, unknown } from '../verdict.ts';

function reasonOf(image: OutsideImage): string {
  if (image.pinnedBy !== undefined) return `digest set by ${image.pinnedBy}`;
  return image.reference === undefined ? 'its name is not constant' : 'no digest';
}

function stateOf({ pinned, reference }: OutsideImage): EvidenceState {
  if (pinned) return 'held';
  return reference === undefined ? 'open' : 'loose';
}

const SETTLE = 'scoville grade --file Dockerfile IMAGE';

export const pinnedImages = criterion({
  id: 'pinned-images',
  title: 'Images pinned to digests',
  vector: 'provenance',
  level: 3,
  spec: '#pin-images-to-digests',
  why: 'A tag can be moved to another image at any time. A digest always names the same bytes.',
  needs: ['build'],
  settle: SETTLE,
  decidedBy:
    'Every outside image reference (FROM, COPY --from, RUN --mount from, `# syntax`, build ' +
    'contexts) has a digest. It is in the Dockerfile, with ARG defaults and build arguments ' +
    'filled in, or in the lock that this build enforced. `scratch` and stage names need none.',
  check: ({ build }) => {
    const images = outsideImages(build);
    if (!images.known) return unknown(images.reason, images.settle ?? SETTLE);
    const { source, value } = images;
    if (value.length === 0)
      return notApplicable('no outside image to pin', [note('the build uses scratch alone')], {
        source,
      });
    const evidence = value.map((image) => imageEvidence(image, reasonOf(image), stateOf(image)));
    const loose = value.filter((image) => !image.pinned);
    const drifting = loose.filter((image) => image.reference !== undefined);
    if (drifting.length > 0)
      return fail(`no digest: ${listed(drifting.map(({ text }) => text))}`, evidence, { source });
    if (loose.length > 0)
      return unknown(
        `not constant: ${listed(loose.map(({ text }) => text))}`,
        'scoville build --build-arg NAME=VALUE',
        evidence,
        source,
      );
    return pass(`${count(value.length, 'image')} pinned`, evidence, { source });
  },
  remedies: [
    {
      title: 'Pin each outside image to its digest',
      detail: 'Add the digest after the tag (scoville fix does it), or commit a scoville.lock.',
      example: 'FROM node:22-slim@sha256:...',
    },
  ],
});
