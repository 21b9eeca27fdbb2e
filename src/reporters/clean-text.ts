/**
 * What must not reach a terminal or a page from inside an image: control characters (C0, DEL, C1, with the escape that starts a
 * terminal sequence), the marks that turn text around or hide it, and halves of surrogate pairs.
 */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|[\u{e0000}-\u{e007f}]/gu;

/** The text on one line, each unsafe character replaced by U+FFFD, or by `?` where only ASCII is wanted. */
export function cleanText(text: string, replacement = '\ufffd'): string {
  return text.replace(/\s+/g, ' ').replace(UNSAFE, replacement);
}
