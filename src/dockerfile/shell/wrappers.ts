import { fileName } from '../../lib/text.ts';
import { SHELLS } from '../../programs/kinds.ts';
import { unversioned } from '../../programs/local.ts';
import { runAt, RUNS_TEXT, startedAt, WRAPPERS } from '../../programs/options.ts';
import { constantField, type Field } from './expand.ts';

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
  readonly goes: boolean;
  /** Commands that it starts besides what it does itself (`poetry run`, `find -exec`). */
  readonly started: readonly Unwrapped[];
}

export interface ShellText {
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

/** What a shell runs: the text behind `-c`, or its input; undefined where that is not shown. */
function scriptOfShell(argv: readonly Field[], input: Field | undefined): ShellText | undefined {
  const words = argv.slice(1);
  const end = words.findIndex(({ text }) => !/^[-+]./.test(text) && !NAMES.test(text));
  const options = (end < 0 ? words : words.slice(0, end)).map(({ text }) => text);
  const has = (letter: string, name: string): boolean =>
    options.some((word) => word === name || (/^-[A-Za-z]+$/.test(word) && word.includes(letter)));
  const isCommand = has('c', '') && end >= 0 && options.every((word) => OPTION.test(word));
  const isInput = input !== undefined && (end < 0 || has('s', ''));
  const text = isCommand && !has('n', 'noexec') ? words[end] : isInput ? input : undefined;
  return text && { text, errexit: has('e', 'errexit'), pipefail: options.includes('pipefail') };
}

/** The shell text that a command runs, `input` being what it reads. */
export function scriptOf(argv: readonly Field[], input?: Field): ShellText | undefined {
  const program = programOf(argv);
  if (SHELLS.has(program)) return scriptOfShell(argv, input);
  const rest = argv.slice(1);
  let text: Field | undefined;
  if (program === 'eval' && rest.length > 0)
    text = {
      text: rest.map((field) => field.text).join(' '),
      constant: rest.every(({ constant }) => constant),
      sources: rest.flatMap(({ sources }) => sources),
    };
  else if (RUNS_TEXT.has(program)) {
    const option = /^(?:-[a-z]*c|--(?:command|run)(?:=.*)?)$/s;
    const at = rest.findIndex((field) => option.test(field.text));
    const given = rest[at];
    const equals = given?.text.indexOf('=') ?? -1;
    text = given && equals >= 0 ? { ...given, text: given.text.slice(equals + 1) } : rest[at + 1];
    if (given === undefined) return undefined;
  }
  return text && { text, errexit: false, pipefail: false };
}

/** Folders of installed programs; the name of a project's file says nothing about its purpose. */
const INSTALLED =
  /^\/(?:usr|opt|bin|sbin|root|home|snap|nix)\/|(?:^|\/)(?:\.?v?env|site-packages|node_modules|vendor|\.local)\//;

/** True where a path shows that a package manager or the system put the program there. */
export function isInstalledPath(path: string): boolean {
  return INSTALLED.test(path) || /^[A-Z]:/i.test(path);
}

/** Package managers that Python runs as modules. */
const MODULES = /^(?:pip[\d.]*|pipx|pipenv|poetry|pdm|uv|conda|mamba|easy_install)$/;

/** The manager that an interpreter runs: `python3 -m pip`, `php /usr/bin/composer.phar`. */
function interpretedProgram(program: string, argv: readonly Field[]): readonly Field[] | undefined {
  const name = unversioned(program);
  if (!/^(?:python|php)$/.test(name)) return undefined;
  const at = argv.findIndex(({ text }, i) => i > 0 && !/^-[BEIOsSu]+$/.test(text));
  const [first, second] = argv.slice(at);
  if (at < 0 || first?.constant !== true) return undefined;
  if (name === 'php')
    return /\/composer(?:\.phar)?$/.test(first.text) && isInstalledPath(first.text)
      ? argv.slice(at)
      : undefined;
  const isModule = first.text === '-m' && second?.constant === true && MODULES.test(second.text);
  return isModule ? argv.slice(at + 1) : undefined;
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

/** Options by which `env`, `sudo` and `unshare` go to another folder first. */
const GOES = /^(?:env -C|sudo -D|(?:env|sudo) --chdir|unshare --wd)/;

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
  let goes = false;
  let round = 0;
  for (; round < most; round += 1) {
    const rest = behind(current, environment);
    if (rest === undefined) break;
    const program = programOf(current);
    const own = current.slice(1, current.length - rest.length);
    goes ||= own.some(({ text }) => GOES.test(`${program} ${text}`));
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
    goes,
    ...(script === undefined ? {} : { script }),
  };
}
