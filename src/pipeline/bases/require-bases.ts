import { UserError } from '../../model/errors.ts';
import type { BuildFact, Fact } from '../../model/facts.ts';
import { parseReference } from '../../model/reference.ts';
import type { Settings } from '../../model/settings.ts';
import { isRequired, type SignedBases, unsigned } from './check-bases.ts';

/** The same build with who signed each image that it used. */
export function withSigners(fact: Fact<BuildFact>, signed: SignedBases): Fact<BuildFact> {
  if (!fact.known || !fact.value.images.known || signed.size === 0) return fact;
  const images = fact.value.images.value.map((image) => {
    const by = image.digest === undefined ? undefined : signed.get(image.digest);
    return by === undefined ? image : { ...image, signedBy: by };
  });
  return { ...fact, value: { ...fact.value, images: { ...fact.value.images, value: images } } };
}

/**
 * After BuildKit: every image that it used and that `trust.bases` names has to be one that
 * verified, by the digest that was used. Throws UserError; so it does where nobody knows which
 * images those were.
 */
export function requireBases(
  settings: Pick<Settings, 'trust'>,
  builds: readonly Fact<BuildFact>[],
): void {
  if (settings.trust.bases.length === 0) return;
  for (const fact of builds) {
    if (!fact.known || !fact.value.images.known)
      throw unsigned('this build', 'nobody knows which images were used');
    for (const { text, signedBy } of fact.value.images.value) {
      if (text === 'scratch' || signedBy !== undefined) continue;
      const read = parseReference(text.replace(/^docker-image:\/\//, ''));
      if (!read.ok) throw unsigned(text, 'its name cannot be read');
      if (isRequired(settings, { reference: read.value }))
        throw unsigned(text, 'what was used is not what verified');
    }
  }
}

/**
 * Throws UserError where bases must be signed, or RUNs have no network, but buildx builds alone and
 * so unchecked.
 */
export function requireOwnBuild(
  { trust, hermetic }: Pick<Settings, 'trust' | 'hermetic'>,
  reason: string,
): void {
  const refuse = (asked: string, setting: string): UserError =>
    new UserError(`${asked}, and ${reason}`, {
      nextStep: `buildx does such a build alone: choose another output, or use scoville without ${setting}`,
    });
  if (trust.bases.length > 0)
    throw refuse('trust.bases asks for signatures of bases', 'trust.bases');
  if (hermetic === 'replay') throw refuse('hermetic: replay asks for no network', 'it');
}
