import { fileName } from '../../model/path.ts';
import { SHELLS } from '../../programs/kinds/shells.ts';
import { RUNS_TEXT, startedAt, WRAPPERS } from '../../programs/wrappers.ts';
import { pathIn } from '../paths.ts';
import { constantField, type Field } from './fields.ts';
import { type Brought, interpretedProgram } from './interpreters.ts';
import { startedBy } from './started-commands.ts';

/** A command without the programs in front that only start another (`sudo`, `env`, `xargs`). */
export interface Unwrapped {
  readonly argv: readonly Field[];
  /** Names of the programs that were taken off, the first in front. */
  readonly wrappers: readonly string[];
  /** `NAME=value` words of `env`. */
  readonly environment: readonly Field[];
  /** Shell text that it runs (`sh -c`, `eval`, `su -c`), with the flags of that shell. */
  readonly script?: { readonly text: Field; readonly errexit: boolean; readonly pipefail: boolean };
  /** The folder that a wrapper starts it in. */
  readonly folder?: string;
  /** Commands that it starts besides what it does itself (`poetry run`, `find -exec`). */
  readonly started: readonly Unwrapped[];
}

/** The program's name without its folder; '' where it is not constant. */
export function programOf(argv: readonly Field[]): string {
  const first = argv[0];
  if (first?.constant !== true) return '';
  const name = fileName(first.text);
  // Windows' programs are met by path and in any case.
  return /\.exe$/i.test(name) ? name.replace(/^.*\\/, '').slice(0, -4).toLowerCase() : name;
}

function shellScript(argv: readonly Field[]): Unwrapped['script'] {
  let errexit = false;
  let pipefail = false;
  for (let at = 1; at < argv.length; at += 1) {
    const text = argv[at]?.text ?? '';
    if (text === '-o' || text === '+o') {
      at += 1;
      pipefail ||= argv[at]?.text === 'pipefail';
      errexit ||= argv[at]?.text === 'errexit';
    } else if (/^-[A-Za-z]+$/.test(text)) {
      errexit ||= text.includes('e');
      if (text.endsWith('o')) {
        at += 1;
        pipefail ||= argv[at]?.text === 'pipefail';
      }
      const script = text.includes('c') ? argv[at + 1] : undefined;
      if (script !== undefined && !/^-/.test(script.text))
        return { text: script, errexit, pipefail };
      if (text.includes('c')) {
        // `bash -c -e 'text'`: options may follow -c.
        const rest = argv.slice(at + 1);
        const found = rest.find((f) => !/^-/.test(f.text));
        errexit ||= rest.some((f) => /^-[a-z]*e/.test(f.text));
        return found === undefined ? undefined : { text: found, errexit, pipefail };
      }
    } else if (!text.startsWith('--')) return undefined;
  }
  return undefined;
}

/** True where a shell only reads its script: `sh -n`, `bash -o noexec`. */
function onlyReads(argv: readonly Field[]): boolean {
  if (!SHELLS.has(programOf(argv))) return false;
  const words = argv.slice(1).map(({ text }) => text);
  const end = words.findIndex(
    (word) => !/^-./.test(word) && !/^(?:noexec|pipefail|errexit)$/.test(word),
  );
  const options = end < 0 ? words : words.slice(0, end);
  return options.some((word) => /^-[a-zA-Z]*n/.test(word) || word === 'noexec');
}

function scriptOf(argv: readonly Field[]): Unwrapped['script'] {
  const program = programOf(argv);
  if (SHELLS.has(program)) return onlyReads(argv) ? undefined : shellScript(argv);
  if (program === 'eval' && argv.length > 1) {
    const rest = argv.slice(1);
    const text = {
      text: rest.map((f) => f.text).join(' '),
      constant: rest.every((f) => f.constant),
      sources: rest.flatMap((f) => f.sources),
    };
    return { text, errexit: false, pipefail: false };
  }
  const text =
    program === 'scl' ? sclText(argv) : RUNS_TEXT.has(program) ? commandText(argv) : undefined;
  return text && { text, errexit: false, pipefail: false };
}

/** `scl enable COLLECTION... 'text'`; behind `--` stands a command. */
function sclText(argv: readonly Field[]): Field | undefined {
  const last = argv.at(-1);
  const isText = argv.length > 3 && !argv.some(({ text }) => text === '--');
  return isText && /^(?:enable|run)$/.test(argv[1]?.text ?? '') ? last : undefined;
}

/** The shell text behind `-c`, alone or last of several letters, `--command` or `--run`. */
function commandText(argv: readonly Field[]): Field | undefined {
  const at = argv.findIndex(({ text }) => /^(?:-[a-z]*c|--(?:command|run)(?:=.*)?)$/s.test(text));
  const option = argv[at];
  if (option === undefined) return undefined;
  const equals = option.text.indexOf('=');
  return equals < 0 ? argv[at + 1] : { ...option, text: option.text.slice(equals + 1) };
}

/** The script of a shell that reads it from its input (`bash <<EOF`), where that is shown. */
export function scriptOnInput(
  argv: readonly Field[],
  input: Field | undefined,
): Unwrapped['script'] {
  if (input === undefined || !SHELLS.has(programOf(argv))) return undefined;
  const words = argv.slice(1).map((field) => field.text);
  // Behind -s stand the script's own words.
  const until = words.findIndex((word) => /^-[a-z]*s/.test(word));
  const options = until < 0 ? words : words.slice(0, until + 1);
  if (options.some((o) => !o.startsWith('-') && o !== 'pipefail' && o !== 'errexit'))
    return undefined;
  const errexit = options.some((o) => /^-[a-z]*e/.test(o) || o === 'errexit');
  return { text: input, errexit, pipefail: options.includes('pipefail') };
}

/**
 * `env -S 'TEXT'` with the words of the text in its place. A text with quotes or expansions gives
 * one word that is not known.
 */
function withSplit(argv: readonly Field[]): readonly Field[] {
  const at = argv.findIndex(({ text }) => /^(?:-[a-zA-Z0]*S|--split-string)/.test(text));
  const plain = argv.findIndex(({ text }, i) => i > 0 && !/^-|=/.test(text));
  const option = argv[at];
  if (option === undefined || (plain >= 0 && plain < at)) return argv;
  const attached = /^(?:-[a-zA-Z0]*S|--split-string=?)([^]*)/.exec(option.text)?.[1] ?? '';
  const text = attached === '' ? argv[at + 1] : { ...option, text: attached };
  const rest = argv.slice(at + (attached === '' ? 2 : 1));
  const isKnown = text?.constant === true && !/["'\\$#]/.test(text.text);
  const words = isKnown
    ? text.text
        .split(/\s+/)
        .filter((word) => word !== '')
        .map(constantField)
    : [{ ...constantField('$(env -S)'), constant: false }];
  return [...argv.slice(0, at), ...words, ...rest];
}

/** What stands behind a wrapper; undefined where it is none, or starts nothing. */
function behind(
  whole: readonly Field[],
  environment: Field[],
  brought: Brought | undefined,
): readonly Field[] | undefined {
  const program = programOf(whole);
  const argv = program === 'env' ? withSplit(whole) : whole;
  if (WRAPPERS[program] === undefined) return interpretedProgram(program, argv, brought);
  const words = argv.slice(1);
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

/** Options by which a wrapper goes to a folder first. */
const GOES: Readonly<Record<string, RegExp>> = {
  env: /^(?:-C|--chdir(?:=|$))(.*)$/,
  sudo: /^(?:-D|--chdir(?:=|$))(.*)$/,
  unshare: /^--wd(?:=|$)(.*)$/,
};

/** The folder that a wrapper goes to; undefined where it stays, '' where it is not known. */
function folderOf(argv: readonly Field[], rest: readonly Field[]): string | undefined {
  const program = programOf(argv);
  const goes = Object.hasOwn(GOES, program) ? GOES[program] : undefined;
  if (goes === undefined) return undefined;
  const own = argv.slice(1, argv.length - rest.length);
  const at = own.findIndex(({ text }) => goes.test(text));
  const given = goes.exec(own[at]?.text ?? '')?.[1];
  const value = given === '' ? own[at + 1] : own[at];
  if (value === undefined) return undefined;
  return value.constant ? given || value.text : '';
}

/** Wrappers and runners that one command may stand behind; a longer chain is left as it is. */
const MOST = 8;

/** Takes wrappers off; `brought` knows the files of the build. */
export function unwrap(argv: readonly Field[], brought?: Brought, most = MOST): Unwrapped {
  let current = argv;
  const environment: Field[] = [];
  const wrappers: string[] = [];
  let folder: string | undefined;
  let round = 0;
  for (; round < most; round += 1) {
    const rest = behind(current, environment, brought);
    if (rest === undefined) break;
    const program = programOf(current);
    const into = folderOf(current, rest);
    if (into !== undefined) folder = into === '' ? '' : pathIn(folder ?? '', into);
    if (WRAPPERS[program] !== undefined) wrappers.push(program);
    current = rest;
  }
  const script = scriptOf(current);
  const started =
    round < most
      ? startedBy(programOf(current), current.slice(1)).flatMap((inner) => {
          const one = unwrap(inner, brought, most - round - 1);
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
