import type { EvidenceState } from '../../model/criterion.ts';
import { NAME_THE_DOCKERFILE } from '../../model/facts.ts';
import { criterion } from '../shared/verdict/criterion.ts';
import { judgeImages, type OutsideImage } from '../shared/verdict/outside-images.ts';
import { distrust, vouchedBy } from './trusted-publishers.ts';

/** Whether anyone vouches for an image, and who. */
export function judgeSource(
  image: OutsideImage,
  patterns: readonly string[],
): { readonly state: EvidenceState; readonly reason: string } {
  if (image.signedBy !== undefined)
    return { state: 'held', reason: `signature of ${image.signedBy} verified` };
  if (image.reference === undefined) return { state: 'open', reason: 'its name is not constant' };
  const voucher = vouchedBy(image.reference, patterns);
  return voucher === undefined
    ? { state: 'loose', reason: distrust(image.reference) }
    : { state: 'held', reason: voucher };
}

export const trustedSource = criterion({
  id: 'trusted-source',
  title: 'Images from a trusted source',
  vector: 'provenance',
  level: 1,
  spec: '#download-from-trusted-source',
  why: 'The publisher of a base image can run code in every image that is built on it.',
  needs: ['build', 'declarations'],
  settle: NAME_THE_DOCKERFILE,
  decidedBy:
    'Every outside image that the build used is judged separately: FROM, COPY --from, RUN ' +
    '--mount from, build contexts, the `# syntax` frontend. It needs a publisher’s signature ' +
    'that verified, a place in the table of publishers, or a pattern under `trust.images` in ' +
    'the configuration. A host name alone proves nothing.',
  check: ({ build, declarations }) =>
    judgeImages(build, (image) => judgeSource(image, declarations.trustedImages), {
      none: 'no outside image',
      short: 'nothing vouches for',
      met: 'from trusted publishers',
    }),
  remedies: [
    {
      title: 'Use images from a trusted publisher',
      detail:
        'Use a Docker Official Image or a listed publisher, or add your registry to trust.images in .scoville.yaml.',
      example: 'trust:\n  images: [registry.example.com/base/*]',
    },
  ],
});
