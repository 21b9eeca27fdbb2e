import { Lex, LexError, type Lookup } from './lex.ts';

export type { Lookup } from './lex.ts';

/** A word with its variables put in; names without a known value are listed and left as written. */
interface Substituted {
  readonly value: string;
  readonly unresolved: readonly string[];
}

/** Shell pattern of `#`, `%` and `/` as a regular expression source; bounded, `*` and `?` only. */
function globSource(pattern: string, greedy: boolean): string {
  return pattern
    .slice(0, 256)
    .replace(/\\?[^]/gu, (token) =>
      token === '*'
        ? greedy
          ? '.*'
          : '.*?'
        : token === '?'
          ? '.'
          : token.replace(/^\\(?=.)/s, '').replace(/[.+*?^${}()|[\]\\/]/g, '\\$&'),
    );
}

/** Applies `${NAME<operator>argument}` to a known value; undefined where the form is not known. */
export function applyOperator(
  operator: string,
  value: string | undefined,
  argument: string,
): string | undefined {
  const set = value !== undefined && value !== '';
  switch (operator) {
    case '':
    case ':?':
    case '?':
      return value;
    case ':-':
    case ':=':
      return set ? value : argument;
    case '-':
    case '=':
      return value ?? argument;
    case ':+':
      return set ? argument : '';
    case '+':
      return value === undefined ? '' : argument;
    default:
      return value === undefined ? undefined : applyPattern(operator, value, argument);
  }
}

function applyPattern(operator: string, value: string, argument: string): string | undefined {
  // More than a few stars in a row of patterns would let a hostile file take its time.
  if ((argument.match(/\*/g)?.length ?? 0) > 4 || value.length > 4096) return undefined;
  if (operator === '/' || operator === '//') {
    const [, pattern = '', replacement = ''] =
      /^((?:\\[^]|[^\\/])*)(?:\/([^]*))?$/.exec(argument) ?? [];
    if (pattern === '') return undefined;
    const expression = new RegExp(globSource(pattern, true), operator === '//' ? 'g' : '');
    return value.replace(expression, () => replacement);
  }
  if (operator === '#' || operator === '##')
    return value.replace(new RegExp(`^${globSource(argument, operator === '##')}`), '');
  if (operator !== '%' && operator !== '%%') return undefined;
  // The shortest suffix begins at the last place that matches, the longest at the first.
  const whole = new RegExp(`^${globSource(argument, true)}$`);
  const starts = Array.from({ length: value.length + 1 }, (_, at) => at);
  const at = (operator === '%' ? starts.reverse() : starts).find((s) => whole.test(value.slice(s)));
  return at === undefined ? value : value.slice(0, at);
}

/**
 * Replaces `$NAME`, `${NAME}` and the modifiers of the Dockerfile reference (`:-` `:+` `-` `+` `?`
 * `#` `%` `/`). Quotes and escapes go, as BuildKit does it for instructions that support variables.
 * What it refuses stays as written.
 */
export function substitute(text: string, lookup: Lookup, escape = '\\'): Substituted {
  const applied = (operator: string, value: string | undefined, argument: string, put: string) =>
    applyOperator(operator, value, operator.startsWith('/') ? `${argument}/${put}` : argument);
  const lex = new Lex(text, { escape, lookup, applied });
  try {
    return { value: lex.value(), unresolved: lex.unresolved };
  } catch (error) {
    if (error instanceof LexError) return { value: text, unresolved: [text] };
    throw error;
  }
}
