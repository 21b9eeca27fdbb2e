import { posix } from 'node:path';
import { err, ok, type Result } from '../lib/errors.ts';
import { ownValue, parseJson, textMapField } from '../lib/json.ts';
import { assignment, execStrings } from '../model/dockerfile.ts';
import type { FixInput } from '../model/fix.ts';
import { isOfShellAlone } from '../programs/local.ts';
import { baseName, baseOfImage, inImage, lastInImage } from './edit-text.ts';

/** Entry points of official images that start what they are given, after a preparation. */
const ENTRY_POINT = /(?:^|\/)(?:docker(?:-[a-z]+)*-entrypoint(?:\.sh)?|__cacert_entrypoint\.sh)$/;
/** Official images whose entry point starts what it is given, as the user that it has itself. */
const HANDS_ON = new Set(
  'node nginx php httpd haproxy caddy golang ruby eclipse-temurin composer bash'.split(' '),
);

/** True for an official image's entry point that starts its arguments without changing them. */
export function handsOn(input: Pick<FixInput, 'model' | 'imageStages'>, program: string): boolean {
  return ENTRY_POINT.test(program) && HANDS_ON.has(baseName(input));
}

/** Words that are started, or a text for a shell. */
type CommandForm = { readonly words: readonly string[] } | { readonly script: string };

function formOf(text: string): CommandForm {
  const words = execStrings(text);
  return words === undefined ? { script: text } : { words };
}

/** What a container of the image starts, as the image's configuration has it. */
export interface Invocation {
  readonly entry: CommandForm;
  /** What the entry point gets as arguments. */
  readonly args: readonly string[];
  /** The instruction that names the program: `ENTRYPOINT`, `CMD`, or that of the base. */
  readonly by: string;
}

/** ENTRYPOINT and CMD of the image: its own, or those of its base. */
function startOf(input: FixInput): Readonly<Record<'entry' | 'cmd', CommandForm>> {
  const base = baseOfImage(input)?.config.config;
  const [ownEntry, ownCmd] = ['ENTRYPOINT', 'CMD'].map((keyword) => lastInImage(input, keyword));
  const entry = ownEntry && formOf(ownEntry.instruction.rawArguments);
  const cmd = ownCmd && formOf(ownCmd.instruction.rawArguments);
  return {
    entry: entry ?? { words: base?.Entrypoint ?? [] },
    // An ENTRYPOINT of its own takes the base's CMD away, and one in shell form any.
    cmd:
      entry !== undefined && 'script' in entry
        ? { words: [] }
        : (cmd ?? { words: entry === undefined ? (base?.Cmd ?? []) : [] }),
  };
}

/** What the image starts by default; undefined if it and its base, where known, name nothing. */
export function invocation(input: FixInput): Invocation | undefined {
  const { entry, cmd } = startOf(input);
  const named = (keyword: string): string =>
    lastInImage(input, keyword) === undefined ? `the ${keyword} of the base` : keyword;
  if ('script' in entry || entry.words.length > 0) {
    const args = 'script' in cmd ? ['/bin/sh', '-c', cmd.script] : cmd.words;
    return { entry, args, by: named('ENTRYPOINT') };
  }
  const isEmpty = 'words' in cmd && cmd.words.length === 0;
  return isEmpty ? undefined : { entry: cmd, args: [], by: named('CMD') };
}

/** The command of the image's health check; undefined where it has none of its own. */
export function healthCheck(input: FixInput): Invocation | undefined {
  const found = lastInImage(input, 'HEALTHCHECK');
  const text = found?.text.slice(found.argumentsAt).trim() ?? '';
  const command = /^CMD\s+(.*)/is.exec(text)?.[1];
  return command === undefined
    ? undefined
    : { entry: formOf(command), args: [], by: 'HEALTHCHECK' };
}

/** The absolute path from a WORKDIR, which may be relative to the base's working folder. */
export function fromWorkFolder(input: FixInput, ...path: readonly string[]): string {
  return posix.resolve('/', baseOfImage(input)?.config.config?.WorkingDir ?? '', ...path);
}

/** The folder that the program starts in. */
export function workFolder(input: FixInput): string {
  const own = inImage(input).filter(({ keyword }) => keyword === 'WORKDIR');
  return fromWorkFolder(input, ...own.map(({ instruction }) => instruction.arguments[0] ?? ''));
}

const OPERATORS: readonly (readonly [RegExp, string])[] = [
  [/[$`]/, 'a command or an expression is put in by the shell'],
  [/&&|\|\||;|\n/, 'it is more than one command'],
  [/[|&<>]/, 'it is a pipe, is redirected, or starts something in the background'],
  [/[*?[\]{}~()!#\\]/, 'it contains characters that mean something to the shell'],
];

/** What text outside of quotes, or in double quotes, means to a shell; undefined for nothing. */
function meaning(text: string, isQuoted: boolean): string | undefined {
  const [, variable] = text.includes('`') ? [] : (/\$\{?(\w+)/.exec(text) ?? []);
  if (variable !== undefined) return `the shell puts in ${variable}`;
  const found = (isQuoted ? OPERATORS.slice(0, 1) : OPERATORS).find(([one]) => one.test(text));
  if (found !== undefined) return found[1];
  return isQuoted && text.includes('\\') ? 'it has a backslash in double quotes' : undefined;
}

/** A removable end of a check: redirects, and `|| exit 1`, as any code but 0 means unhealthy. */
const CHECK_END_LENGTH = 200;
const CHECK_END =
  // Digits before `>` are a descriptor where they are a word: those of `:8082>/dev/null` are a
  // port's.
  // eslint-disable-next-line regexp/no-super-linear-move -- it is used on 200 characters
  /(?:\s+[12]>{1,2}\s*\/dev\/null|\s*&?>{1,2}\s*\/dev\/null|\s+2>&1)*(?:\s*\|\|\s*(?:exit\s+1|false))?\s*$/;

/** Words that a shell takes as they are, with single blanks between them. */
const PLAIN_WORDS = /^[\w./:=@%+,-]+(?: [\w./:=@%+,-]+)*$/;

/** A shell command with the variables that ENV sets to plain words replaced, and their names. */
function withVariables(
  input: FixInput,
  command: string,
): { readonly text: string; readonly names: readonly string[] } {
  const set = inImage(input).filter(
    ({ keyword, text, argumentsAt }) => keyword === 'ENV' && !text.slice(argumentsAt).includes('$'),
  );
  const values = new Map(
    [
      ...(baseOfImage(input)?.config.config?.Env ?? []),
      ...set.flatMap(({ instruction }) => instruction.arguments),
    ].map(assignment),
  );
  const names = new Set<string>();
  // Text in single quotes stays.
  const text = command.replace(
    /'[^']*'|\$(?:(\w+)|\{(\w+)(?::?-([^{}]*))?\})/g,
    (whole, bare: string | undefined, braced: string | undefined, standard?: string) => {
      const name = bare ?? braced ?? '';
      const value = (values.get(name) ?? '') || (standard ?? '');
      if (!PLAIN_WORDS.test(value)) return whole;
      names.add(name);
      return value;
    },
  );
  return { text, names: [...names] };
}

/** The words of a health check without what a shell adds at its end. */
export function checkWords(command: string): Result<readonly string[]> {
  const text = command.trimEnd();
  const end = text.slice(-CHECK_END_LENGTH).replace(CHECK_END, '');
  return execWords(text.slice(0, -CHECK_END_LENGTH) + end);
}

/** The words of a shell command that a shell would pass on unchanged; else why it would not. */
export function execWords(command: string): Result<readonly string[]> {
  const words: string[] = [];
  let word: string | undefined;
  for (const [piece] of `${command} `.matchAll(/'[^']*'|"[^"]*"|[ \t]+|[^'" \t]+|['"]/g)) {
    if (/^[ \t]/.test(piece)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      continue;
    }
    if (piece === '"' || piece === "'") return err('a quote is not closed');
    const isQuoted = /^["']/.test(piece);
    const inner = isQuoted ? piece.slice(1, -1) : piece;
    const why = piece.startsWith("'") ? undefined : meaning(inner, isQuoted);
    if (why !== undefined) return err(why);
    word = (word ?? '') + inner;
  }
  if (words[0] === 'exec' && words.length > 1 && words[1]?.startsWith('-') === false) words.shift();
  const [program = ''] = words;
  if (program === '') return err('it is empty');
  if (/^\w+\+?=/.test(program)) return err('it sets a variable, as ENV can');
  if (isOfShellAlone(program)) return err(`${program} is not a program but part of the shell`);
  return ok(words);
}

/** What a container of the image starts, without a shell. */
export interface RuntimeCommand {
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** Variables whose values of now are in it: others at run time no longer count. */
  readonly fixed: readonly string[];
}

/** The image's entry point and command as words; an error says why that needs a shell. */
export function runtimeCommand(input: FixInput): Result<RuntimeCommand> {
  const { entry, cmd } = startOf(input);
  const fixed = [entry, cmd].flatMap((form) =>
    'script' in form ? withVariables(input, form.script).names : [],
  );
  const entrypoint = wordsOf('ENTRYPOINT', entry, input);
  if (!entrypoint.ok) return entrypoint;
  const words = wordsOf('CMD', cmd, input);
  if (!words.ok) return words;
  // An ordinary command does not need what those of official images prepare.
  const isOwn = lastInImage(input, 'ENTRYPOINT') !== undefined;
  const own = entrypoint.value.filter((word) => isOwn || !ENTRY_POINT.test(word));
  if (own.length > 0) return ok({ entrypoint: own, cmd: words.value, fixed });
  const started = throughStarter(words.value, input);
  return started.ok ? ok({ entrypoint: [], cmd: started.value, fixed }) : started;
}

function wordsOf(keyword: string, form: CommandForm, input: FixInput): Result<readonly string[]> {
  if ('words' in form) return ok(form.words);
  const found = execWords(withVariables(input, form.script).text);
  return found.ok ? found : err(`${keyword} needs a shell: ${found.error}`);
}

const STARTER = /^(?:npm|pnpm|yarn)$/;

/** `npm start` as the script that it runs. */
function throughStarter(words: readonly string[], input: FixInput): Result<readonly string[]> {
  const [program = '', ...rest] = words;
  if (!STARTER.test(program)) return ok(words);
  const [name = '', ...more] = rest[0] === 'run' ? rest.slice(1) : rest;
  const manifest = parseJson(input.contextFile('package.json') ?? '');
  const scripts = textMapField(manifest, 'scripts');
  const script = ownValue(scripts, name);
  if (name.startsWith('-') || more.length > 0 || script === undefined)
    return err(`what ${words.join(' ')} starts is not known from package.json`);
  if (scripts[`pre${name}`] !== undefined || scripts[`post${name}`] !== undefined)
    return err(`${words.join(' ')} starts more than one script`);
  const found = execWords(script);
  return found.ok ? found : err(`the script ${name} of package.json needs a shell: ${found.error}`);
}
