import { expect, test } from 'vitest';
import { askedPlatforms } from '../../src/grade/grade-image.ts';
import type { Descriptor, Platform } from '../../src/model/image.ts';
import { MemoryImage } from '../fakes/opened-image.ts';

const AMD: Platform = { os: 'linux', architecture: 'amd64' };
const ARM: Platform = { os: 'linux', architecture: 'arm64' };
const RISC: Platform = { os: 'linux', architecture: 'riscv64' };

/** amd64 is here, arm64 is listed by the index alone. */
function pulled() {
  const image = new MemoryImage();
  const here = image.platform();
  image.index();
  const absent = { ...here, digest: image.platform().digest, platform: ARM };
  const [first] = image.opened().platforms;
  return { ...image.opened(), platforms: [first] as const, absent: [absent] as const };
}

test.each([
  ['nothing asked', [], 1, [['linux/arm64', 'not-held']]],
  ['what is here', [AMD], 1, []],
  ['what is here and what is not', [AMD, ARM], 1, [['linux/arm64', 'not-held']]],
  ['what the image has none of', [RISC, AMD], 1, [['linux/riscv64', 'not-listed']]],
] as const)('%s', (_name, asked, judged, missing) => {
  const { image, notGraded } = askedPlatforms(pulled(), asked);
  expect(image.platforms).toHaveLength(judged);
  expect(notGraded.map(({ platform, reason }) => [platform, reason])).toEqual(missing);
});

test('a part of the index that names no platform is told by its digest', () => {
  const opened = pulled();
  const { mediaType, digest, size } = opened.absent[0];
  const { notGraded } = askedPlatforms({ ...opened, absent: [{ mediaType, digest, size }] }, []);
  expect(notGraded).toEqual([{ platform: digest, reason: 'not-held' }]);
});

test('of several platforms, an odd spelling does not stand before what engines take', () => {
  const image = new MemoryImage();
  const [odd, next] = [image.platform(), image.platform()];
  image.index();
  const opened = image.opened();
  const [first, second = first] = opened.platforms;
  const variant = (of: Descriptor, name: string): Descriptor => ({
    ...of,
    platform: { ...AMD, variant: name },
  });
  const whole = {
    ...opened,
    index: { schemaVersion: 2, manifests: [variant(odd, '3'), variant(next, 'v2')] } as const,
    platforms: [
      { ...first, descriptor: variant(odd, 'v3') },
      { ...second, descriptor: variant(next, 'v2') },
    ] as const,
  };
  const asked = [{ ...AMD, variant: 'v3' }, RISC];
  expect(askedPlatforms(whole, asked).image.platforms).toHaveLength(2);
});
