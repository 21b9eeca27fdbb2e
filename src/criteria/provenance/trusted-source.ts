import { criterion } from '../criterion.ts';
import { imageEvidence, outsideImages, type OutsideImage } from '../outside-images.ts';
import { distrust, vouchedBy } from '../trusted-publishers.ts';
import { count, fail, listed, notApplicable, note, pass, unknown } from '../verdict.ts';

const STATES = { trusted: 'held', distrusted: 'loose', unreadable: 'open' } as const;

interface Judged {
  readonly image: OutsideImage;
  readonly trust: 'trusted' | 'distrusted' | 'unreadable';
  readonly reason: string;
}

function judge(image: OutsideImage, patterns: readonly string[]): Judged {
  if (image.signedBy !== undefined)
    return { image, trust: 'trusted', reason: `signature of ${image.signedBy} verified` };
  if (image.reference === undefined)
    return { image, trust: 'unreadable', reason: 'its name is not constant' };
  const voucher = vouchedBy(image.reference, patterns);
  return voucher === undefined
    ? { image, trust: 'distrusted', reason: distrust(image.reference) }
    : { image, trust: 'trusted', reason: voucher };
}

const SETTLE = 'scoville grade --file Dockerfile IMAGE';

export const trustedSource = criterion({
  id: 'trusted-source',
  title: 'Images from a trusted source',
  vector: 'provenance',
  level: 1,
  spec: '#download-from-trusted-source',
  why: 'The publisher of a base image can run code in every image that is built on it.',
  needs: ['build', 'declarations'],
  settle: SETTLE,
  decidedBy:
    'Every outside image that the build used is judged separately: FROM, COPY --from, RUN ' +
    '--mount from, build contexts, the `# syntax` frontend. It needs a publisher’s signature ' +
    'that verified, a place in the table of publishers, or a pattern under `trust.images` in ' +
    'the configuration. A host name alone proves nothing.',
  check: ({ build, declarations }) => {
    const images = outsideImages(build);
    if (!images.known) return unknown(images.reason, images.settle ?? SETTLE);
    const { source, value } = images;
    if (value.length === 0)
      return notApplicable('no outside image', [note('the build uses scratch alone')], {
        source,
      });
    const judged = value.map((image) => judge(image, declarations.trustedImages));
    const evidence = judged.map(({ image, reason, trust }) =>
      imageEvidence(image, reason, STATES[trust]),
    );
    const named = (trust: Judged['trust']): string[] =>
      judged.filter((j) => j.trust === trust).map(({ image }) => image.text);
    const distrusted = named('distrusted');
    if (distrusted.length > 0)
      return fail(`nothing vouches for ${listed(distrusted)}`, evidence, { source });
    const unreadable = named('unreadable');
    if (unreadable.length > 0)
      return unknown(
        `not constant: ${listed(unreadable)}`,
        'scoville build --build-arg NAME=VALUE',
        evidence,
        source,
      );
    return pass(`${count(value.length, 'image')} from trusted publishers`, evidence, { source });
  },
  remedies: [
    {
      title: 'Use images from a trusted publisher',
      detail:
        'Use a Docker Official Image or a listed publisher, or add your registry to trust.images in .scoville.yaml.',
      example: 'trust:\n  images: [registry.example.com/base/*]',
    },
  ],
});
