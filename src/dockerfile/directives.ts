import type { SourceRange } from '../model/dockerfile.ts';

export interface Directives {
  readonly escape: '\\' | '`';
  /** Why BuildKit refuses the directives; the line counts from 1. */
  readonly refusal?: { readonly message: string; readonly line: number };
  readonly syntax?: { readonly text: string; readonly range: SourceRange };
}

const DIRECTIVE = /^#[ \t]*([A-Za-z][A-Za-z0-9]*)[ \t]*=[ \t]*(\S.*)$/;

/**
 * Parser directives (`# syntax=`, `# escape=`, `# check=`): comments of that form at the very top, before any
 * blank line, other comment or instruction. A `#!` line may stand before them.
 */
export function parseDirectives(text: string): Directives {
  let escape: Directives['escape'] = '\\';
  let syntax: Directives['syntax'];
  let refusal: Directives['refusal'];
  const seen = new Set<string>();
  const lines = text.split('\n', 64);
  const first = lines[0]?.startsWith('#!') === true ? 1 : 0;
  for (let index = first; index < lines.length; index += 1) {
    const line = (lines[index] ?? '').replace(/\r$/, '');
    const found = DIRECTIVE.exec(line.trim());
    if (found === null) break;
    const name = (found[1] ?? '').toLowerCase();
    const value = found[2] ?? '';
    if (!/^(?:syntax|escape|check)$/.test(name)) break;
    const message =
      seen.has(name) && name !== 'check'
        ? `only one ${name} parser directive can be used`
        : name === 'escape' && value !== '`' && value !== '\\'
          ? `the escape character is a backslash or a backtick, not ${value}`
          : undefined;
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
