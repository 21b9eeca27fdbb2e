import { err, ok, type Result } from '../lib/errors.ts';

/** A list's line may be a path with blanks in it; a reference holds none. */
const PATH = /^(?:\.{0,2}\/|oci:|oci-archive:|docker-archive:)/;

/**
 * The images of a list, each once, in its order: one a line, blank lines and lines that begin with
 * `#` left out, and so is what follows a blank and a `#`. An error names the first line that is no
 * image.
 */
export function parseImageList(text: string): Result<readonly string[]> {
  const images = new Set<string>();
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    const line = (i === 0 ? raw.replace(/^\uFEFF/, '') : raw).replace(/(^|\s)#.*/s, '').trim();
    if (line === '') continue;
    if (line === '-' || (/\s/.test(line) && !PATH.test(line)))
      return err(`line ${i + 1} is not an image: ${JSON.stringify(line.slice(0, 80))}`);
    images.add(line);
  }
  return ok([...images]);
}
