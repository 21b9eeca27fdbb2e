import type { SourceRange } from '../model/dockerfile.ts';

export interface Directives {
  readonly escape: '\\' | '`';
  /** Why BuildKit refuses the directives; the line counts from 1. */
  readonly refusal?: { readonly message: string; readonly line: number };
  readonly syntax?: { readonly text: string; readonly range: SourceRange };
}

/** The blanks are Go's `unicode.IsSpace`, which newer BuildKits skip; older ones skip fewer. */
const DIRECTIVE =
  /^(#|\/\/)[\s\u0085]*([A-Za-z][A-Za-z0-9]*)[\s\u0085]*=[\s\u0085]*([^\s\u0085].*)$/;
const PLAIN = /^#[ \t]*\w+[ \t]*=[ \t]*\S/;

/**
 * Parser directives (`# syntax=`, `# escape=`, `# check=`): comments of that form at the very top,
 * before any blank line, other comment or instruction. A `#!` line may stand before them. Where `#`
 * names no frontend, BuildKit looks for `// syntax=` (moby/buildkit,
 * frontend/dockerfile/parser/directives.go). `given` is the frontend that the build argument
 * `BUILDKIT_SYNTAX` names, which counts before the file.
 */
export function parseDirectives(text: string, given?: string): Directives {
  const own = directivesBy('#', text);
  const syntax =
    given === undefined || given === ''
      ? (own.syntax ?? directivesBy('//', text).syntax)
      : { text: given.split(' ')[0] ?? '', range: FIRST };
  return { ...own, ...(syntax === undefined ? {} : { syntax }) };
}

const FIRST: SourceRange = { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 };

function directivesBy(mark: '#' | '//', text: string): Directives {
  let escape: Directives['escape'] = '\\';
  let syntax: Directives['syntax'];
  let refusal: Directives['refusal'];
  const seen = new Set<string>();
  const lines = text.split('\n', 64);
  const first = lines[0]?.startsWith('#!') === true ? 1 : 0;
  for (let index = first; index < lines.length; index += 1) {
    const line = (lines[index] ?? '').replace(/\r$/, '');
    const [, by, word = '', value = ''] = DIRECTIVE.exec(line.trim()) ?? [];
    const name = word.toLowerCase();
    if (by !== mark || !/^(?:syntax|escape|check)$/.test(name)) break;
    const message =
      seen.has(name) && name !== 'check'
        ? `only one ${name} parser directive can be used`
        : name === 'escape' && value !== '`' && value !== '\\'
          ? `the escape character is a backslash or a backtick, not ${value}`
          : PLAIN.test(line.trim())
            ? undefined
            : `a blank around ${name} that not every BuildKit takes for one`;
    if (message !== undefined) refusal ??= { message, line: index + 1 };
    seen.add(name);
    if (name === 'escape' && value === '`') escape = '`';
    if (name === 'syntax' && syntax === undefined) {
      // BuildKit takes the first word; what follows is for the frontend.
      const text = value.split(/\s/)[0] ?? '';
      const startColumn = line.indexOf(value) + 1;
      const endColumn = startColumn + text.length;
      const range = { startLine: index + 1, startColumn, endLine: index + 1, endColumn };
      syntax = { text, range };
    }
  }
  return {
    escape,
    ...(refusal === undefined ? {} : { refusal }),
    ...(syntax === undefined ? {} : { syntax }),
  };
}
