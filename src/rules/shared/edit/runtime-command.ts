import { posix } from 'node:path';
import type { FixInput } from '../../../model/fix-rule.ts';
import { parseJson, textMapField } from '../../../model/json-value.ts';
import { ownValue } from '../../../model/lookup.ts';
import { err, ok, type Result } from '../../../model/result.ts';
import { execWords } from './exec-words.ts';
import { ENTRY_POINT } from './program/entry-points.ts';
import { baseOfImage, isExecForm, lastInImage, type Placed } from './stage-view.ts';

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

/** `npm start` as the script that it stands for. */
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
