/** A word, a string or a sign of JavaScript. */
export interface ScriptToken {
  readonly kind: 'word' | 'string' | 'sign' | 'other';
  readonly text: string;
}

const TOKEN =
  /\s+|\/\/[^\n\r\u2028\u2029]*|\/\*[^]*?\*\/|([A-Za-z_$][\w$]*)|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|`((?:[^`\\$]|\$(?!\{)|\$\{[\w.$\s]*\})*)`|(\d[\w.]*)|([{}()[\].,;:?=<>+\-*%!&|^~@])/gy;
const PATTERN = /\/(?![*/])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/gy;
const MAX_SCRIPT = 65_536;

/**
 * True where a `/` starts a pattern whatever the grammar makes of what is before it. Elsewhere it may divide or not (`if (a) /x/`, `a++ / x / y`), and
 * whoever takes it otherwise than the engine takes code for a string.
 */
function startsPattern(last: ScriptToken | undefined): boolean {
  if (last === undefined) return true;
  if (last.kind === 'word') return /^(?:return|case|typeof)$/.test(last.text);
  return last.kind === 'sign' && /^[(,=:[;{&|?]$/.test(last.text);
}

/**
 * The tokens of a script of JavaScript or TypeScript, comments left out; undefined where it says what is not among them (a character by its number, a division, a
 * template that holds more than names). Names within a template are words.
 */
export function scriptTokens(text: string): readonly ScriptToken[] | undefined {
  if (text.length > MAX_SCRIPT) return undefined;
  const tokens: ScriptToken[] = [];
  for (let at = 0; at < text.length;) {
    if (text[at] === '/' && !/[/*]/.test(text[at + 1] ?? '')) {
      PATTERN.lastIndex = at;
      const pattern = startsPattern(tokens.at(-1)) ? PATTERN.exec(text) : null;
      if (pattern === null) return undefined;
      tokens.push({ kind: 'other', text: pattern[0] });
      at = PATTERN.lastIndex;
      continue;
    }
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (found === null) return undefined;
    at = TOKEN.lastIndex;
    const [, word, quoted, template, number, sign] = found;
    if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else if (quoted !== undefined) {
      if (/\\[xu0-7]/.test(quoted)) return undefined;
      tokens.push({ kind: 'string', text: quoted.slice(1, -1).replace(/\\(.)/g, '$1') });
    } else if (template !== undefined) {
      if (/\\[xu0-7]/.test(template)) return undefined;
      tokens.push({ kind: 'string', text: template });
      for (const [, name = ''] of template.matchAll(/\$\{([^}]*)\}/g))
        for (const [part] of name.matchAll(/[A-Za-z_$][\w$]*/g))
          tokens.push({ kind: 'word', text: part });
    } else if (number !== undefined) tokens.push({ kind: 'other', text: number });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
  }
  return tokens;
}
