import { fileName } from '../../model/path.ts';
import { isPasswordName, secretName } from '../../model/secret-names.ts';
import { unquoted } from '../../model/shell-word.ts';
import { PASSWORD_TAKERS, PASSWORD_TEXTS, type PasswordTaker } from '../../programs/passwords.ts';
import { type CommandWords, commandWords } from './command-words.ts';
import { isNamedSecret } from './named-secret.ts';
import { isLiteral, isOneWord } from './secret-value.ts';

/** A secret that a command spells out; `name` of the variable that is set to it. */
interface CommandSecret {
  readonly rule: 'named-secret' | 'login-in-command';
  readonly value: string;
  readonly name?: string;
}

const PAIR =
  /(?:^|[\s;&|]|\\n)(?:-{1,2}[DP]?)?([A-Za-z_][\w.-]{0,100})=("[^"]{0,4000}"|'[^']{0,4000}'|[^\s;&|"']{0,4000})/g;

/** Texts without one of these are not read by words: program names, options named for a secret. */
const WORTH = new RegExp(
  `(?<![\\w.-])(?:${Object.keys(PASSWORD_TAKERS).join('|')})(?![\\w.-])|[\\s"']-{1,2}[\\w.-]{0,100}(?:pass|pwd|secret|token|key|cred)`,
  'i',
);

/** True for a plain word as a key that no image has: it only lets the command start. */
function isKeyOfBuild(name: string, value: string): boolean {
  return isOneWord(value) && !isPasswordName(name);
}

function pairs(text: string): readonly CommandSecret[] {
  if (!text.includes('=')) return [];
  return [...text.matchAll(PAIR)].flatMap(([, name = '', value = '']): CommandSecret[] => {
    const bare = unquoted(value);
    const isSecret = isNamedSecret(name, bare) && isLiteral(bare) && !isKeyOfBuild(name, bare);
    return isSecret ? [{ rule: 'named-secret', value: bare, name }] : [];
  });
}

/** The values of these options: in the next word, or in the same one. */
function valuesOf(words: readonly string[], options: string, attached = false): readonly string[] {
  return options
    .split(' ')
    .flatMap((option) =>
      words.flatMap((word, i): readonly (string | undefined)[] => {
        if (word === option)
          return attached || words[i + 1]?.startsWith('-') === true ? [] : [words[i + 1]];
        if (word.startsWith(`${option}=`)) return [word.slice(option.length + 1)];
        const isShort = option.length === 2 && word.startsWith(option);
        return isShort ? [word.slice(2)] : [];
      }),
    )
    .filter((value) => value !== undefined);
}

/** What follows the name and the colon; the name may be a variable. */
function behindColon(pair: string): string {
  return /^(?:\$\{\w+\}|[^:]+):([^]*)$/.exec(pair)?.[1] ?? '';
}

function ofInput(input: string, form: PasswordTaker['input']): readonly string[] {
  const lines = input.split('\n').filter((line) => line.trim() !== '');
  return form === 'name:password' ? lines.map(behindColon) : lines.slice(0, 1);
}

/** What the program of a command takes for a password, by its row in the table. */
function taken({ words, input }: CommandWords): readonly string[] {
  const at = words.findIndex((word) => takerOf(word) !== undefined);
  const taker = takerOf(words[at] ?? '');
  const rest = words.slice(at + 1);
  const line = rest.join(' ');
  if (taker === undefined || taker.only?.test(line) === false) return [];
  const { options, attached, after, last, input: form } = taker;
  const values = [
    ...(options === undefined ? [] : valuesOf(rest, options)),
    ...(taker.pairs === undefined ? [] : valuesOf(rest, taker.pairs).map(behindColon)),
    ...(attached === undefined ? [] : valuesOf(rest, attached, true)),
    ...(last?.test(line) === true ? [rest.at(-1) ?? ''] : []),
    ...(after !== undefined && rest.includes(after) ? [rest[rest.indexOf(after) + 1] ?? ''] : []),
    ...(form !== undefined && input !== undefined ? ofInput(input, form) : []),
  ];
  return values.filter(
    (value) => isLiteral(value) && (taker.sets === true || isNamedSecret('PASSWORD', value)),
  );
}

function takerOf(word: string): PasswordTaker | undefined {
  return PASSWORD_TAKERS[fileName(word)];
}

/** `--name value`, `--name=value`, `-name value`, `-Dname=value`; not MySQL's `-pPASSWORD`. */
const OPTION = /^(?:--|-[DP]?(?!p(?!ass)))([A-Za-z][\w.-]{3,100})(?:=([^]*))?$/;

/** The values of options whose names say what they take: `--admin-password X`, `-storepass X`. */
function named({ words }: CommandWords): readonly string[] {
  return words.flatMap((word, i) => {
    const [, name = '', own] = OPTION.exec(word) ?? [];
    const value = own ?? words[i + 1] ?? '-';
    if (name === '' || value.startsWith('-') || isKeyOfBuild(name, value)) return [];
    const isSecret = secretName(name, 'sure') !== undefined && isNamedSecret(name, value);
    return isSecret && isLiteral(value) ? [value] : [];
  });
}

/**
 * Secrets that a command line, a script or a Dockerfile spells out: by the names of variables and
 * options, by the options, operands and input of programs that take a password, and by SQL that
 * sets one.
 */
export function commandSecrets(text: string): readonly CommandSecret[] {
  const commands = WORTH.test(text) ? commandWords(text) : [];
  const written = PASSWORD_TEXTS.flatMap((form) =>
    [...text.matchAll(form)].map(({ groups }) => groups?.['secret'] ?? ''),
  ).filter((value) => isLiteral(value) && (value.length < 3 || isNamedSecret('PASSWORD', value)));
  const logins = [
    ...commands.flatMap((command) => [...taken(command), ...named(command)]),
    ...written,
  ].map((value): CommandSecret => ({ rule: 'login-in-command', value }));
  const assigned = pairs(text);
  const known = new Set(assigned.map(({ value }) => value));
  return [...assigned, ...logins.filter(({ value }) => !known.has(value) && known.add(value))];
}
