import {
  applyEdits,
  modify,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from 'jsonc-parser';
import { err, ok, type Result } from '../../model/result.ts';

/** What config.json says of the builder. */
interface BuilderAlias {
  /** Whether there is an object `aliases`. */
  readonly aliases: boolean;
  /** The value of `aliases.builder` as it is written; undefined where there is none. */
  readonly builder: string | undefined;
}

interface Values {
  readonly aliases: Node | undefined;
  readonly builder: Node | undefined;
}

const BUILDER = ['aliases', 'builder'];

/** Reads what Docker's config.json says of the builder. An error names line and column. */
export function readBuilderAlias(text: string): Result<BuilderAlias> {
  const found = values(text);
  if (!found.ok) return found;
  const { aliases, builder } = found.value;
  return ok({
    aliases: aliases !== undefined,
    builder:
      builder === undefined
        ? undefined
        : text.slice(builder.offset, builder.offset + builder.length),
  });
}

/** The same text with `aliases.builder` set to `name`; every other byte stays. */
export function withBuilderAlias(text: string, name: string): Result<string> {
  const found = values(text);
  return found.ok ? ok(applyEdits(text, modify(text, BUILDER, name, {}))) : found;
}

/** The text with its earlier `aliases.builder`; `before` is what readBuilderAlias gave then. */
export function withoutBuilderAlias(text: string, before: BuilderAlias): Result<string> {
  const found = values(text);
  if (!found.ok) return found;
  const { aliases, builder } = found.value;
  if (builder === undefined) return ok(text);
  const { offset, length } = builder;
  if (before.builder !== undefined)
    return ok(applyEdits(text, [{ offset, length, content: before.builder }]));
  const isWhole = aliases?.children?.length === 1 && !before.aliases;
  return ok(applyEdits(text, modify(text, isWhole ? ['aliases'] : BUILDER, undefined, {})));
}

function values(text: string): Result<Values> {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: true });
  const [first] = errors;
  if (first !== undefined) return err(`${at(text, first.offset)}: ${saying(first)}`);
  if (root?.type !== 'object') return err('line 1, column 1: it is not a JSON object');
  const aliases = valueOf(root, 'aliases', text);
  if (!aliases.ok || aliases.value === undefined)
    return aliases.ok ? ok({ aliases: undefined, builder: undefined }) : aliases;
  if (aliases.value.type !== 'object')
    return err(`${at(text, aliases.value.offset)}: "aliases" is not an object`);
  const builder = valueOf(aliases.value, 'builder', text);
  return builder.ok ? ok({ aliases: aliases.value, builder: builder.value }) : builder;
}

function valueOf(object: Node, name: string, text: string): Result<Node | undefined> {
  const [first, second] = (object.children ?? []).filter(
    (property) => property.children?.[0]?.value === name,
  );
  if (second !== undefined) return err(`${at(text, second.offset)}: "${name}" is there twice`);
  return ok(first?.children?.[1]);
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
