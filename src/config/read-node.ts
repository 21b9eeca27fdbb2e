import type * as Yaml from 'yaml';
import { didYouMean } from '../model/did-you-mean.ts';
import { ownValue } from '../model/lookup.ts';
import type { ConfigProblem } from './problem.ts';
import { LONGEST_STRING, MOST_ITEMS, type SettingField, type SettingType } from './setting-spec.ts';

/** A settings value that was checked against its type, without defaults. */
export type SettingValue =
  string | boolean | number | readonly SettingValue[] | { readonly [key: string]: SettingValue };

/** What reading a document shares: its source, its problems, how much may still be visited. */
export interface Reading {
  readonly yaml: typeof Yaml;
  readonly document: Yaml.Document;
  readonly locate: (offset: number) => { readonly line: number; readonly column: number };
  readonly file: string;
  readonly problems: ConfigProblem[];
  /** Aliases that may yet be followed: they enlarge small files, each costs a document walk. */
  aliasesLeft: number;
  /** Of a list or mapping; a thousand where it is not said. */
  readonly mostItems?: number;
}

const MOST_PROBLEMS = 100;

type Node = Yaml.ParsedNode | null;

/** The node's value by its type, or undefined with a problem noted. `path` names it in messages. */
export function readNode(
  given: Node,
  type: SettingType,
  path: string,
  reading: Reading,
): SettingValue | undefined {
  const node = resolved(given, reading);
  switch (type.kind) {
    case 'object':
      return readObject(node, type.fields, path, reading);
    case 'map':
      return readMap(node, type, path, reading);
    case 'list':
      return readList(node, type.of, path, reading);
    case 'string':
    case 'boolean':
    case 'integer':
    case 'choice':
      return readScalar(node, type, path, reading);
  }
}

/** Notes a problem at the node, or at the file's start without one. Always gives undefined. */
export function report(node: Node, message: string, reading: Reading): SettingValue | undefined {
  if (reading.problems.length >= MOST_PROBLEMS) return undefined;
  const { line, column } = reading.locate(node?.range[0] ?? 0);
  reading.problems.push({ file: reading.file, line, column, message });
  return undefined;
}

/** The same at a path of keys and indices, for problems found after the document was read. */
export function reportAt(
  path: readonly (string | number)[],
  message: string,
  reading: Reading,
): void {
  const node: unknown = reading.document.getIn(path, true);
  report(reading.yaml.isNode(node) ? (node as Node) : null, message, reading);
}

function resolved(node: Node, reading: Reading): Node {
  const { yaml, document } = reading;
  if (!yaml.isAlias(node)) return node;
  if (reading.aliasesLeft <= 0) return null;
  reading.aliasesLeft--;
  if (reading.aliasesLeft === 0) report(node, 'too many aliases', reading);
  return (node.resolve(document) as Node | undefined) ?? null;
}

function readObject(
  node: Node,
  fields: Readonly<Record<string, SettingField>>,
  path: string,
  reading: Reading,
): SettingValue | undefined {
  const pairs = pairsOf(node, path, reading);
  if (pairs === undefined) return undefined;
  const value: Record<string, SettingValue> = {};
  for (const { key, name, item } of pairs) {
    const field = ownValue(fields, name);
    if (field === undefined) {
      report(key, unknownKey(name, path, Object.keys(fields)), reading);
      continue;
    }
    if (isLeftEmpty(item, field.type, reading)) continue;
    const read = readNode(item, field.type, joined(path, name), reading);
    if (read !== undefined) value[name] = read;
  }
  for (const [name, field] of Object.entries(fields))
    if (field.required === true && !pairs.some((pair) => pair.name === name))
      report(node, `${path} lacks ${name}`, reading);
  return value;
}

function readMap(
  node: Node,
  type: Extract<SettingType, { kind: 'map' }>,
  path: string,
  reading: Reading,
): SettingValue | undefined {
  const pairs = pairsOf(node, path, reading);
  if (pairs === undefined) return undefined;
  const entries: [string, SettingValue][] = [];
  for (const { key, name, item } of pairs) {
    if (!type.keyPattern.test(name) || name === '__proto__')
      report(key, `${path}: ${quote(name)} is not ${type.keyExpects}`, reading);
    const read = readNode(item, type.of, joined(path, name), reading);
    if (read !== undefined) entries.push([name, read]);
  }
  return Object.fromEntries(entries);
}

function readList(
  node: Node,
  of: SettingType,
  path: string,
  reading: Reading,
): SettingValue | undefined {
  if (!reading.yaml.isSeq(node)) return report(node, `${path} must be a list`, reading);
  const most = reading.mostItems ?? MOST_ITEMS;
  if (node.items.length > most) return report(node, `${path} has more than ${most} items`, reading);
  return node.items.flatMap((item, i) => {
    const read = readNode(item, of, `${path}[${i}]`, reading);
    return read === undefined ? [] : [read];
  });
}

function readScalar(
  node: Node,
  type: Extract<SettingType, { kind: 'string' | 'boolean' | 'integer' | 'choice' }>,
  path: string,
  reading: Reading,
): SettingValue | undefined {
  const value: unknown = reading.yaml.isScalar(node) ? node.value : undefined;
  const wrong = (expects: string): SettingValue | undefined =>
    report(node, `${path} must be ${expects}${shown(value)}`, reading);
  switch (type.kind) {
    case 'boolean':
      return typeof value === 'boolean' ? value : wrong('true or false');
    case 'integer':
      return typeof value === 'number' &&
        Number.isInteger(value) &&
        value >= type.minimum &&
        value <= type.maximum
        ? value
        : wrong(`a whole number from ${type.minimum} to ${type.maximum}`);
    case 'choice': {
      if (typeof value === 'string' && type.choices.includes(value)) return value;
      const near = typeof value === 'string' ? didYouMean(value, type.choices) : undefined;
      return wrong(`one of ${type.choices.join(', ')}${near === undefined ? '' : ` (${near}?)`}`);
    }
    case 'string':
      if (typeof value !== 'string')
        return wrong(value === undefined ? 'text' : 'text; put it in quotes');
      if (value === '' || value.length > LONGEST_STRING)
        return wrong(`text of 1 to ${LONGEST_STRING} characters`);
      return type.pattern === undefined || type.pattern.test(value)
        ? value
        : wrong(type.expects ?? 'well-formed');
  }
}

interface Pair {
  readonly key: Node;
  readonly name: string;
  readonly item: Node;
}

/** The pairs of a mapping; those with a key that is no text are noted and left out. */
function pairsOf(node: Node, path: string, reading: Reading): readonly Pair[] | undefined {
  const { yaml } = reading;
  const called = path === '' ? 'the file' : path;
  if (!yaml.isMap(node)) {
    report(node, `${called} must be a mapping of keys`, reading);
    return undefined;
  }
  const most = reading.mostItems ?? MOST_ITEMS;
  if (node.items.length > most) {
    report(node, `${called} has more than ${most} keys`, reading);
    return undefined;
  }
  const seen = new Set<string>();
  return node.items.flatMap((pair) => {
    const { key } = pair;
    const name: unknown = yaml.isScalar(key) ? key.value : undefined;
    if (typeof name !== 'string') {
      report(key, `${called}: keys must be text`, reading);
      return [];
    }
    if (seen.has(name)) {
      report(key, 'Map keys must be unique', reading);
      return [];
    }
    seen.add(name);
    return [{ key, name, item: pair.value }];
  });
}

function unknownKey(name: string, path: string, known: readonly string[]): string {
  const near = didYouMean(name, known);
  const where = path === '' ? '' : ` in ${path}`;
  const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
  return `unknown key ${quote(name)}${where}; ${hint}`;
}

/** `gate:` with nothing below it, its lines commented out, is a group that was not given. */
function isLeftEmpty(item: Node, type: SettingType, { yaml }: Reading): boolean {
  const isNull = item === null || (yaml.isScalar(item) && item.value === null);
  return isNull && ['object', 'map', 'list'].includes(type.kind);
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function shown(value: unknown): string {
  if (value === undefined) return '';
  return `, not ${quote(typeof value === 'string' ? value : JSON.stringify(value))}`;
}

/** Quoted and cut short, with control characters escaped and passwords in addresses masked. */
function quote(text: string): string {
  const masked = text.slice(0, 200).replaceAll(/:\/\/[^/@]*@/g, '://****@');
  return JSON.stringify(masked.length > 60 ? `${masked.slice(0, 60)}…` : masked);
}
