import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { err, ok, type Result } from '../../model/result.ts';

/** What config.json says of the builder. */
interface BuilderAlias {
  /** Whether there is an object `aliases`. */
  readonly aliases: boolean;
  /** The value of `aliases.builder` as it is written; undefined where there is none. */
  readonly builder: string | undefined;
}

interface Places {
  readonly root: Node;
  readonly aliases: Node | undefined;
  readonly builder: Node | undefined;
}

/** Reads what Docker's config.json says of the builder. An error names line and column. */
export function readBuilderAlias(text: string): Result<BuilderAlias> {
  const found = places(text);
  if (!found.ok) return found;
  const { aliases, builder } = found.value;
  return ok({
    aliases: aliases !== undefined,
    builder: builder === undefined ? undefined : textOf(valueOf(builder), text),
  });
}

/** The same text with `aliases.builder` set to `name`; every other byte stays. */
export function withBuilderAlias(text: string, name: string): Result<string> {
  const value = JSON.stringify(name);
  const found = places(text);
  if (!found.ok) return found;
  const { root, aliases, builder } = found.value;
  if (builder !== undefined) return ok(replaced(text, valueOf(builder), value));
  if (aliases !== undefined)
    return ok(withProperty(text, valueOf(aliases), () => `"builder": ${value}`));
  return ok(
    withProperty(text, root, (indent) => {
      if (indent === undefined) return `"aliases": {"builder": ${value}}`;
      const line = lineEnd(text) + indent;
      return `"aliases": {${line}${indent}"builder": ${value}${line}}`;
    }),
  );
}

/** The text with its earlier `aliases.builder`; `before` is what readBuilderAlias gave then. */
export function withoutBuilderAlias(text: string, before: BuilderAlias): Result<string> {
  const found = places(text);
  if (!found.ok) return found;
  const { root, aliases, builder } = found.value;
  if (aliases === undefined || builder === undefined) return ok(text);
  if (before.builder !== undefined) return ok(replaced(text, valueOf(builder), before.builder));
  const isOnlyOne = (valueOf(aliases).children?.length ?? 0) === 1;
  return isOnlyOne && !before.aliases
    ? ok(withoutProperty(text, root, aliases))
    : ok(withoutProperty(text, valueOf(aliases), builder));
}

function places(text: string): Result<Places> {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: true });
  const [first] = errors;
  if (first !== undefined) return err(`${at(text, first.offset)}: ${saying(first)}`);
  if (root?.type !== 'object') return err('line 1, column 1: it is not a JSON object');
  const aliases = propertyOf(root, 'aliases', text);
  if (!aliases.ok) return aliases;
  if (aliases.value === undefined) return ok({ root, aliases: undefined, builder: undefined });
  const value = valueOf(aliases.value);
  if (value.type !== 'object') return err(`${at(text, value.offset)}: "aliases" is not an object`);
  const builder = propertyOf(value, 'builder', text);
  if (!builder.ok) return builder;
  return ok({ root, aliases: aliases.value, builder: builder.value });
}

function propertyOf(object: Node, name: string, text: string): Result<Node | undefined> {
  const found = (object.children ?? []).filter(
    (property) => property.children?.[0]?.value === name,
  );
  const [first, second] = found;
  if (second !== undefined) return err(`${at(text, second.offset)}: "${name}" is there twice`);
  return ok(first);
}

function valueOf(property: Node): Node {
  const value = property.children?.[1];
  if (value === undefined) throw new Error('a property without a value parsed');
  return value;
}

function textOf({ offset, length }: Node, text: string): string {
  return text.slice(offset, offset + length);
}

function replaced(text: string, { offset, length }: Node, by: string): string {
  return text.slice(0, offset) + by + text.slice(offset + length);
}

/** Adds a property after an object's last, on its own line if that has one, with its `indent`. */
function withProperty(
  text: string,
  object: Node,
  property: (indent: string | undefined) => string,
): string {
  const last = object.children?.at(-1);
  if (last === undefined) {
    const inside = object.offset + 1;
    return text.slice(0, inside) + property(undefined) + text.slice(inside);
  }
  const indent = /(?:^|\n)([ \t]*)$/.exec(text.slice(0, last.offset))?.[1];
  const end = last.offset + last.length;
  const gap = indent === undefined ? ' ' : lineEnd(text) + indent;
  return `${text.slice(0, end)},${gap}${property(indent)}${text.slice(end)}`;
}

/** Removes a property with the comma and space before it, or after it for the first of several. */
function withoutProperty(text: string, object: Node, property: Node): string {
  const siblings = object.children ?? [];
  const index = siblings.indexOf(property);
  const before = siblings[index - 1];
  const after = siblings[index + 1];
  const from = before === undefined ? property.offset : before.offset + before.length;
  const to =
    before === undefined && after !== undefined ? after.offset : property.offset + property.length;
  return text.slice(0, from) + text.slice(to);
}

function lineEnd(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}

function at(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

function saying({ error }: ParseError): string {
  return printParseErrorCode(error)
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
}
