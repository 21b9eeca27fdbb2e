import { constantField, type Field } from './fields.ts';
import type { TracedCommand } from './traced-command.ts';
import { programOf } from './wrappers.ts';

const MAX_TEXT = 65_536;
const NOTHING = constantField('');
const NAMED: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

/** Escapes of printf and of echo in dash (`\n`, `\101`, `\0101`, `\x41`); others stay. */
export function unescaped(text: string): string {
  return text.replace(
    /\\(?:0([0-7]{1,3})|([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|([abefnrtv\\]))/g,
    (_all, zero?: string, octal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return NAMED[name] ?? name;
      const code =
        hex === undefined ? Number.parseInt(zero ?? octal ?? '0', 8) : Number(`0x${hex}`);
      return String.fromCharCode(code & 0xff);
    },
  );
}

const DIRECTIVE = /%(?:%|[-+ #0]*(?:[1-9]\d*)?(?:\.\d+)?[sdbiuc])/g;

/** What printf makes of its format, which it uses again while values are left. */
export function formatted(format: string, values: readonly string[]): string {
  const left = [...values];
  const takes = (format.match(DIRECTIVE) ?? []).some((directive) => directive !== '%%');
  let out = '';
  do
    out += unescaped(format).replace(DIRECTIVE, (directive) => {
      if (directive === '%%') return '%';
      const value = left.shift() ?? '';
      return directive.endsWith('b') ? unescaped(value) : value;
    });
  while (takes && left.length > 0 && out.length < MAX_TEXT);
  return out;
}

function decoded(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}

/** What a command prints, where its words and its input tell; undefined for others. */
export function printedBy(argv: readonly Field[], input: Field | undefined): Field | undefined {
  const rest = argv.slice(1);
  const words = rest.map(({ text }) => text);
  const from = (text: string, fields: readonly Field[] = rest): Field => ({
    text,
    constant: fields.every(({ constant }) => constant),
    sources: fields.flatMap(({ sources }) => sources),
  });
  switch (programOf(argv)) {
    case 'echo':
      return from(`${unescaped(words.filter((word) => !/^-[neE]+$/.test(word)).join(' '))}\n`);
    case 'printf': {
      const [format = '', ...values] = words[0] === '--' ? words.slice(1) : words;
      return from(formatted(format, values));
    }
    case 'cat':
    case 'tee':
      return programOf(argv) === 'cat' && words.some((word) => word !== '-') ? undefined : input;
    case 'base64':
      if (
        input === undefined ||
        !words.every((w) => /^(?:-d|-D|-i|-di|--decode)$/.test(w)) ||
        words.length === 0
      )
        return undefined;
      return { ...input, text: decoded(input.text) };
    default:
      return undefined;
  }
}

/** What several commands print together; undefined where one of them prints what is not known. */
export function outputOfAll(commands: readonly TracedCommand[]): Field | undefined {
  const outputs = commands.map(({ argv, input, piped, writesTo }) =>
    writesTo.length > 0 ? NOTHING : printedBy(argv, input ?? piped),
  );
  if (outputs.length === 0 || outputs.includes(undefined)) return undefined;
  const known = outputs.flatMap((output) => output ?? []);
  return {
    text: known
      .map(({ text }) => text)
      .join('')
      .slice(0, MAX_TEXT + 1),
    constant: known.every(({ constant }) => constant),
    sources: known.flatMap(({ sources }) => sources),
  };
}
