import type { Field } from '../shell/fields.ts';

/** A command's words told apart: options with their values, and the rest. */
export interface CommandLine {
  readonly operands: readonly Field[];
  /** True where the option was given in any of its spellings. */
  readonly has: (...names: readonly string[]) => boolean;
  readonly values: (...names: readonly string[]) => readonly Field[];
}

/**
 * Reads `--name=value`, `--name value` (where `valued` lists the name), `-n value`, `-nvalue` and clusters (`-fsSLo file`).
 * `argv` begins behind the program's name.
 */
export function readCommandLine(argv: readonly Field[], valued: ReadonlySet<string>): CommandLine {
  const options = new Map<string, Field[]>();
  const operands: Field[] = [];
  const add = (name: string, value?: Field): void => {
    const values = options.get(name) ?? [];
    if (value !== undefined) values.push(value);
    options.set(name, values);
  };
  let plain = false;
  for (let at = 0; at < argv.length; at += 1) {
    const field = argv[at];
    if (field === undefined) break;
    const { text } = field;
    if (plain || !text.startsWith('-') || text === '-') operands.push(field);
    else if (text === '--') plain = true;
    else if (text.startsWith('--')) {
      const equals = text.indexOf('=');
      const name = equals < 0 ? text : text.slice(0, equals);
      if (equals >= 0) add(name, { ...field, text: text.slice(equals + 1) });
      else add(name, valued.has(name) ? argv[(at += 1)] : undefined);
    } else at += cluster(field, argv[at + 1], valued, add);
  }
  return {
    operands,
    has: (...names) => names.some((name) => options.has(name)),
    values: (...names) => names.flatMap((name) => options.get(name) ?? []),
  };
}

/** Reads `-abc`; gives 1 where the next word was taken as a value. */
function cluster(
  field: Field,
  next: Field | undefined,
  valued: ReadonlySet<string>,
  add: (name: string, value?: Field) => void,
): number {
  const { text } = field;
  for (let index = 1; index < text.length; index += 1) {
    const name = `-${text.charAt(index)}`;
    if (!valued.has(name)) {
      add(name);
      continue;
    }
    const rest = text.slice(index + 1).replace(/^=/, '');
    if (rest !== '') add(name, { ...field, text: rest });
    else if (next !== undefined) add(name, next);
    return rest === '' && next !== undefined ? 1 : 0;
  }
  return 0;
}

/** A set of option names out of one line of text. */
export function optionNames(text: string): ReadonlySet<string> {
  return new Set(text.split(' '));
}
