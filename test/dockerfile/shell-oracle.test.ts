import { execFileSync, spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { flatten } from '../../src/dockerfile/flat-commands.ts';
import { parseShell } from '../../src/dockerfile/shell/parse-shell.ts';
import { analysisOf } from './parse-dockerfile.ts';
import { BEYOND_SHFMT, FORMS, script } from './script-grammar.ts';

const NOWHERE = { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 };

/** The first words of all commands of a script, those of scripts in its words left out. */
function ours(text: string): readonly string[] {
  const parsed = parseShell(text);
  if (!parsed.ok) return [`not read: ${parsed.error.message}`];
  const script = { tree: parsed.value, text, rangeOf: () => NOWHERE };
  const start = { lookup: () => undefined, folder: '', errexit: false, pipefail: false };
  return flatten(script, { ...start, bash: true, ids: { next: 0 } })
    .commands.filter(({ command, isStarted }) => command.depth === undefined && !isStarted)
    .flatMap(({ command: { words } }) => words[0]?.text ?? [])
    .filter((word) => word !== '[[' && word !== '((')
    .sort();
}

interface Node {
  readonly Type?: string;
  readonly Pos?: { readonly Offset: number };
  readonly End?: { readonly Offset: number };
  readonly Args?: readonly Node[];
  readonly Variant?: { readonly Value: string };
}

/** The same of shfmt's tree. */
function theirs(text: string): readonly string[] {
  const json = execFileSync('shfmt', ['-ln=bash', '--to-json'], { input: text, encoding: 'utf8' });
  const found: string[] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const node = value as Node;
    const [first] = node.Type === 'CallExpr' ? (node.Args ?? []) : [];
    if (first !== undefined) found.push(text.slice(first.Pos?.Offset, first.End?.Offset));
    if (node.Type === 'DeclClause') found.push(node.Variant?.Value ?? '');
    if (node.Type === 'LetClause') found.push('let');
    for (const inner of Object.values(value)) walk(inner);
  };
  walk(JSON.parse(json));
  return found.sort();
}

const HAS_SHFMT = spawnSync('shfmt', ['--version']).status === 0;

describe.runIf(HAS_SHFMT)('the commands of a script are those that shfmt finds', () => {
  test.each(FORMS)('%j', (text) => {
    expect(ours(text)).toEqual(theirs(text));
  });

  test('in forms inside each other', () => {
    const texts = fc.sample(script, { numRuns: 300, seed: 11 });
    const differing = texts.filter(
      (text) => JSON.stringify(ours(text)) !== JSON.stringify(theirs(text)),
    );
    expect(differing).toEqual([]);
  }, 60_000);
});

describe('a command that is planted anywhere', () => {
  /** Every `C` asks for an address of its own, so that a place that is not followed is missed. */
  function planted(text: string): { readonly text: string; readonly urls: readonly string[] } {
    const urls: string[] = [];
    const whole = text.replace(/\bC\b/g, () => {
      urls.push(`https://x.org/${urls.length}`);
      return `curl -O ${urls.at(-1) ?? ''}`;
    });
    return { text: whole, urls };
  }

  // What a function does that nobody calls is not done.
  const called = [...FORMS, ...BEYOND_SHFMT].filter(
    // Braces may make options of a word: such a command is unread.
    (text) => !/\bf\b.*[{(i]/.test(text) && !/^function|^let|\{a,b\}/.test(text),
  );
  test.each(called)('is found: %j', (form) => {
    const { text, urls } = planted(form);
    const analysis = analysisOf(`FROM x\nRUN <<'END'\n${text}\nEND`);
    expect(analysis.unread).toEqual([]);
    const found = new Set(analysis.downloads.map(({ url }) => url));
    expect(urls.filter((url) => !found.has(url))).toEqual([]);
  });

  test('bytes of any kind neither throw nor hang', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        parseShell(text);
      }),
      { numRuns: 3000 },
    );
  });
});
