import type * as Yaml from 'yaml';
import { err, ok, type Result } from '../lib/errors.ts';
import { didYouMean } from '../lib/text.ts';
import { isOf, type Schema } from './schema.ts';

/** One thing that is wrong with a settings file. Lines and columns start at 1. */
export interface ConfigProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export function formatProblem(problem: ConfigProblem): string {
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`;
}

/** Code that ajv made from a schema when the command was bundled (scripts/bundle/plugins.mjs). */
export interface SchemaCheck {
  (value: unknown): boolean;
  errors?: readonly SchemaError[] | null;
}

interface SchemaError {
  readonly keyword: string;
  /** A JSON pointer into the value; `schemaPath` one into the schema, with `#` before it. */
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly params: Readonly<
    Partial<Record<'missingProperty' | 'additionalProperty' | 'propertyName', string>>
  >;
}

export interface CheckedDocument {
  readonly value: unknown;
  readonly problemAt: (path: Path, message: string) => ConfigProblem;
}

type Path = readonly (string | number)[];

interface DocumentKind {
  readonly schema: Schema;
  readonly check: () => Promise<{ readonly default: SchemaCheck }>;
  /** In characters. */
  readonly longest: number;
  /** Aliases enlarge small files. */
  readonly mostAliases: number;
  readonly mayBeEmpty?: true;
}

const MOST_PROBLEMS = 100;
const TOO_DEEP = 'nested too deeply';

/**
 * Reads a YAML 1.2 document by its schema. Every syntax error, unknown key, wrong type, bad value
 * and duplicate key is a problem with line and column; the first hundred are kept. `key:` with
 * nothing below it, its lines commented out, is a group or list that was not given. The parser is
 * loaded here, so that other commands never pay for it.
 */
export async function readDocument(
  text: string,
  file: string,
  kind: DocumentKind,
): Promise<Result<CheckedDocument, readonly ConfigProblem[]>> {
  const atStart = (message: string) => err([{ file, line: 1, column: 1, message }]);
  if (text.length > kind.longest) return atStart(`longer than ${kind.longest} characters`);
  const [yaml, { default: check }] = await Promise.all([import('yaml'), kind.check()]);
  try {
    return readYaml(yaml, text, file, check, kind);
  } catch (thrown) {
    if (thrown instanceof RangeError) return atStart(TOO_DEEP);
    throw thrown;
  }
}

export function syntaxMessage({ code, message }: Yaml.YAMLError): string {
  return code === 'RESOURCE_EXHAUSTION' ? TOO_DEEP : (message.split('\n', 1)[0] ?? '');
}

function readYaml(
  yaml: typeof Yaml,
  text: string,
  file: string,
  check: SchemaCheck,
  { schema, mostAliases, mayBeEmpty }: DocumentKind,
): Result<CheckedDocument, readonly ConfigProblem[]> {
  const lineCounter = new yaml.LineCounter();
  // Duplicate keys are looked for below: the parser's own search takes the square of their number.
  const options = { lineCounter, prettyErrors: false, uniqueKeys: false };
  const document = yaml.parseDocument(text, options);
  const problem = (offset: number, message: string): ConfigProblem => {
    const { line, col } = lineCounter.linePos(offset);
    return { file, line: Math.max(line, 1), column: Math.max(col, 1), message };
  };
  const syntax = [...document.errors, ...document.warnings].map((error) =>
    problem(error.pos[0], syntaxMessage(error)),
  );
  if (syntax.length > 0) return err(syntax.slice(0, MOST_PROBLEMS));
  const problems = keyAndAliasProblems(yaml, document, mostAliases, problem);
  if (problems.length > 0) return err(problems.slice(0, MOST_PROBLEMS));
  const [value, bomb] = valueOf(document);
  if (bomb !== undefined) return err([problem(0, bomb)]);
  const positions = { yaml, document };
  const problemAt: CheckedDocument['problemAt'] = (path, message) =>
    problem(nodeAt(positions, path)?.range[0] ?? 0, message);
  if (value === null && mayBeEmpty === true) return ok({ value: undefined, problemAt });
  if (check(value)) return ok({ value: withoutEmpty(value), problemAt });
  const seen = new Set<string>();
  const found = (check.errors ?? []).flatMap((error): ConfigProblem[] => {
    const isOfKey = error.schemaPath.includes('/propertyNames/');
    const isMore = !['required', 'additionalProperties', 'propertyNames'].includes(error.keyword);
    if (isOfKey || seen.size >= MOST_PROBLEMS || (isMore && seen.has(error.instancePath)))
      return [];
    if (isMore) seen.add(error.instancePath);
    const path = pathOf(value, error.instancePath);
    const key = error.params.additionalProperty ?? error.params.propertyName;
    const node = nodeAt(positions, path, key);
    return [problem(node?.range[0] ?? 0, messageOf(error, path, valueAt(value, path), schema))];
  });
  return err(found.toSorted((a, b) => a.line - b.line || a.column - b.column));
}

type Node = Yaml.ParsedNode;

/** What the parser takes and we refuse: keys twice or not text, too many aliases. */
function keyAndAliasProblems(
  yaml: typeof Yaml,
  document: Yaml.Document,
  mostAliases: number,
  problem: (offset: number, message: string) => ConfigProblem,
): readonly ConfigProblem[] {
  const found: ConfigProblem[] = [];
  let aliases = 0;
  yaml.visit(document, {
    Alias: (_, { range }) => {
      if (++aliases <= mostAliases) return undefined;
      found.push(problem(range?.[0] ?? 0, mostAliases === 0 ? 'aliases are not taken' : TOO_MANY));
      return yaml.visit.BREAK;
    },
    Map: (_, { items }) => {
      const seen = new Set<string>();
      for (const { key } of items as readonly Yaml.Pair<Node | null>[]) {
        const name: unknown = yaml.isScalar(key) ? key.value : undefined;
        const note = (message: string) => found.push(problem(key?.range[0] ?? 0, message));
        if (typeof name !== 'string') note('keys must be text');
        else if (seen.has(name)) note('Map keys must be unique');
        else if (name === '__proto__') note('"__proto__" is not a key');
        else seen.add(name);
      }
    },
  });
  return found;
}

const TOO_MANY = 'too many aliases';

/** The document as values, or why not: aliases make it too large, or contain themselves. */
function valueOf(document: Yaml.Document): readonly [value: unknown, bomb?: string] {
  try {
    return [document.toJS()];
  } catch (thrown) {
    if (!(thrown instanceof ReferenceError)) throw thrown;
    return [undefined, thrown.message.startsWith('Excessive') ? TOO_MANY : thrown.message];
  }
}

/** The node at a path, or its key's; the last one on the way where there is none. */
function nodeAt(
  { yaml, document }: { readonly yaml: typeof Yaml; readonly document: Yaml.Document },
  path: Path,
  key?: string,
): Node | undefined {
  const resolved = (node: unknown): unknown => (yaml.isAlias(node) ? node.resolve(document) : node);
  let at = document.contents as Node | undefined;
  const child = (name: string | number): Yaml.Pair<Node, Node | null> | undefined => {
    const node = resolved(at);
    return yaml.isMap<Node, Node | null>(node)
      ? node.items.find((pair) => yaml.isScalar(pair.key) && pair.key.value === name)
      : undefined;
  };
  for (const name of path) {
    const node = resolved(at);
    const next = yaml.isSeq(node) ? node.items[Number(name)] : child(name)?.value;
    if (next === undefined || next === null) return at;
    at = next as Node;
  }
  return key === undefined ? at : (child(key)?.key ?? at);
}

function pathOf(value: unknown, pointer: string): Path {
  const names = pointer.split('/').slice(1);
  const path: (string | number)[] = [];
  for (const name of names) {
    const key = name.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(valueAt(value, path)) ? Number(key) : key);
  }
  return path;
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce((at, name) => (at as Readonly<Record<string | number, unknown>>)[name], value);
}

/** Groups and lists that were left empty count as missing. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(entries.map(([name, one]) => [name, withoutEmpty(one)] as const));
}

function messageOf(error: SchemaError, path: Path, value: unknown, root: Schema): string {
  const { keyword, params } = error;
  const schema = schemaOf(root, error.schemaPath);
  const name = path.reduce<string>(
    (all, one) => (typeof one === 'number' ? `${all}[${one}]` : all === '' ? one : `${all}.${one}`),
    '',
  );
  const called = name === '' ? 'the file' : name;
  switch (keyword) {
    case 'required':
      return `${called} lacks ${params.missingProperty ?? ''}`;
    case 'additionalProperties': {
      const known = Object.keys(schema.properties ?? {});
      const near = didYouMean(params.additionalProperty ?? '', known);
      const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
      return `unknown key ${quote(params.additionalProperty ?? '')}${name === '' ? '' : ` in ${name}`}; ${hint}`;
    }
    case 'propertyNames':
      return `${called}: ${quote(params.propertyName ?? '')} is not ${schema.propertyNames?.['x-expects'] ?? 'a key'}`;
    case 'maxItems':
      return `${called} has more than ${schema.maxItems ?? 0} items`;
    case 'maxProperties':
      return `${called} has more than ${schema.maxProperties ?? 0} keys`;
    default:
      return `${called} must be ${expected(schema, keyword, value)}`;
  }
}

/** The part of a schema that an error is about: the pointer's last step is the keyword. */
function schemaOf(root: Schema, pointer: string): Schema {
  const steps = pointer.split('/').slice(1, -1);
  return valueAt(
    root,
    steps.map((step) => decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')),
  ) as Schema;
}

function expected(schema: Schema, keyword: string, value: unknown): string {
  if (isOf(schema, 'object')) return 'a mapping of keys';
  if (isOf(schema, 'array')) return 'a list';
  const isWord = value !== null && typeof value !== 'object';
  const not = isWord
    ? `, not ${quote(typeof value === 'string' ? value : JSON.stringify(value))}`
    : '';
  if (schema.enum !== undefined) {
    const near = typeof value === 'string' ? didYouMean(value, schema.enum) : undefined;
    return `one of ${schema.enum.join(', ')}${near === undefined ? '' : ` (${near}?)`}${not}`;
  }
  const { minimum = 0, maximum = 0, minLength = 0, maxLength = 0 } = schema;
  if (isOf(schema, 'boolean')) return `true or false${not}`;
  if (isOf(schema, 'integer')) return `a whole number from ${minimum} to ${maximum}${not}`;
  if (keyword === 'type') return isWord ? `text; put it in quotes${not}` : 'text';
  if (keyword !== 'pattern') return `text of ${minLength} to ${maxLength} characters${not}`;
  return `${schema['x-expects'] ?? 'well-formed'}${not}`;
}

/** Quoted and cut short, with control characters escaped and passwords in addresses masked. */
function quote(text: string): string {
  const masked = text.slice(0, 200).replaceAll(/:\/\/[^/@]*@/g, '://****@');
  return JSON.stringify(masked.length > 60 ? `${masked.slice(0, 60)}…` : masked);
}
