import type { FixInput } from '../../../model/fix-rule.ts';
import { formatReference, parseReference } from '../../../model/reference.ts';
import { err, ok, type Result } from '../../../model/result.ts';

/** An image that an edit adds, with the digest its tag points to now; an error if it is unknown. */
export function addedImage(name: string, { facts }: Pick<FixInput, 'facts'>): Result<string> {
  const reference = parseReference(name);
  if (!reference.ok) return err(`${name} is not the name of an image`);
  const digest = facts.digests.get(formatReference(reference.value));
  if (digest?.ok === true) return ok(`${name}@${digest.value}`);
  const why = digest === undefined ? '' : `: ${digest.error}`;
  return err(`the digest of ${name} is not known, and an image is not added without one${why}`);
}
