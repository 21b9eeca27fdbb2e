import { formatReference, parseReference, withDefaultTag } from '../model/reference.ts';
import { err, ok, type Result } from '../model/result.ts';

/**
 * The full names of the image (`docker.io/library/app:latest`), each once, in the order they were
 * given: the values of `--tag`, or, as buildx has it, those of `name=` in outputs where no tag is
 * given. Errors have buildx' texts.
 */
export function imageNames(
  tags: readonly string[],
  outputNames: readonly string[],
): Result<readonly string[]> {
  const names: string[] = [];
  for (const text of tags.length > 0 ? tags : outputNames) {
    const reference = parseReference(text);
    if (!reference.ok) {
      const lower = parseReference(text.toLowerCase());
      const why = lower.ok ? 'repository name must be lowercase' : 'invalid reference format';
      return err(`invalid tag ${JSON.stringify(text)}: ${why}`);
    }
    if (reference.value.digest !== undefined)
      return err(
        `invalid tag ${JSON.stringify(text)}: refusing to create a tag with a digest reference`,
      );
    names.push(formatReference(withDefaultTag(reference.value)));
  }
  return ok([...new Set(names)]);
}
