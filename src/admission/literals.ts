import type { AdmittedImage, NamedText } from './admitted-image.ts';

/** A string of CEL, Rego and JSON alike: all three read JSON's escapes. */
export function stringLiteral(text: string): string {
  return JSON.stringify(text).replace(/[\u007f\u0085\u2028\u2029]/g, unicodeEscape);
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Text that a regular expression of Go (RE2) and of JavaScript takes for itself. */
export function regexLiteral(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

/** A whole-text pattern of a named text. */
export function patternOf(named: NamedText): string {
  return 'exact' in named ? `^${regexLiteral(named.exact)}$` : named.pattern;
}

/** True where a pattern matches only whole texts: `^...$` whose anchors no alternative escapes. */
export function isAnchored(pattern: string): boolean {
  if (!/^\^[^]*[^\\]\$$/.test(pattern)) return false;
  // Go's flag `m` makes the anchors those of lines.
  if (/\(\?[a-zA-Z]*m/.test(pattern)) return false;
  return !hasOuterAlternative(pattern);
}

/** `^a|b$` is anchored in neither half. */
function hasOuterAlternative(pattern: string): boolean {
  let depth = 0;
  let isClass = false;
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at];
    if (character === '\\') {
      // Go's \Q...\E quotes what follows, to its end.
      if (pattern[at + 1] === 'Q') return true;
      at += 1;
    } else if (isClass) {
      if (character === ']') isClass = false;
    } else if (character === '[') {
      isClass = true;
      // A bracket that comes first is a member.
      if (pattern[at + 1] === '^') at += 1;
      if (pattern[at + 1] === ']') at += 1;
    } else if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === '|' && depth === 0) return true;
  }
  return false;
}

const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';

/** Pattern of the image's whole names: repository with any tag and digest, or its one digest. */
export function referencePattern({ repository, digest, isPinned }: AdmittedImage): string {
  const digestPart = isPinned ? `@${digest}` : '(?:@sha256:[a-f0-9]{64})?';
  return `^${regexLiteral(repository)}(?::${TAG})?${digestPart}$`;
}
