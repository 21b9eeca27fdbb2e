import type { ExternalImage, Instruction, SourceRange } from '../model/dockerfile.ts';
import { lookup } from '../model/lookup.ts';
import { parseReference } from '../model/reference.ts';
import type { RawWord } from './instruction-words.ts';
import { type LogicalLine, rangeOf } from './logical-lines.ts';

/** An image from outside, its reference parsed; no reference where a variable has no value. */
export function externalImage(
  kind: ExternalImage['kind'],
  text: string,
  resolved: boolean,
  range: SourceRange,
  stage?: string,
): ExternalImage {
  const parsed = resolved ? parseReference(text) : undefined;
  return {
    kind,
    text,
    reference: parsed?.ok === true ? parsed.value : undefined,
    range,
    ...(stage === undefined ? {} : { stage }),
  };
}

/** The name of an image in a word as written, quotes left out. */
export const WHOLE_NAME = /^["']?(?<name>[^"']+)/;
/** The name of an image in the value of `--mount`. */
export const MOUNT_NAME = /(?:^|[,"'])from=(?<name>[^,\s"']+)/i;

/** Where a word, moved by `offset`, names an image; the whole line where it does not spell it. */
export function nameRange(
  line: LogicalLine,
  { text, start }: RawWord,
  offset: number,
  name: RegExp,
): SourceRange {
  const found = name.exec(text);
  const named = found?.groups?.['name'];
  if (found === null || named === undefined) return line.range;
  const end = offset + start + found.index + found[0].length;
  return rangeOf(line, end - named.length, end);
}

/** Options of a mount by their other names. */
const ALIASES = lookup<string>({ dst: 'target', destination: 'target', src: 'source' });

/** `type=bind,from=build,dst=/x` by first option names; an option without a value is `true`. */
export function mountOptions(text: string): Readonly<Record<string, string>> {
  const options: Record<string, string> = {};
  for (const part of text.split(',')) {
    const equals = part.indexOf('=');
    const given = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    const name = ALIASES[given] ?? given;
    if (name !== '__proto__') options[name] = equals < 0 ? 'true' : part.slice(equals + 1).trim();
  }
  return options;
}

/** The options of each mount of a RUN. */
export function mountsOf({ flags }: Instruction): readonly Readonly<Record<string, string>>[] {
  return flags.flatMap(({ name, value }) => (name === 'mount' ? [mountOptions(value)] : []));
}
