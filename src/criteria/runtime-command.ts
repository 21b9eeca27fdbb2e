import { posix } from 'node:path';
import { err, ok, type Result } from '../lib/errors.ts';
import { ownValue, parseJson, textMapField } from '../lib/json.ts';
import type { FixInput } from '../model/fix.ts';
import { isOfShellAlone } from '../programs/local.ts';
import { baseOfImage, isExecForm, lastInImage, type Placed } from './edit-text.ts';
import { ENTRY_POINT } from './started-programs.ts';

const OPERATORS: readonly (readonly [RegExp, string])[] = [
  [/[$`]/, 'a command or an expression is put in by the shell'],
  [/&&|\|\||;|\n/, 'it is more than one command'],
  [/\|/, 'it is a pipe'],
  [/&/, 'it starts something in the background'],
  [/[<>]/, 'its input or output is redirected'],
  [/[*?[\]{}~]/, 'the shell puts in names of files'],
  [/[()!#\\]/, 'it contains characters that mean something to the shell'],
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

/** The command of a health check without what a shell adds at its end. */
export function bareCheck(command: string): string {
  const text = command.trimEnd();
  return text.slice(0, -CHECK_END_LENGTH) + text.slice(-CHECK_END_LENGTH).replace(CHECK_END, '');
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
}

/** The folder that the program starts in. */
export function workFolder(input: FixInput, own: readonly Placed[]): string {
  const last = own.findLast(({ keyword }) => keyword === 'WORKDIR');
  if (last === undefined) return fromWorkFolder(input, '', '');
  return fromWorkFolder(input, last.folder, last.instruction.arguments[0] ?? '');
}

/** The absolute path from a WORKDIR, which may be relative to the base's working folder. */
export function fromWorkFolder(input: FixInput, folder: string, path: string): string {
  const base = baseOfImage(input)?.config.config?.WorkingDir ?? '';
  return posix.resolve('/', base, folder, path);
}

const STARTER = /^(?:npm|pnpm|yarn)$/;

/** The image's entry point and command as words; an error says why that needs a shell. */
export function runtimeCommand(input: FixInput): Result<RuntimeCommand> {
  const base = baseOfImage(input)?.config.config;
  const given = lastInImage(input, 'ENTRYPOINT');
  // An ordinary command does not need what those of official images prepare.
  const inherited = (base?.Entrypoint ?? []).filter((word) => !ENTRY_POINT.test(word));
  const entrypoint = given === undefined ? ok(inherited) : wordsOf(given);
  if (!entrypoint.ok) return entrypoint;
  const said = lastInImage(input, 'CMD');
  // An ENTRYPOINT of its own takes the base's CMD away, one in shell form any.
  const isAlone = given !== undefined && (said === undefined || !isExecForm(given));
  const cmd = isAlone ? ok([]) : said === undefined ? ok(base?.Cmd ?? []) : wordsOf(said);
  if (!cmd.ok) return cmd;
  if (entrypoint.value.length > 0) return ok({ entrypoint: entrypoint.value, cmd: cmd.value });
  const started = throughStarter(cmd.value, input);
  return started.ok ? ok({ entrypoint: [], cmd: started.value }) : started;
}

function wordsOf(one: Placed): Result<readonly string[]> {
  if (isExecForm(one)) return ok(one.instruction.arguments);
  const found = execWords(one.instruction.rawArguments);
  return found.ok ? found : err(`${one.keyword} needs a shell: ${found.error}`);
}

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
