import { withoutCiCommands } from '../model/ci-commands.ts';

/**
 * What must not reach a terminal or a page from inside an image: control characters (C0, DEL, C1,
 * with the escape that starts a terminal sequence), marks that turn text around or hide it (format
 * and default-ignorable characters, all tags and fillers), line and paragraph separators, halves of
 * surrogate pairs, and code points that are no characters. The two selectors of emoji and text
 * presentation stay: they change how a character is drawn and hide nothing.
 */
export const UNSAFE =
  /(?![\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;

/** Marks stacked higher than any script needs would cover the lines above. */
const STACKED = /(\p{M}{4})\p{M}+/gu;

/** The text on one line without CI commands, unsafe characters as U+FFFD, or `?` for ASCII only. */
export function cleanText(text: string, replacement = '\ufffd'): string {
  const clean = text.replace(/\s+/g, ' ').replace(UNSAFE, replacement).replace(STACKED, '$1');
  return withoutCiCommands(clean);
}

/** Clean text of at most `longest` UTF-16 units, an ellipsis at its end where it was cut. */
export function shortened(text: string, longest: number): string {
  // What stands behind need not be cleaned; the extra room lets runs of white space shrink.
  const clean = cleanText(text.length > longest * 4 ? text.slice(0, longest * 4) : text);
  if (clean.length <= longest && text.length <= longest * 4) return clean;
  return `${clean.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
