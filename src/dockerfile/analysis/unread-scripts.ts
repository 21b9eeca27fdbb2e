import type { UnreadLine } from '../../model/build-analysis.ts';
import { isLocal } from '../../programs/catalogue.ts';
import { EVALUATED, SOURCED_FILES } from '../../programs/known-scripts.ts';
import {
  isPlainModule,
  isPlainScript,
  languageOf,
  loadedModules,
  looksForModule,
} from '../../programs/plain-scripts.ts';
import type { GivenInput } from '../../programs/program.ts';
import { unreadWindowsText } from '../../programs/windows.ts';
import { parseShell } from '../shell/parse-shell.ts';
import { pathIn } from '../shell/shell-state.ts';
import type { CommandEvent } from './build-event.ts';
import { FROM_ARCHIVE, interpretedFile } from './run-files.ts';
import type { FileContent, StageFiles } from './stage-files.ts';

/** What is known around a command that is asked whether it was read. */
export interface CommandContext {
  readonly files: StageFiles;
  /** It installs or fetches something that is judged on its own. */
  readonly isJudged: boolean;
  /** The command by its number. */
  readonly command: (id: number) => CommandEvent | undefined;
}

/** A command of which it is not known what it brings in. */
export interface UnreadCommand extends UnreadLine {
  readonly stage: number;
  readonly folder: string;
  /** The file that it runs. */
  readonly file?: string;
  /** It runs the steps of the source at hand. */
  readonly isDriver?: true;
}

const ASKS_VERSION = /^(?:--version|-v|-version)$/i;
const OFFLINE = 'run it without network: RUN --network=none';
const CONTEXT =
  'judge it where its build context is: scoville build, or scoville lint in the project';

/** A path or word from outside, short and without control characters. */
export function shown(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(-80);
}

export function unread(
  event: CommandEvent,
  program: string,
  reason: string,
  more: Partial<UnreadCommand> = {},
): UnreadCommand {
  const { range, text, stage, folder } = event;
  return { range, reason, command: text, program, settle: OFFLINE, stage, folder, ...more };
}

/** Shell text, followed where constant enough; what a command prints into it is not known. */
export function ofScript(
  event: CommandEvent,
  { command }: CommandContext,
): UnreadCommand | undefined {
  const { script } = event;
  if (script === undefined) return undefined;
  const parsed = parseShell(script.text);
  if (!parsed.ok)
    return unread(
      event,
      event.program,
      `what ${event.program} runs is not a shell that can be read`,
    );
  if (!script.text.includes('$(...)')) return undefined;
  const isKnown = script.sources.every((id) => {
    const source = command(id);
    const line =
      source === undefined
        ? ''
        : [source.program, ...source.argv.slice(1).map((f) => f.text)].join(' ');
    return (
      EVALUATED.some((one) => one.command.test(line)) ||
      (source !== undefined &&
        isLocal(
          source.program,
          source.argv.slice(1).map((f) => f.text),
        ) &&
        !/^\s*\$\(\.\.\.\)/.test(script.text))
    );
  });
  return isKnown
    ? undefined
    : unread(event, event.program, `${event.program} runs what another command prints`);
}

/** What is known of a file that a program other than a shell runs, or that runs by itself. */
export function ofFile(
  event: CommandEvent,
  file: string,
  content: FileContent | undefined,
  language: string,
): UnreadCommand | undefined {
  const name = shown(file);
  if (content?.kind !== 'text')
    return unread(
      event,
      name,
      content === undefined
        ? `${name} runs, and what it does is not shown`
        : `${name} runs, and it ${content.why}`,
      {
        file,
        ...(content?.why === FROM_ARCHIVE
          ? { isDriver: true, folder: file.replace(/\/[^/]*$/, '') }
          : {}),
        ...(content?.why.includes('context') === true ? { settle: CONTEXT } : {}),
      },
    );
  const program = /^#!\s*\S*?([\w.]+)(?:[ \t]+([\w.-]+))?/.exec(content.text);
  const shebang = program?.[1] === 'env' ? (program[2] ?? '') : (program?.[1] ?? '');
  const spoken = language === '' ? languageOf(shebang) : language;
  return spoken !== '' && isPlainScript(spoken, content.text)
    ? undefined
    : unread(event, name, `${name} runs, and is not a shell that can be read`, { file });
}

/** True where a file of the build lies where Python first looks for a module the script loads. */
function hidesModule(
  { folder, id, variable }: CommandEvent,
  language: string,
  text: string,
  files: StageFiles,
): boolean {
  if (!language.startsWith('py')) return false;
  const path = (variable('PYTHONPATH') ?? '').split(':').filter((one) => one !== '');
  const folders = [folder, ...path];
  const places = loadedModules(text).flatMap((name) => [`${name}.py`, `${name}/__init__.py`]);
  return folders.some((one) =>
    places.some((place) => {
      const content = files.at(pathIn(pathIn(folder, one), place), id);
      return content !== undefined && content.kind !== 'maybe';
    }),
  );
}

/** The script of an interpreter: on its command line, in a file, or on its input. */
export function ofInterpreter(
  event: CommandEvent,
  language: string,
  { files }: CommandContext,
): UnreadCommand | undefined {
  const words = event.argv.slice(1).map((f) => f.text);
  const { program } = event;
  const at = words.findIndex(
    (word) => /^-[a-zA-Z]*$(?<=[cepErn][a-z]*)|^--(?:eval|print)$/.test(word) && word !== '-m',
  );
  const scripted =
    language === 'python' ? words.findIndex((word) => /^-[a-zA-Z]*c$/.test(word)) : at;
  if (scripted >= 0) {
    const scripts = words.slice(scripted + 1).filter((word) => !/^-\w/.test(word));
    const [text = ''] = scripts;
    const loads = words.filter(
      (word) =>
        /^-[Mrx]\w|^--require|^-r$/.test(word) &&
        language !== 'php' &&
        !isPlainModule(language, word.slice(2)),
    );
    const looks = looksForModule(language, text) && !files.holdsContext(event.folder);
    return loads.length === 0 &&
      !hidesModule(event, language, text, files) &&
      (looks || isPlainScript(language, text))
      ? undefined
      : unread(event, program, `what ${program} runs is not shell, and may do anything`);
  }
  if (words.some((word) => word === '-m')) {
    const module = words[words.indexOf('-m') + 1] ?? '';
    return unread(event, `${program} -m ${module}`, `what the module ${module} does was not read`);
  }
  const file = words.find((word) => !word.startsWith('-')) ?? event.readsFrom[0];
  if (file !== undefined && file !== '-' && file !== '/dev/stdin')
    return ofFile(
      event,
      pathIn(event.folder, file),
      files.at(pathIn(event.folder, file), event.id),
      language,
    );
  if (event.input !== undefined && isPlainScript(language, event.input.text)) return undefined;
  return unread(
    event,
    program,
    `what ${program} reads from its input is not shell, and may do anything`,
  );
}

/** What a command reads from its input; undefined where nothing is given to it. */
export function givenInput(
  { input, piped, pipedFrom, readsFrom, folder, id }: CommandEvent,
  files: StageFiles,
): GivenInput | undefined {
  if (input !== undefined) return { text: input.text };
  if (pipedFrom.length > 0) return { text: piped?.text };
  const [file] = readsFrom.filter((path) => path !== '/dev/null');
  if (file === undefined) return undefined;
  const content = files.at(pathIn(folder, file), id);
  return { text: content?.kind === 'text' ? content.text : undefined };
}

export function ofSourced(
  event: CommandEvent,
  { files }: CommandContext,
): UnreadCommand | undefined {
  const word = interpretedFile(event.argv, []) ?? '';
  const path = word.startsWith('$') || word.startsWith('~') ? word : pathIn(event.folder, word);
  const content = files.at(path, event.id);
  const known = SOURCED_FILES.some((one) => one.path.test(path) || one.path.test(word));
  return known && (content === undefined || content.kind === 'maybe')
    ? undefined
    : ofFile(event, path, content, 'sh');
}

/** PowerShell or cmd, of whose text only plain statements are read. */
export function ofWindowsShell(
  event: CommandEvent,
  words: readonly string[],
): UnreadCommand | undefined {
  const isGiven = event.input === undefined && event.pipedFrom.length === 0;
  const isConstant = event.argv.every(({ constant }) => constant);
  if (isConstant && isGiven && event.readsFrom.length === 0 && ASKS_VERSION.test(words.join(' ')))
    return undefined;
  const found =
    isConstant && isGiven ? unreadWindowsText(event.program.replace('-preview', ''), words) : '';
  if (found === undefined) return undefined;
  const what = found === '' || found === event.program ? '' : `, which runs ${found}`;
  return unread(event, event.program, `what ${event.program} runs was not read${what}`);
}

/** A shell without a script that was followed: its script is in a file, or on its input. */
export function ofShell(
  event: CommandEvent,
  words: readonly string[],
  { files }: CommandContext,
): UnreadCommand | undefined {
  if (words.length === 1 && words[0] === '--version') return undefined;
  const file = interpretedFile(event.argv, event.readsFrom);
  if (file === undefined)
    return event.pipedFrom.length > 0 || words.includes('-s')
      ? unread(event, event.program, `${event.program} runs what another command prints`)
      : undefined;
  const path = pathIn(event.folder, file);
  return ofFile(event, path, files.at(path, event.id), '');
}
