import { fileName } from '../../lib/text.ts';
import { SHELLS } from '../../programs/kinds.ts';
import { unversioned } from '../../programs/local.ts';
import { runAt, RUNS_TEXT, startedAt, WRAPPERS } from '../../programs/options.ts';
import {
  constantField,
  type Field,
  plainText,
  type Redirect,
  type Word,
  wordOf,
} from './expand.ts';
import { parseShell, type Script, type Span } from './parse-shell.ts';

/** A command without the programs in front that only start another (`sudo`, `env`, `xargs`). */
export interface Unwrapped {
  readonly argv: readonly Field[];
  /** Names of the programs that were taken off, the first in front. */
  readonly wrappers: readonly string[];
  /** `NAME=value` words of `env`. */
  readonly environment: readonly Field[];
  /** Shell text that it runs (`sh -c`, `eval`, `su -c`), with the flags of that shell. */
  readonly script?: ShellText;
  /** A wrapper starts it in another folder, which is not known. */
  readonly folder?: '';
  /** Commands that it starts besides what it does itself (`poetry run`, `find -exec`). */
  readonly started: readonly Unwrapped[];
}

interface ShellText {
  readonly text: Field;
  readonly errexit: boolean;
  readonly pipefail: boolean;
}

/** The program's name without its folder; '' where it is not constant. */
export function programOf(argv: readonly Field[]): string {
  const first = argv[0];
  if (first?.constant !== true) return '';
  const name = fileName(first.text);
  // Windows' programs are met by path and in any case.
  return /\.exe$/i.test(name) ? name.replace(/^.*\\/, '').slice(0, -4).toLowerCase() : name;
}

const NAMES = /^(?:pipefail|errexit|nounset|xtrace|noexec)$/;
/** Options whose only word is a name. */
const OPTION =
  /^(?:[-+][A-NP-Za-z]+|--(?:login|norc|noprofile|posix)|pipefail|errexit|nounset|xtrace|noexec)$/;

/** The options of a shell before its script, and the script's place after `-c`. */
function shellOptions(argv: readonly Field[]): {
  readonly errexit: boolean;
  readonly pipefail: boolean;
  readonly isIdle: boolean;
  readonly isPlain: boolean;
  readonly script: Field | undefined;
} {
  const words = argv.slice(1);
  const end = words.findIndex(({ text }) => !/^[-+]./.test(text) && !NAMES.test(text));
  const options = (end < 0 ? words : words.slice(0, end)).map(({ text }) => text);
  const has = (letter: string): boolean =>
    options.some((word) => /^-[A-Za-z]+$/.test(word) && word.includes(letter));
  return {
    errexit: has('e') || options.includes('errexit'),
    pipefail: options.includes('pipefail'),
    isIdle: has('n') || options.includes('noexec'),
    isPlain: end < 0 || has('s'),
    script:
      has('c') && end >= 0 && options.every((word) => OPTION.test(word)) ? words[end] : undefined,
  };
}

/** The shell text behind `-c`, alone or last of several letters, `--command` or `--run`. */
function commandText(argv: readonly Field[]): Field | undefined {
  const at = argv.findIndex(({ text }) => /^(?:-[a-z]*c|--(?:command|run)(?:=.*)?)$/s.test(text));
  const option = argv[at];
  if (option === undefined) return undefined;
  const equals = option.text.indexOf('=');
  return equals < 0 ? argv[at + 1] : { ...option, text: option.text.slice(equals + 1) };
}

function scriptOf(argv: readonly Field[]): ShellText | undefined {
  const program = programOf(argv);
  if (SHELLS.has(program)) {
    const { script, errexit, pipefail, isIdle } = shellOptions(argv);
    return script === undefined || isIdle ? undefined : { text: script, errexit, pipefail };
  }
  const rest = argv.slice(1);
  const text =
    program === 'eval' && rest.length > 0
      ? {
          text: rest.map((field) => field.text).join(' '),
          constant: rest.every(({ constant }) => constant),
          sources: rest.flatMap(({ sources }) => sources),
        }
      : RUNS_TEXT.has(program)
        ? commandText(argv)
        : undefined;
  return text && { text, errexit: false, pipefail: false };
}

/** The script of a shell that reads it from its input (`bash <<EOF`), where that is shown. */
export function scriptOnInput(
  argv: readonly Field[],
  input: Field | undefined,
): ShellText | undefined {
  if (input === undefined || !SHELLS.has(programOf(argv))) return undefined;
  const { isPlain, errexit, pipefail } = shellOptions(argv);
  return isPlain ? { text: input, errexit, pipefail } : undefined;
}

/** Folders of installed programs; the name of a project's file says nothing about its purpose. */
const INSTALLED =
  /^\/(?:usr|opt|bin|sbin|root|home|snap|nix)\/|(?:^|\/)(?:\.?v?env|site-packages|node_modules|vendor|\.local)\//;

/** True where a path shows that a package manager or the system put the program there. */
export function isInstalledPath(path: string): boolean {
  return INSTALLED.test(path) || /^[A-Z]:/i.test(path);
}

/** Where Python finds a module before its own folders: beside the command. */
export function modulePlaces(name: string): readonly string[] {
  const path = name.replaceAll('.', '/');
  const [first = ''] = path.split('/');
  const places = [`${path}/__main__.py`, `${path}.py`];
  // What a package loads first.
  return first === path ? places : [...places, `${first}/__init__.py`, `${first}.py`];
}

/** Programs by the names of their scripts, and the option that names one to be looked up. */
const INTERPRETED: Readonly<Record<string, readonly [scripts: RegExp, named: RegExp]>> = {
  python: [
    /^(?:pip[\d.]*|pipx|pipenv|poetry|pdm|uv|uvx|conda|mamba|easy_install[\d.-]*|spacy)$/,
    /^-[BbdEhiIOPqRsSuvVx]*m(.*)$/,
  ],
  node: [/^(?:npm|npx|yarn|yarnpkg|pnpm|pnpx|corepack)$/, /^(?!)/],
  ruby: [/^(?:gem|bundle|bundler)[\d.]*$/, /^-S(.*)$/],
  php: [/^(?:composer|pecl|pear)$/, /^(?!)/],
};

/** The program that an interpreter runs by path or name: `python3 -m pip`, `php composer.phar`. */
function interpretedProgram(program: string, argv: readonly Field[]): readonly Field[] | undefined {
  const name = unversioned(program);
  const known = Object.hasOwn(INTERPRETED, name) ? INTERPRETED[name] : undefined;
  if (known === undefined) return undefined;
  const [scripts, option] = known;
  const at = argv.findIndex(({ text }, i) => i > 0 && (!text.startsWith('-') || option.test(text)));
  const field = argv[at];
  const named = option.exec(field?.text ?? '')?.[1];
  const script = named === '' ? argv[at + 1] : field && { ...field, text: named ?? field.text };
  if (
    script?.constant !== true ||
    argv.slice(1, at).some(({ text }) => !/^-[BEIOsSuq]+$/.test(text))
  )
    return undefined;
  const isProgram =
    named !== undefined || /\.phar$/.test(script.text) || isInstalledPath(script.text);
  const plain = script.text
    .replace(/^.*\//, '')
    .replace(/\.(?:c?js|phar|py|rb)$/, '')
    .replace(/-cli$/, '');
  if (!isProgram || !scripts.test(plain)) return undefined;
  return [{ ...script, text: plain }, ...argv.slice(named === '' ? at + 2 : at + 1)];
}

/** The command after a wrapper; undefined where it is not a wrapper, or starts nothing. */
function behind(argv: readonly Field[], environment: Field[]): readonly Field[] | undefined {
  const program = programOf(argv);
  if (WRAPPERS[program] === undefined) return interpretedProgram(program, argv);
  const words = argv.slice(1);
  // `env -S TEXT` has its words in a text.
  const plain = words.findIndex(({ text }) => !/^-|=/.test(text));
  const isSplit = words.some(
    ({ text }, at) => (plain < 0 || at <= plain) && /^-[a-zA-Z0]*S|^--split/.test(text),
  );
  if (program === 'env' && isSplit) return [{ ...constantField('$(env -S)'), constant: false }];
  const found = startedAt(
    program,
    words.map(({ text }) => text),
  );
  environment.push(...(found?.sets ?? []).flatMap((at) => words[at] ?? []));
  const rest = words.slice(found?.at ?? Infinity);
  if (rest.length === 0) return undefined;
  // What xargs adds comes from its input: one more word that is not constant.
  return program === 'xargs' ? [...rest, { ...constantField('$(stdin)'), constant: false }] : rest;
}

/** Options by which a wrapper goes to another folder first, which is then not known. */
const GOES: Readonly<Record<string, RegExp>> = {
  env: /^(?:-C|--chdir)/,
  sudo: /^(?:-D|--chdir)/,
  unshare: /^--wd/,
};

/** The commands that a program starts besides what it does itself. */
function startedBy(program: string, words: readonly Field[]): readonly (readonly Field[])[] {
  const texts = words.map(({ text }) => text);
  if (program !== 'find') {
    const at = runAt(program, texts);
    return at === undefined || at >= words.length ? [] : [words.slice(at)];
  }
  return texts
    .flatMap((word, at) => (/^-(?:exec|ok)(?:dir)?$/.test(word) ? [at] : []))
    .slice(0, MOST)
    .flatMap((at) => {
      const end = texts.findIndex((word, i) => i > at && (word === ';' || word === '+'));
      const command = words.slice(at + 1, end < 0 ? undefined : end);
      const given = command.map((one) =>
        one.text.includes('{}') ? { ...one, constant: false } : one,
      );
      return given.length === 0 ? [] : [given];
    });
}

/** Wrappers, runners and commands of one `find`; a longer chain is left as it is. */
const MOST = 8;

export function unwrap(argv: readonly Field[], most = MOST): Unwrapped {
  let current = argv;
  const environment: Field[] = [];
  const wrappers: string[] = [];
  let folder: '' | undefined;
  let round = 0;
  for (; round < most; round += 1) {
    const rest = behind(current, environment);
    if (rest === undefined) break;
    const program = programOf(current);
    const own = current.slice(1, current.length - rest.length);
    if (own.some(({ text }) => GOES[program]?.test(text))) folder = '';
    if (WRAPPERS[program] !== undefined) wrappers.push(program);
    current = rest;
  }
  const script = scriptOf(current);
  const started =
    round < most
      ? startedBy(programOf(current), current.slice(1)).flatMap((inner) => {
          const one = unwrap(inner, most - round - 1);
          return [{ ...one, started: [] }, ...one.started];
        })
      : [];
  return {
    argv: current,
    wrappers,
    environment,
    started,
    ...(script === undefined ? {} : { script }),
    ...(folder === undefined ? {} : { folder }),
  };
}

/** The characters of a word, each with the stretch of the script that it was read from. */
interface Letters {
  text: string;
  readonly places: Span[];
}

const JSON_ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

function add(letters: Letters, text: string, start: number, length: number): void {
  letters.text += text;
  for (let at = 0; at < text.length; at += 1) letters.places.push({ start, end: start + length });
}

/** A string of a JSON array, which parses. */
function jsonLetters({ text, start }: Word): Letters {
  const letters: Letters = { text: '', places: [] };
  for (const { 0: raw, index } of text.slice(1, -1).matchAll(/\\(?:u[\dA-Fa-f]{4}|.)|[^\\]/gs)) {
    const own = raw.slice(1);
    const escaped =
      own.length > 1
        ? String.fromCharCode(Number.parseInt(own.slice(1), 16))
        : (JSON_ESCAPES[own] ?? own);
    add(letters, raw.startsWith('\\') ? escaped : raw, start + 1 + index, raw.length);
  }
  return letters;
}

/** A word of a shell without its quotes. What is expanded stays as it is written. */
function shellLetters({ text, start }: Word): Letters {
  const letters: Letters = { text: '', places: [] };
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const c = text.charAt(at);
    const next = text.charAt(at + 1);
    const hides = quote === '' || (quote === '"' && /["\\$`\n]/.test(next));
    if (c === '\\' && next !== '' && hides) {
      add(letters, next === '\n' ? '' : next, start + at, 2);
      at += 1;
    } else if (c === quote) quote = '';
    else if (quote === '' && (c === '"' || c === "'")) quote = c;
    else add(letters, c, start + at, 1);
  }
  return letters;
}

/**
 * The shell script in a word of another script, or in a string of an exec form: `sh -c 'TEXT'`. Its
 * places are those of the outer script. Undefined for what parsers refuse, and for `$'TEXT'`.
 */
function scriptInWord(outer: Script, word: Word, isJson: boolean): Script | undefined {
  if (!isJson && word.text.includes("$'")) return undefined;
  const { text, places } = isJson ? jsonLetters(word) : shellLetters(word);
  const end = places.at(-1)?.end ?? word.start;
  return scriptAt(outer, text, (from, to) => {
    const start = places[from]?.start ?? end;
    return { start, end: to > from ? (places[to - 1]?.end ?? end) : start };
  });
}

/** The script in a here-document; undefined if a backslash hides part or it cannot be parsed. */
function scriptInDocument(outer: Script, body: Word): Script | undefined {
  const { text, start } = body;
  if (plainText(body) !== text && text.includes('\\')) return undefined;
  return scriptAt(outer, text, (from, to) => ({ start: start + from, end: start + to }));
}

function scriptAt(
  outer: Script,
  text: string,
  placeOf: (from: number, to: number) => Span,
): Script | undefined {
  const tree = parseShell(text);
  if (!tree.ok) return undefined;
  return {
    tree: tree.value,
    text,
    rangeOf: (from, to) => {
      const { start, end } = placeOf(from, to);
      return outer.rangeOf(start, end);
    },
  };
}

/** The scripts inside a command that it runs: `sh -c TEXT`, `bash <<EOF`. */
export function scriptsIn(
  outer: Script,
  {
    words,
    redirects,
  }: { readonly words: readonly Word[]; readonly redirects: readonly Redirect[] },
  fields: readonly Field[],
): readonly Script[] {
  const own = unwrap(fields);
  const texts = [own, ...own.started].flatMap(({ script, argv }) => {
    if (script === undefined) return [];
    // `eval TEXT` has the text of one word.
    const isOne = programOf(argv) === 'eval' && argv.length === 2;
    const word = words[isOne ? words.length - 1 : fields.indexOf(script.text)];
    return word === undefined ? [] : [scriptInWord(outer, word, outer.isJson === true)];
  });
  const body = redirects.findLast(({ operator }) => operator.startsWith('<'))?.body;
  const reads = body !== undefined && scriptOnInput(own.argv, constantField('')) !== undefined;
  return [...texts, ...(reads ? [scriptInDocument(outer, body)] : [])].filter(
    (script) => script !== undefined,
  );
}

/** The script that a RUN in exec form passes to a shell; undefined where it does not. */
export function scriptOfExec(script: Script): Script | undefined {
  const command = script.tree.commands[0]?.command;
  if (command?.type !== 'Command' || command.name === undefined) return undefined;
  const words = [command.name, ...command.suffix].flatMap((one) =>
    one.type === 'Word' ? [wordOf(one, ({ pos, end }) => ({ start: pos, end }))] : [],
  );
  const fields = [command.name, ...command.suffix].flatMap((one) =>
    one.type === 'Word' ? [constantField(one.value)] : [],
  );
  return scriptsIn(script, { words, redirects: [] }, fields)[0];
}
