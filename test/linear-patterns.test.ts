import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { createContext, Script } from 'node:vm';
import { type AST, RegExpParser } from '@eslint-community/regexpp';
import ts from 'typescript';
import { expect, test } from 'vitest';

/**
 * Each pattern of `src` is run on long texts made from its own letters: what comes before a
 * repetition, again and again, where each may be the start of a match. ESLint's rules see some of
 * those; this sees what the engine does. A linear pattern takes about a millisecond, a quadratic
 * one many seconds, so that how busy the machine is makes no difference.
 */
const SRC = resolve(import.meta.dirname, '../src');
const LENGTH = 100_000;
const MOST_MS = 1000;
/** A repetition that ends here is as good as one without an end. */
const LONG = 1000;

/**
 * The longest text that patterns of a file are run on, where that is shorter: paths, which Linux
 * keeps below 4096 bytes, numbers, words of a command.
 */
const LONGEST: Readonly<Record<string, number>> = {
  'reproduce/causes.txt': 4096,
  'facts/packages/jar.ts': 4096,
  'facts/secrets/credential-files.ts': 4096,
  'model/build-analysis.ts': 4096,
  'model/secret-names.ts': 200,
  'model/template.ts': 2048,
  'lib/text.ts': 400,
  'normalize/rules/path-rules.ts': 4096,
  'normalize/rules/pnpm-dates.ts': 4096,
  'programs/kinds.ts': 4096,
  'criteria/runtime-command.ts': 200,
};
/** What RUNs do is about to be read by short forms alone. */
const OF_RUNS = /^(?:dockerfile\/analysis|programs)\//;

interface Pattern {
  readonly file: string;
  readonly source: string;
  readonly flags: string;
}

function* filesIn(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesIn(path);
    else if (/\.tsx?$|^causes\.txt$/.test(entry.name)) yield path;
  }
}

/** Tables of text have a pattern in some lines of a row, by the end of their file's path. */
const ROWS: Readonly<Record<string, RegExp>> = {
  'facts/secrets/credential-files.ts': /^ {2}(?! )(?:[gim]{1,3} |[^|\n]* \| )(.+)$/gm,
  'facts/secrets/secret-rules.ts': /^ {2}\/(.+)\/([a-z]+)$/gm,
  'facts/secrets/service-rules.ts': /^ {2}\/(.+)\/([a-z]+)$/gm,
  'model/build-analysis.ts': /^[a-z]+ (\S+\$)$/gm,
  'model/secret-names.ts': /^ {2}([A-Z_^(]\S+)$/gm,
  'model/template.ts': /^ {2}(\^.+\$)$/gm,
  'reproduce/causes.txt':
    /^(?:[a-z-]+(?: \{[a-z ]+\})? \|i? | {2}\[[a-z ]*\]~?i? |[A-Z_]+ = (?=[\\(]))(.+)$/gm,
};

function rowsOf(path: string): RegExp {
  return ROWS[relative(SRC, path)] ?? /(?!)/g;
}

function* patternsOf(path: string): Generator<Pattern> {
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest);
  const found: Pattern[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/');
      const [source, flags] = [node.text.slice(1, end), node.text.slice(end + 1)];
      found.push({ file: relative(SRC, path), source, flags });
    }
    ts.forEachChild(node, visit);
  };
  if (!path.endsWith('.txt')) visit(file);
  for (const [, source = '', flags = ''] of file.text.matchAll(rowsOf(path)))
    found.push({ file: relative(SRC, path), source, flags });
  yield* found;
}

const LETTERS = Array.from(
  'a0A _-./:=,;"\'@#$%&?!*+<>()[]{}|\\~^`\n\t\r' +
    'bcdefghijklmnopqrstuvwxyzBCDEFGHIJKLMNOPQRSTUVWXYZ123456789\0é€',
);

/** What a class of letters has; `first` are tried before others. */
function letterOf(element: AST.Element, flags: string, first: string): string {
  const one = new RegExp(`^(?:${element.raw})$`, flags.replace(/[gym]/g, ''));
  return [...Array.from(first), ...LETTERS].find((letter) => one.test(letter)) ?? '';
}

/** A short text that the element matches, of the letters in `first` where it may be. */
function sample(element: AST.Element, flags: string, first: string): string {
  switch (element.type) {
    case 'Character':
      return String.fromCodePoint(element.value);
    case 'CharacterClass':
    case 'CharacterSet':
    case 'ExpressionCharacterClass':
      return letterOf(element, flags, first);
    case 'Group':
    case 'CapturingGroup':
      return texts(element.alternatives, flags, first)[0] ?? '';
    case 'Quantifier':
      return sample(element.element, flags, first).repeat(Math.min(element.min, 100));
    case 'Assertion':
    case 'Backreference':
      return '';
  }
}

function texts(all: readonly AST.Alternative[], flags: string, first: string): readonly string[] {
  return all.map(({ elements }) => elements.map((one) => sample(one, flags, first)).join(''));
}

/** What comes before a node in the whole pattern. */
function before(node: AST.Node, flags: string, first: string): string {
  const { parent } = node;
  if (parent === null || parent.type === 'Pattern') return '';
  if (parent.type === 'Alternative') {
    const at = parent.elements.indexOf(node as AST.Element);
    const own = parent.elements.slice(0, at).map((one) => sample(one, flags, first));
    return before(parent, flags, first) + own.join('');
  }
  return before(parent, flags, first);
}

function repetitionsIn(node: AST.Node): readonly AST.Quantifier[] {
  if (node.type === 'Quantifier')
    return [...(node.max >= LONG ? [node] : []), ...repetitionsIn(node.element)];
  if (node.type === 'Alternative') return node.elements.flatMap(repetitionsIn);
  return 'alternatives' in node ? node.alternatives.flatMap(repetitionsIn) : [];
}

function attacks({ source, flags }: Pattern): ReadonlySet<string> {
  const ast = new RegExpParser().parsePattern(source, 0, source.length, {
    unicode: flags.includes('u'),
    unicodeSets: flags.includes('v'),
  });
  const found = new Set<string>();
  for (const repetition of repetitionsIn(ast)) {
    const inner = [sample(repetition.element, flags, ''), sample(repetition.element, flags, ' \t')];
    for (const unit of inner)
      for (const first of ['', unit, ' \t', '\n']) {
        const start = before(repetition, flags, first);
        for (const one of [start, start + unit, start + unit.repeat(12), unit])
          if (one !== '') found.add(one);
        // One start, and then all of the rest is gone through again for each part of it.
        if (start !== '' && unit !== '') found.add(`${start}\u0000${unit}`);
      }
  }
  return found;
}

function textOf(attack: string, length: number): string {
  const at = attack.length > 1 ? attack.indexOf('\0') : -1;
  const repeated = attack.slice(at + 1) || '\0';
  return `${attack.slice(0, Math.max(0, at))}${repeated.repeat(Math.ceil(length / repeated.length))}\u0001`;
}

const context = createContext({ pattern: /a/, text: '' });
const run = new Script(
  "pattern.flags.includes('g') ? text.replace(pattern, '') : pattern.exec(text)",
);

/** True where a match does not end in its time. The engine of patterns itself can be stopped. */
function isSlow({ source, flags }: Pattern, text: string): boolean {
  Object.assign(context, { pattern: new RegExp(source, flags), text });
  try {
    run.runInContext(context, { timeout: MOST_MS });
    return false;
  } catch {
    return true;
  }
}

/** The first attack that takes more than its time, also when it is tried again. */
function slowAttack(
  pattern: Pattern,
  length = OF_RUNS.test(pattern.file) ? 4096 : (LONGEST[pattern.file] ?? LENGTH),
): string | undefined {
  return [...attacks(pattern)].find((attack) => {
    const text = textOf(attack, length);
    return isSlow(pattern, text) && isSlow(pattern, text);
  });
}

const all = [...filesIn(SRC)].flatMap((path) => [...patternsOf(path)]);

test('finds the patterns of the source', () => {
  expect(all.length).toBeGreaterThan(900);
});

test.each([
  [String.raw`eyJ[\w-]{10,}\.eyJ[\w-]+`, 'g'],
  [String.raw`\s+$`, ''],
  [String.raw`<!--[^]*?-->`, 'g'],
  [String.raw`(?:a+)+$`, ''],
])('sees that /%s/%s is not', (source, flags) => {
  // Long enough for any machine: what takes the square of a length takes 16 times as long.
  expect(slowAttack({ file: '', source, flags }, 4 * LENGTH)).toBeDefined();
});

test('no pattern takes more than linear time on texts of others', () => {
  const slow = all.flatMap((pattern) => {
    const shown = `${pattern.file}: /${pattern.source}/${pattern.flags}`;
    const found = slowAttack(pattern);
    return found === undefined ? [] : [`${shown}  ${JSON.stringify(found)}`];
  });
  expect(slow).toEqual([]);
}, 600_000);
