import type { FixInput } from '../../../model/fix-rule.ts';
import { formatReference, parseReference } from '../../../model/reference.ts';
import { err, ok, type Result } from '../../../model/result.ts';

/** An image that an edit adds to the Dockerfile, with the digest that its tag points to now; an error where that is not known. */
export function addedImage(name: string, { facts }: Pick<FixInput, 'facts'>): Result<string> {
  const reference = parseReference(name);
  if (!reference.ok) return err(`${name} is not the name of an image`);
  const digest = facts.digests.get(formatReference(reference.value));
  if (digest?.ok === true) return ok(`${name}@${digest.value}`);
  const why = digest === undefined ? '' : `: ${digest.error}`;
  return err(`the digest of ${name} is not known, and an image is not added without one${why}`);
}
