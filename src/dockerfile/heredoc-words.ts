import { jsonArray } from '../model/dockerfile.ts';
import { BLANKS, leadingFlags, trimmed } from './instruction-words.ts';
import { Lex, LexError, TooMuch } from './lex.ts';

interface HeredocWord {
  readonly delimiter: string;
  readonly expand: boolean;
  /** `<<-`: tabs in front of its lines go. */
  readonly strip: boolean;
}

const WORD = /^\d*<<(-?)([^<]+)$/;
const TAKES_HEREDOCS = new Set(['RUN', 'COPY', 'ADD']);

/**
 * The here-documents that an instruction opens, as BuildKit finds them: in RUN, COPY, ADD and
 * ONBUILD of these, not in the exec form, and in no line whose quotes or `${` are not closed. An
 * error where versions of BuildKit differ in whether it opens any.
 */
export function heredocWords(text: string): readonly HeredocWord[] | { readonly error: string } {
  if (!text.includes('<<')) return [];
  const [keyword, rest] = instructionOf(text);
  const [inner, argument] = keyword === 'ONBUILD' ? instructionOf(rest) : [keyword, rest];
  if (!TAKES_HEREDOCS.has(inner)) return [];
  const lexed = lexedWords(text);
  if ('error' in lexed) return lexed;
  const words = lexed.flatMap(heredocOf);
  const array = jsonArray(argument);
  if (array === undefined || words.length === 0) return words;
  return array.isWhole
    ? []
    : {
        error:
          'this line has a here-document after a JSON array, and versions of BuildKit differ in how they read it',
      };
}

function heredocOf(word: string): readonly HeredocWord[] {
  const [, strip, name] = WORD.exec(word) ?? [];
  if (name === undefined) return [];
  const { delimiter, expand } = heredocDelimiter(name);
  return delimiter === '' ? [] : [{ delimiter, expand, strip: strip === '-' }];
}

/** Keyword and arguments of a line, flags left out. */
function instructionOf(text: string): readonly [keyword: string, rest: string] {
  const [word = ''] = text.split(BLANKS, 1);
  const raw = text.slice(word.length).replace(/^[\t\v\f\r ]+/, '');
  return [word.toUpperCase(), trimmed(raw.slice(leadingFlags(raw).rest))];
}

/** Quotes and escapes kept, no variable known; none where a quote or a `${` is not closed. */
function lexedWords(text: string): readonly string[] | { readonly error: string } {
  try {
    return new Lex(text, { escape: '\\', raw: true }).words();
  } catch (error) {
    if (error instanceof TooMuch) return { error: 'variables are nested too deeply' };
    if (error instanceof LexError) return [];
    throw error;
  }
}

/** What ends a here-document: `word` without quotes and escapes; an unquoted one is expanded. */
export function heredocDelimiter(word: string): {
  readonly delimiter: string;
  readonly expand: boolean;
} {
  let delimiter = '';
  let quote = '';
  for (let at = 0; at < word.length; at += 1) {
    const c = word.charAt(at);
    const next = word.charAt(at + 1);
    if (c === '\\' && (quote === '' || (quote === '"' && /["\\$`]/.test(next)))) {
      delimiter += next;
      at += 1;
    } else if (c === quote) quote = '';
    else if (quote === '' && (c === '"' || c === "'")) quote = c;
    else delimiter += c;
  }
  return { delimiter, expand: !/["'\\]/.test(word) };
}
