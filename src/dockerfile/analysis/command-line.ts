import { valuedOptions } from '../../programs/options/catalogue.ts';
import type { Field } from '../shell/fields.ts';

/** A command's words, sorted: options with their values, and the rest. */
export interface CommandLine {
  readonly operands: readonly Field[];
  /** True where the option was given in any of its spellings. */
  readonly has: (...names: readonly string[]) => boolean;
  readonly values: (...names: readonly string[]) => readonly Field[];
}

/**
 * Reads the words behind a program's name: `--name=value`, `--name value` and `-n value` where the
 * program's option takes one, `-nvalue` and clusters (`-fsSLo file`).
 */
export function readCommandLine(program: string, argv: readonly Field[]): CommandLine {
  const valued = valuedOptions(program);
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

/** The first of `verbs` that begins the words (`pull`, `image pull`; '' fits any), and the rest. */
export function verbOf(
  words: readonly Field[],
  verbs: readonly string[],
): { readonly verb: string; readonly rest: readonly Field[] } | undefined {
  const spoken = `${words.map(({ text }) => text).join(' ')} `;
  const verb = verbs.find((one) => one === '' || spoken.startsWith(`${one} `));
  if (verb === undefined) return undefined;
  return { verb, rest: words.slice(verb === '' ? 0 : verb.split(' ').length) };
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
