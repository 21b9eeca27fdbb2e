import type { UnreadLine } from '../../model/build-analysis.ts';
import { drivesPlainly } from '../../programs/build-drivers.ts';
import { isBuildDriver, isLocal, isRefused } from '../../programs/catalogue.ts';
import { SHELLS } from '../../programs/kinds/shells.ts';
import { SOURCED_FILES } from '../../programs/known-scripts.ts';
import { hidesCommand, runningVariable } from '../../programs/running-variables.ts';
import { pathIn } from '../paths.ts';
import { modulePlaces } from '../shell/interpreters.ts';
import { type CommandEvent, placeOf, printedBy, wordsOf } from './command-event.ts';
import { obeyedFile } from './obeyed-file.ts';
import { isNamed, programFile } from './program-file.ts';
import type { FileContent, StageFiles } from './stage-files.ts';

/** A command of which it is not known what it brings in. */
export interface UnreadCommand extends UnreadLine {
  readonly stage: number;
  readonly folder: string;
  readonly id: number;
  /** The file that it runs. */
  readonly file?: string;
  /** It runs the steps of the source at hand. */
  readonly isDriver?: true;
}

/** What is known around a command that is asked whether it was read. */
interface Around {
  readonly files: StageFiles;
  readonly events: readonly CommandEvent[];
  /** It installs or fetches something that is judged on its own. */
  readonly isJudged: boolean;
}

const ASKS = /^(?:-{1,2}v(?:ersion)?|-V|--help|-h|-help|help|version)$/;
/** Programs that fetch what they then run. */
const RUNNERS = /^(?:npx|bunx|pnpx|uvx|dlx)$/;
/** Verbs by which a manager or a compiler runs what it fetched or built. */
const RUNS = /^(?:dlx|create|init|innit|exec|x|run|test|t|bench|install-test|it)$/;
const INTERPRETER =
  /^(?:python|pypy|py|node|nodejs|deno|bun|perl|ruby|php|lua|R|Rscript|r|powershell|pwsh|cmd)[\d.]*$/i;
const OS_MANAGERS = /^(?:dpkg|apt|apt-get|aptitude|apk|rpm|dnf5?|yum|microdnf|tdnf|zypper|gdebi)$/;
const OS_INSTALLS =
  /^(?:-(?=\w*[iUF])\w+|--install|--unpack|--upgrade|install|add|in|localinstall|reinstall)$/;

/** What decides it where nobody reads what a program does. */
const SEEN =
  'RUN --network=none; or build with --record, then --replay: then each download is known by digest';
const CONTEXT =
  'judge it where its build context is: scoville build, or scoville lint in the project';

/** A path or word from outside, short and without control characters. */
function shown(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(-80);
}

function unread(
  event: CommandEvent,
  program: string,
  reason: string,
  more: Partial<UnreadCommand> = {},
): UnreadCommand {
  const { range, text, stage, folder, id } = event;
  return {
    range,
    reason,
    command: text,
    program: shown(program),
    settle: SEEN,
    stage,
    folder,
    id,
    ...more,
  };
}

function ofFile(
  event: CommandEvent,
  path: string,
  content: FileContent | undefined,
): UnreadCommand {
  const what = content?.kind === 'unread' ? `it ${content.why}` : 'what it does was not read';
  const isAway = content?.kind === 'unread' && content.why.includes('not given');
  return unread(event, path, `${shown(path)} runs, and ${what}`, {
    file: (content?.kind === 'unread' ? content.target : undefined) ?? path,
    ...(isAway ? { settle: CONTEXT } : {}),
  });
}

/** The build's file for `python -m NAME`: looked up beside the command, then in PYTHONPATH. */
function moduleBeside(
  { program, words, folder, id, variable }: CommandEvent,
  files: StageFiles,
): { readonly path: string; readonly content: FileContent } | undefined {
  const at = words.findIndex(({ text }) => /^-[BbdEhiIOPqRsSuvVx]*m/.test(text));
  const isPython = /^(?:\S*\/)?(?:python|pypy|py)[\d.]*$/.test(
    words.find(({ text }) => /py/.test(text))?.text ?? program,
  );
  if (at < 0 || !isPython) return undefined;
  const option = words[at]?.text ?? '';
  const name = option.endsWith('m') ? (words[at + 1]?.text ?? '') : option.replace(/^-\w*?m/, '');
  const folders = ['.', ...(variable('PYTHONPATH') ?? '').split(':', 16)];
  for (const one of folders)
    for (const place of modulePlaces(name)) {
      const path = pathIn(pathIn(folder, one || '.'), place);
      const content = files.at(path, id);
      if (content !== undefined) return { path, content };
    }
  return undefined;
}

/** A program that runs what is in the source it works on. */
function ofSource(event: CommandEvent): UnreadCommand {
  const { program, argv } = event;
  const words = wordsOf(event);
  const first = argv[0]?.text ?? '';
  const own = first.includes('/')
    ? placeOf(event, first.replace(/(?<![^/])[^/]*$/, ''))
    : event.folder;
  const to = words[words.findIndex((word) => /^(?:-C|-S|--directory)$/.test(word)) + 1];
  const folder = to === undefined || to === words[0] ? own : placeOf(event, to);
  const reason = `what ${program} runs is in the source it works on, which was not read`;
  return unread(
    event,
    program,
    reason,
    drivesPlainly(program, words) ? { isDriver: true, folder } : { folder },
  );
}

/** A program of another root folder, or a package of the context, whose scripts run. */
function ofOtherFiles(event: CommandEvent, files: StageFiles): UnreadCommand | undefined {
  const { program, text, folder, id } = event;
  const root = /(?:^|[\s/])chroot\s+(?:--?\S+\s+)*(\S+)/.exec(text)?.[1];
  if (root !== undefined && root !== '/' && files.holdsContext(pathIn(folder, root)))
    return unread(event, program, `${program} is a program of ${shown(root)}, not of the image`);
  const words = wordsOf(event);
  if (!OS_MANAGERS.test(program) || !words.some((word) => OS_INSTALLS.test(word))) return undefined;
  for (const word of words) {
    if (!/\.(?:deb|rpm|apk)$/.test(word) || /^\w+:\/\//.test(word)) continue;
    const file = placeOf(event, word);
    const content = files.at(file, id);
    const isOwn = /[*?]/.test(word)
      ? files.holdsContext(file.replace(/(?<=.)\/[^/]*$/, ''))
      : content !== undefined;
    const target = content?.kind === 'unread' ? content.target : undefined;
    if (isOwn)
      return unread(event, word, `${shown(word)} is installed, and its scripts were not read`, {
        file: target ?? file,
      });
  }
  return undefined;
}

/** A shell whose script is not among its words. */
function ofShell(event: CommandEvent, { files, events }: Around): UnreadCommand | undefined {
  const { program, input, pipedFrom, readsFrom, own } = event;
  const words = wordsOf(event);
  if (own.script !== undefined || (words.length === 1 && ASKS.test(words[0] ?? '')))
    return undefined;
  const file =
    words.find(
      (word) => !/^[-+]/.test(word) && !/^(?:pipefail|errexit|xtrace|nounset)$/.test(word),
    ) ?? readsFrom[0];
  if (file !== undefined && file !== '-')
    return ofFile(event, placeOf(event, file), files.at(placeOf(event, file), event.id));
  if (input !== undefined && !event.hidesScript) return undefined;
  const sources = events.filter(({ id }) => pipedFrom.includes(id));
  if (sources.length === 0 && input === undefined && !words.includes('-s')) return undefined;
  return unread(event, program, `${program} runs what another command prints`);
}

function ofSourced(event: CommandEvent, { files }: Around): UnreadCommand | undefined {
  const word = wordsOf(event)[0] ?? '';
  const path = placeOf(event, word);
  const content = files.at(path, event.id);
  const isKnown = SOURCED_FILES.some((one) => one.path.test(path) || one.path.test(word));
  return isKnown && content === undefined ? undefined : ofFile(event, path, content);
}

/**
 * Builtins by which a script runs what no word of a command says, or turns later ones into others.
 */
const TURNS = /^(?:eval|alias|trap|enable|coproc|let)$/;

/**
 * True where a builtin takes input from elsewhere, sets what is not named, or stops running
 * commands.
 */
function isOdd({ program, argv, own, words, readsFrom, input }: CommandEvent): boolean {
  const line = argv.slice(1);
  if (program === 'set') return line.some(({ text }) => /^-\w*n|^noexec$/.test(text));
  if (/^(?:declare|typeset|local)$/.test(program) && line.some(({ text }) => /^-\w*n/.test(text)))
    return true;
  if (
    /^(?:read|mapfile|readarray|getopts|unset)$/.test(program) &&
    line.some(({ text, constant }) => !constant && /^\$/.test(text))
  )
    return true;
  if (program === 'printf' && line[0]?.text === '-v' && line[1]?.constant !== true) return true;
  // What `exec < FILE` leads to is what the shells behind it read.
  return (
    (own.wrappers.includes('exec') || words[0]?.text === 'exec') &&
    words.length === 1 &&
    (readsFrom.length > 0 || input !== undefined)
  );
}

/** Why what a command brings in is unknown; undefined where it is read or brings nothing. */
export function unreadCommand(event: CommandEvent, around: Around): UnreadCommand | undefined {
  const { program, argv, isFollowed, own } = event;
  const { files, isJudged } = around;
  const [first] = argv;
  if (event.isOffline || first === undefined) return undefined;
  const words = wordsOf(event);
  const running = runningVariable(event.allVariables(), program, words);
  if (running !== undefined)
    return unread(event, running, `the variable ${running} makes programs run what was not read`);
  if (isFollowed) return undefined;
  if (event.hidesScript)
    return unread(event, program || first.text, `${program || 'it'} runs text that is not shown`);
  const obeyed = program === '' ? undefined : obeyedFile(event, files);
  if (obeyed !== undefined)
    return unread(event, program, `${shown(obeyed.path)} was not read, and ${obeyed.reason}`, {
      file: obeyed.path,
    });
  if (own.script !== undefined && !event.isStarted && program !== 'eval') {
    const shell = programFile(first.text, event, files);
    return shell === undefined ? undefined : ofFile(event, shell.path, shell.content);
  }
  if (event.isStarted && own.started.some((one) => one.script !== undefined && one.argv === argv))
    return undefined;
  if (program === '')
    return unread(
      event,
      first.text,
      `the name of the program is not constant: ${shown(first.text)}`,
    );
  if (
    hidesCommand(program, event.text, words) ||
    (TURNS.test(program) && !isQuiet(event)) ||
    isOdd(event)
  )
    return unread(event, program, `${program} runs text, or changes what later commands mean`);
  if (program === '.' || program === 'source') return ofSourced(event, around);
  const put = programFile(first.text, event, files);
  const isDriven =
    isBuildDriver(program, words) ||
    (program === 'dotnet' &&
      /^(?:restore|build|publish|test|pack|run|msbuild)$/.test(words[0] ?? '')) ||
    (program === 'nuget' && words[0] === 'restore');
  if (isDriven && (put === undefined || !first.text.includes('/'))) return ofSource(event);
  if (put !== undefined) return ofFile(event, put.path, put.content);
  const wrapped = event.words.slice(0, Math.max(0, event.words.length - argv.length) + 1);
  for (const { text } of wrapped) {
    if (text.startsWith('-')) continue;
    const file = programFile(text, event, files);
    if (file !== undefined) return ofFile(event, file.path, file.content);
    // A script by its path, in a folder that is not seen.
    const path = placeOf(event, text);
    const isScript =
      /\.(?:phar|py|js|cjs|mjs|rb|pl)$/.test(path) &&
      !/(?:^|\/)(?:s?bin|site-packages|node_modules|vendor)\//.test(path);
    const content = isScript ? files.at(path, event.id) : undefined;
    if (
      content !== undefined ||
      (isScript &&
        !files.isWhole(path.slice(0, Math.max(0, path.lastIndexOf('/'))) || event.folder))
    )
      return ofFile(
        event,
        path,
        content ?? { kind: 'unread', why: 'may come from the build context, which was not given' },
      );
  }
  const module = moduleBeside(event, files);
  if (module !== undefined) return ofFile(event, module.path, module.content);
  const elsewhere = ofOtherFiles(event, files);
  if (elsewhere !== undefined) return elsewhere;
  if (!isNamed(first.text))
    return unread(event, first.text, `what ${shown(first.text)} does was not read`, {
      file: placeOf(event, first.text),
    });
  if (SHELLS.has(program)) return ofShell(event, around);
  const asks = words.length === 1 && ASKS.test(words[0] ?? '');
  if (asks || isLocal(program, words, givenInput(event, around))) return undefined;
  if (INTERPRETER.test(program))
    return unread(event, program, `what ${program} runs is not shell, and may do anything`);
  if (
    isJudged &&
    !RUNNERS.test(program) &&
    !RUNS.test(words[0] ?? '') &&
    !isRefused(program, words)
  )
    return undefined;
  return unread(event, program, `what ${program} does was not read`);
}

/** A trap that only takes away what the RUN made, or none at all. */
function isQuiet({ program, argv }: CommandEvent): boolean {
  const [text = '', ...signals] = wordsOf({ argv });
  return (
    program === 'trap' &&
    (text === '-' || /^(?:rm -r?f [\w."$/{} -]+)?$/.test(text)) &&
    signals.length > 0
  );
}

/** What a command has as its input, for programs that take commands from it. */
function givenInput(
  event: CommandEvent,
  { events, files }: Around,
): { readonly text: string | undefined } | undefined {
  const { input, pipedFrom, isPiped, readsFrom } = event;
  if (input !== undefined) return { text: input.constant ? input.text : undefined };
  const [source] = events.filter(({ id }) => pipedFrom.includes(id));
  if (isPiped)
    return { text: source === undefined || pipedFrom.length > 1 ? undefined : printedBy(source) };
  const [file] = readsFrom.filter((path) => path !== '/dev/null');
  if (file === undefined) return undefined;
  const content = files.at(file, event.id);
  return { text: content?.kind === 'text' ? content.text : undefined };
}
