import type { EvidenceState } from '../../model/criterion.ts';
import { NAME_THE_DOCKERFILE } from '../../model/facts.ts';
import { criterion } from '../shared/verdict/criterion.ts';
import {
  type JudgeImage,
  judgeImages,
  type OutsideImage,
} from '../shared/verdict/outside-images.ts';

function reasonOf(image: OutsideImage): string {
  if (image.pinnedBy !== undefined) return `digest set by ${image.pinnedBy}`;
  return image.reference === undefined ? 'its name is not constant' : 'no digest';
}

function stateOf({ pinned, reference }: OutsideImage): EvidenceState {
  if (pinned) return 'held';
  return reference === undefined ? 'open' : 'loose';
}

export const judgePin: JudgeImage = (image) => ({ state: stateOf(image), reason: reasonOf(image) });

export const pinnedImages = criterion({
  id: 'pinned-images',
  title: 'Images pinned to digests',
  vector: 'provenance',
  level: 3,
  spec: '#pin-images-to-digests',
  why: 'A tag can be moved to another image at any time. A digest always names the same bytes.',
  needs: ['build'],
  settle: NAME_THE_DOCKERFILE,
  decidedBy:
    'Every outside image reference (FROM, COPY --from, RUN --mount from, `# syntax`, build ' +
    'contexts) has a digest. It is in the Dockerfile, with ARG defaults and build arguments ' +
    'filled in, or in the lock that this build enforced. `scratch` and stage names need none.',
  check: ({ build }) =>
    judgeImages(build, judgePin, {
      none: 'no outside image to pin',
      short: 'no digest:',
      met: 'pinned',
    }),
  fixable: true,
  remedies: [
    {
      title: 'Pin each outside image to its digest',
      detail: 'Add the digest after the tag (scoville fix does it), or commit a scoville.lock.',
      example: 'FROM node:22-slim@sha256:...',
    },
  ],
});
