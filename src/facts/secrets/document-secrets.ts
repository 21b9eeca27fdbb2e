import { given } from '../../lib/json.ts';
import { fileName } from '../../lib/text.ts';
import { unquoted } from '../../model/dockerfile.ts';
import type { FoundSecrets, SecretFinding } from '../../model/facts.ts';
import { isPasswordName, secretName } from '../../model/secret-names.ts';
import { PASSWORD_TAKERS, PASSWORD_TEXTS, type PasswordTaker } from '../../programs/passwords.ts';
import { ScanBudget } from './open-content.ts';
import { secretsInPiece } from './secret-collector.ts';
import type { FoundSecret } from './secret-text.ts';
import { isLiteral, isNamedSecret, isOneWord, markOf, masked } from './secret-value.ts';
import { joinedViews } from './secret-views.ts';

/** A simple command of a text, as far as its words are known without running it. */
interface CommandWords {
  readonly words: readonly string[];
  /** Its input: a here-document, here-string, or what `echo` or `printf` writes to the pipe. */
  readonly input: string | undefined;
}

/** A token: a continued line, quotes, substitutions, here-documents, operators, blanks, letters. */
const TOKEN =
  /\\\r?\n|\\(?<escaped>[^])|'(?<single>[^']*)'?|"(?<double>(?:[^"\\]|\\[^])*)"?|\$\(|`(?<ticks>[^`]*)`?|(?<string><<<)|<<-?[ \t]{0,9}["']?(?<here>\w{1,100})["']?|(?<redirect>[<>]+[&|]?)|(?<pipe>\|(?![|])&?)|(?<end>&&|\|\||[;&()\n])|[ \t\r]+|(?<plain>[^\s\\'"$`<>|&;()#]+)|(?<other>[^])/y;
/** A list of words, as CMD and ENTRYPOINT have them. */
const LIST = /^\s{0,99}\[\s{0,99}"/;
const MOST_NESTED = 4;

/** Where the parenthesis that `$(` opened before `at` is closed. */
function closing(text: string, at: number): number {
  let open = 1;
  for (let place = at; place < text.length; place += 1) {
    if (text[place] === '(') open += 1;
    else if (text[place] === ')' && --open === 0) return place;
  }
  return text.length;
}

/** What `echo` or `printf` writes; undefined for other commands. History has a shell before it. */
function written(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => /^(?:\/usr)?(?:\/bin\/)?(?:echo|printf)$/.test(word));
  if (at < 0) return undefined;
  const given = words.slice(at + 1);
  const first = given.findIndex((word) => !/^-[neE-]+$/.test(word));
  const rest = first < 0 ? [] : given.slice(first);
  const [format = '', ...values] = rest;
  let taken = 0;
  const text =
    words[at]?.endsWith('printf') === true
      ? format.replace(/%[sb]/g, () => values[taken++] ?? '')
      : rest.join(' ');
  return text.replace(/\\n/g, '\n');
}

/** A here-document still to come, and the command that reads it, once known: `a <<E || b`. */
interface Heredoc {
  readonly mark: string;
  of: { input: string | undefined } | undefined;
}

/** See `commandWords`; `depth` counts the texts that this one lies in. */
function readCommands(text: string, depth: number): readonly CommandWords[] {
  const found: CommandWords[] = [];
  const heredocs: Heredoc[] = [];
  /** Of those, the ones of the command that is being read. */
  let own: Heredoc[] = [];
  let words: string[] = [];
  let word: string | undefined;
  let input: string | undefined;
  let piped: string | undefined;
  /** What the next word is instead of an argument. */
  let next: 'file' | 'input' | undefined;
  /** The last command whose output was worked out: repeated pipes ask for the same one. */
  let last: CommandWords | undefined;

  const add = (letters: string): void => {
    word = (word ?? '') + letters;
  };
  /** Commands within a word: they run too, or are a script that does. */
  const nested = (inner: string): void => {
    if (depth < MOST_NESTED) found.push(...readCommands(inner, depth + 1));
  };
  const endWord = (): void => {
    if (word === undefined) return;
    if (next === 'input') input = word;
    else if (next === undefined) {
      if (/^-\w*c$/.test(words.at(-1) ?? '') && /\s/.test(word)) nested(word);
      words.push(word);
    }
    word = next = undefined;
  };
  const endCommand = (isPiped: boolean): void => {
    endWord();
    if (words.length > 0) {
      const command = { words, input: input ?? piped };
      found.push(command);
      piped = undefined;
      for (const heredoc of own) heredoc.of = command;
    }
    // A pipe behind a group gets what its last command writes; one before a group gives to its
    // first.
    const before = found.at(-1);
    if (isPiped && before !== last) {
      piped = written(before?.words ?? []);
      last = before;
    }
    own = [];
    words = [];
    input = next = undefined;
  };
  const takeHeredoc = (from: number): number => {
    const { mark, of } = heredocs.shift() ?? { mark: '', of: undefined };
    const end = new RegExp(`^[ \\t]*${mark}[ \\t]*$`, 'm').exec(text.slice(from));
    const to = end === null ? text.length : from + end.index;
    const body = text.slice(from, to);
    nested(body);
    // The last command of the line may get it through a pipe: `cat <<E | a`.
    input = body;
    if (of !== undefined) of.input = body;
    endCommand(false);
    return end === null ? to : to + end[0].length;
  };
  /** Takes a token that ends at `end`; gives where the next one begins. */
  const take = (token: string, groups: Readonly<Record<string, string>>, end: number): number => {
    const { escaped, single, double, ticks, string, here, redirect, pipe, plain } = groups;
    const letters = escaped ?? single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? plain;
    if (letters !== undefined) add(letters);
    else if (token === '$(') {
      const to = closing(text, end);
      nested(text.slice(end, to));
      add(`$(${text.slice(end, to)})`);
      return to + 1;
    } else if (ticks !== undefined) {
      nested(ticks);
      add(token);
    } else if (here !== undefined) {
      const heredoc: Heredoc = { mark: here, of: undefined };
      heredocs.push(heredoc);
      own.push(heredoc);
    } else if (string !== undefined || redirect !== undefined) {
      endWord();
      next = string === undefined ? 'file' : 'input';
    } else if (pipe !== undefined) endCommand(true);
    else if (groups['end'] !== undefined) {
      if (token === '\n' && heredocs.length > 0) return takeHeredoc(end);
      endCommand(false);
    } else if (token === '#' && word === undefined && !text.startsWith('(nop)', end)) {
      const line = text.indexOf('\n', end);
      return line < 0 ? text.length : line;
    } else if (groups['other'] !== undefined) add(token);
    else if (!token.startsWith('\\')) endWord();
    return end;
  };

  for (let at = 0; at < text.length;) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) break;
    at = take(match[0], match.groups ?? {}, at + match[0].length);
  }
  endCommand(false);
  return found;
}

function listed(text: string): string {
  return text.slice(text.indexOf('"'), text.lastIndexOf('"') + 1).replace(/",\s{0,99}"/g, '" "');
}

/**
 * The commands of a text by the rules of a shell that matter for words: quotes, operators,
 * substitutions, here-documents. Takes any text, in linear time: the history of an image is not
 * only shell.
 */
function commandWords(text: string): readonly CommandWords[] {
  return readCommands(LIST.test(text) ? listed(text) : text, 0);
}

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
 * Secrets that a command line, a script or a Dockerfile spells out. Found by names of variables and
 * options, by the arguments and input of programs that take a password, and by SQL that sets one.
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

interface Found {
  readonly rule: string;
  readonly value: string;
  readonly place: DocumentText['place'];
}

/** Regular expressions of V8 give up on a quoted word of twice as much. */
const LONGEST_COMMANDS = 4 * 1024 * 1024;

/** Lists of words within a Dockerfile: alone they are read as such. */
function listsIn(text: string): readonly string[] {
  const ended = text.split(']').slice(0, -1);
  return ended.flatMap((part) => {
    const start = part.search(/\[\s{0,99}"/);
    return start < 0 ? [] : [`${part.slice(start)}]`];
  });
}

/** Shapes by number of the text. Searches all texts at once, as one by one would cost more. */
function shapes(
  texts: readonly DocumentText[],
  budget: ScanBudget,
): ReadonlyMap<number, readonly FoundSecret[]> {
  const views = texts.map(({ text }, from) => ({ text: Buffer.from(text), from, width: 0 }));
  const { text, placeOf } = joinedViews(views);
  const found = new Map<number, FoundSecret[]>();
  const all = [...secretsInPiece(text, false, budget)].sort((a, b) => a.at - b.at);
  for (const secret of all) {
    const index = placeOf(secret.at);
    // What is not ASCII came as bytes.
    const value = Buffer.from(secret.value, 'latin1').toString('utf8');
    found.set(index, [...(found.get(index) ?? []), { ...secret, value }]);
  }
  return found;
}

function isReadable(budget: ScanBudget): (text: string) => boolean {
  return ({ length }) => {
    if (length > LONGEST_COMMANDS) budget.gap('a text in it is too long to be read as commands');
    return length <= LONGEST_COMMANDS;
  };
}

function search(document: unknown, placeOf: PlaceOf, budget: ScanBudget): readonly Found[] {
  const texts = documentTexts(document, placeOf, () => {
    budget.gap('it nests too deep');
  });
  const byShape = shapes(texts, budget);
  return texts.flatMap(({ text, place, name }, index): readonly Found[] => {
    const own = (byShape.get(index) ?? []).map(({ rule, value }) => ({ rule, value, place }));
    const bare = unquoted(text);
    if (own.length === 0 && name !== undefined && isNamedSecret(name, bare))
      return [{ rule: 'named-secret', value: bare, place: { ...place, path: name } }];
    // A label that shows how to run the image is not run itself.
    const runs = place.where === 'label' ? [] : [text, ...decoded(text)].filter(isReadable(budget));
    const commands = runs.flatMap(commandSecrets).map((secret) => {
      const path = secret.name ?? place.path;
      return { ...secret, place: path === undefined ? place : { ...place, path } };
    });
    const shown = new Set(own.map(({ value }) => value));
    return [...own, ...commands.filter(({ value }) => !shown.has(value))];
  });
}

/** A Dockerfile as BuildKit records it, whole, in base64. */
function decoded(text: string): readonly string[] {
  if (!/^[A-Za-z0-9+/]{40,}={0,2}$/.test(text)) return [];
  const plain = Buffer.from(text, 'base64').toString('utf8');
  return /[\0-\x08\ufffd]/.test(plain.slice(0, 100)) ? [] : [plain];
}

/**
 * What was found as it may be shown, each once by rule, place and value. A value in the name of
 * the place is masked there too.
 */
function findings(found: readonly Found[]): readonly SecretFinding[] {
  const shown = found.map(({ rule, value, place: { where, path } }): SecretFinding => ({
    rule,
    masked: masked(value),
    mark: markOf(value),
    where,
    ...given({ path: path?.replaceAll(value, masked(value)) }),
  }));
  const key = (f: SecretFinding): string => [f.rule, f.where, f.path ?? '', f.masked].join('\n');
  return [...new Map(shown.map((f) => [key(f), f])).values()];
}

export function joined(all: readonly FoundSecrets[]): FoundSecrets {
  const key = (f: SecretFinding): string => JSON.stringify(f);
  return {
    findings: [...new Map(all.flatMap((one) => one.findings).map((f) => [key(f), f])).values()],
    gaps: all.flatMap(({ gaps }) => gaps),
  };
}

function documentSecrets(document: unknown, name: string, placeOf: PlaceOf): FoundSecrets {
  const budget = new ScanBudget();
  const found = findings(search(document, placeOf, budget));
  return { findings: found, gaps: budget.gaps().map((reason) => ({ path: name, reason })) };
}

const inConfig: PlaceOf = ([first = '', second = '', third = '', ...rest]) => {
  if (first === 'history') return { where: 'history', path: `history[${second}]` };
  if (first !== 'config')
    return { where: 'config', path: [first, second, third, ...rest].filter(Boolean).join('.') };
  if (second === 'Labels') return { where: 'label', path: third };
  return { where: second === 'Env' ? 'env' : 'config', path: second };
};

function as(where: SecretFinding['where']): PlaceOf {
  return (keys) => ({ where, path: keys.join('.').slice(-300) });
}

/** Secrets in all of an image's configuration: Env, labels, commands, history, unknown fields. */
export function configSecrets(config: unknown): FoundSecrets {
  return documentSecrets(config, 'the configuration', inConfig);
}

/** Secrets in an index or a manifest: annotations of it and of what it lists, embedded data. */
export function manifestSecrets(document: unknown): FoundSecrets {
  return documentSecrets(document, 'the manifest', (keys) => ({
    where: 'annotation',
    path: keys.at(-2) === 'annotations' ? (keys.at(-1) ?? '') : keys.join('.').slice(-300),
  }));
}

export function buildArgumentSecrets(buildArgs: Readonly<Record<string, string>>): FoundSecrets {
  return documentSecrets(buildArgs, 'the build arguments', as('provenance'));
}

/**
 * Secrets in a statement's predicate of any form, such as provenance or an SBOM. Also reads a
 * Dockerfile in base64, as BuildKit records it.
 */
export function statementSecrets(predicate: unknown): FoundSecrets {
  return documentSecrets(predicate, 'an attestation', as('provenance'));
}

/** Values of secrets in a Dockerfile, longest first, to mask them in its text: never show them. */
export function dockerfileSecretValues(text: string): readonly string[] {
  const history = [text, ...listsIn(text)].map((run) => ({ created_by: run }));
  const found = search(
    { history },
    inConfig,
    new ScanBudget({ tries: Infinity, findings: Infinity }),
  );
  return [...new Set(found.map(({ value }) => value))]
    .filter((value) => value !== '')
    .sort((a, b) => b.length - a.length);
}

type Place = Pick<SecretFinding, 'where' | 'path'>;

interface DocumentText {
  readonly text: string;
  readonly place: Place;
  readonly name?: string;
}

type PlaceOf = (keys: readonly string[]) => Place;

/** Deeper than that no document of an image nests that was read from JSON. */
const MAX_DEPTH = 200;

/**
 * Every text of a document, its keys too, whatever fields there are. An array of texts is a command
 * or a list of `NAME=value`: it is given as one text, and the variables of an `Env` each by name.
 * `tooDeep` is called where nesting ends the search.
 */
function documentTexts(
  document: unknown,
  placeOf: PlaceOf,
  tooDeep: () => void,
): readonly DocumentText[] {
  const found: DocumentText[] = [];
  const visit = (value: unknown, keys: readonly string[]): void => {
    if (keys.length > MAX_DEPTH) tooDeep();
    else if (typeof value === 'string') {
      const key = keys.at(-1) ?? '';
      // `build-arg:NAME` and `label:NAME`, as BuildKit has them.
      found.push({ text: value, place: placeOf(keys), name: key.slice(key.lastIndexOf(':') + 1) });
    } else if (Array.isArray(value)) array(value, keys);
    else if (typeof value === 'object' && value !== null)
      for (const [key, item] of Object.entries(value)) {
        if (key.length >= 16) found.push({ text: key, place: placeOf([...keys, key]) });
        visit(item, [...keys, key]);
      }
  };
  const array = (items: readonly unknown[], keys: readonly string[]): void => {
    const texts = items.filter((item) => typeof item === 'string');
    if (keys.at(-1) === 'Env')
      for (const pair of texts) {
        const equals = Math.max(0, pair.indexOf('='));
        const name = pair.slice(0, equals);
        const { where } = placeOf(keys);
        found.push({ text: pair.slice(equals + 1), place: { where, path: name }, name });
        found.push({ text: name, place: { where, path: name } });
      }
    else if (texts.length > 0) found.push({ text: texts.join(' '), place: placeOf(keys) });
    items.forEach((item, index) => {
      if (typeof item !== 'string') visit(item, [...keys, String(index)]);
    });
  };
  visit(document, []);
  return found;
}
