import type { UnreadLine } from '../../model/build-analysis.ts';
import { drivesPlainly } from '../../programs/build-drivers.ts';
import { isBuildDriver, isLocal, isRefused } from '../../programs/catalogue.ts';
import { loadsByOption } from '../../programs/interpreter-options.ts';
import { SHELLS } from '../../programs/kinds/shells.ts';
import { languageOf } from '../../programs/plain-scripts.ts';
import { hidesCommand, runningVariable } from '../../programs/running-variables.ts';
import { isInstalledPath, modulePlaces } from '../shell/interpreters.ts';
import { pathIn } from '../shell/shell-state.ts';
import type { CommandEvent } from './build-event.ts';
import { followsFetch, isOfRepository } from './fetches/git-fetches.ts';
import { WINDOWS_SHELLS } from './fetches/windows-fetches.ts';
import { isHeld, type ReadCommands } from './held-source.ts';
import { obeyedFile } from './obeyed-file.ts';
import { manifestOf } from './package-scripts.ts';
import { executedFile, searchOf } from './program-path.ts';
import { dotnetBuild, isProjectVerb } from './projects/dotnet-build.ts';
import type { FileContent } from './stage-files.ts';
import {
  type CommandContext,
  givenInput,
  ofFile,
  ofInterpreter,
  ofScript,
  ofShell,
  ofSourced,
  ofWindowsShell,
  shown,
  unread,
  type UnreadCommand,
} from './unread-scripts.ts';

/** Of PYTHONPATH; a person names few. */
const MAX_FOLDERS = 16;
const ASKS = /^(?:-{1,2}v(?:ersion)?|-V|--help|-h|-help|help|version)$/;
/** Programs that fetch what they then run. */
const RUNNERS = /^(?:npx|bunx|pnpx|uvx|dlx)$/;
/** Verbs by which a manager or a compiler runs what it fetched or built. */
const RUNS = /^(?:dlx|create|init|innit|exec|x|run|test|t|bench|install-test|it)$/;

const OS_MANAGERS = /^(?:dpkg|apt|apt-get|aptitude|apk|rpm|dnf5?|yum|microdnf|tdnf|zypper|gdebi)$/;
const OS_INSTALLS =
  /^(?:-(?=\w*[iUF])\w+|--install|--unpack|--upgrade|install|add|in|localinstall|reinstall)$/;

/** True where the command names a file on a program path, so that its name tells what it is. */
function isNamed(word: string): boolean {
  if (!word.includes('/')) return true;
  const isBin = /(?:^|\/)\.?(?:s?bin|shims|libexec|Scripts)\/[^/]+$/.test(word);
  return isBin && isInstalledPath(word);
}

/** True where the program is a file that an instruction put there, known by more than its name. */
function isFollowed(event: CommandEvent, { files }: CommandContext): boolean {
  const [first] = event.argv;
  if (first === undefined || !first.text.includes('/')) return false;
  const content = files.at(pathIn(event.folder, first.text), event.id);
  return content !== undefined && content.kind !== 'maybe';
}

/** The build's file for `python -m NAME`: looked up beside the command, then in PYTHONPATH. */
function moduleBeside(
  { program, argv, folder, id, variable }: CommandEvent,
  { files }: CommandContext,
): { readonly path: string; readonly content: FileContent } | undefined {
  const at = argv.findIndex(({ text }) => text === '-m');
  if (at < 0 || !languageOf(program).startsWith('py')) return undefined;
  const folders = ['.', ...(variable('PYTHONPATH') ?? '').split(':', MAX_FOLDERS)];
  for (const one of folders)
    for (const place of modulePlaces(argv[at + 1]?.text ?? '')) {
      const path = pathIn(pathIn(folder, one || '.'), place);
      const content = files.at(path, id);
      if (content !== undefined && content.kind !== 'maybe') return { path, content };
    }
  return undefined;
}

/** True where lock file hashes pin NuGet packages; without one, `--locked-mode` does nothing. */
function isLocked(
  { folder, id }: CommandEvent,
  words: readonly string[],
  { files }: CommandContext,
): boolean {
  const project = words.slice(1).find((word) => !word.startsWith('-')) ?? '';
  const place = /\.\w*proj$/.test(project) ? project.replace(/(?<![^/])[^/]*$/, '') : project;
  const lock = pathIn(folder, `${place === '' ? '.' : place}/packages.lock.json`);
  return words.includes('--locked-mode') && files.at(lock, id)?.kind === 'text';
}

/** A build of .NET, whose projects are data in most projects. */
function ofDotnet(
  event: CommandEvent,
  words: readonly string[],
  around: CommandContext,
): UnreadCommand | undefined {
  const locked = words[0] === 'restore' && isLocked(event, words, around);
  const { why, isEmpty } = dotnetBuild(event, around.files, locked);
  if (why === undefined && (isEmpty !== true || locked)) return undefined;
  return ofSource(event, event.folder, why ?? 'no project is there');
}

/** A program that runs what is in the source it works on. */
function ofSource(event: CommandEvent, folder: string, why = ''): UnreadCommand {
  const { program } = event;
  const said = why === '' ? '' : `: ${why.replace(/[^\x20-\x7e’]/g, '?').slice(0, 120)}`;
  const reason = `what ${program} runs is in the source it works on, which was not read${said}`;
  const words = event.argv.slice(1).map(({ text }) => text);
  const to = words[words.findIndex((word) => /^(?:-C|-S|--directory)$/.test(word)) + 1];
  const source = to === undefined || to === words[0] ? folder : pathIn(folder, to);
  const isDriver = drivesPlainly(program, words);
  return unread(event, program, reason, isDriver ? { isDriver, folder: source } : { folder });
}

/** A program of another root folder, which the build filled from the context. */
function ofOtherRoot(event: CommandEvent, { files }: CommandContext): UnreadCommand | undefined {
  const root = /(?:^|[\s/])chroot\s+(?:--?\S+\s+)*(\S+)/.exec(event.text)?.[1];
  const isOwn =
    root !== undefined && root !== '/' && files.holdsContext(pathIn(event.folder, root));
  return isOwn
    ? unread(
        event,
        event.program,
        `${event.program} is a program of ${shown(root)}, not of the image`,
      )
    : undefined;
}

/** Packages of the OS in files: their scripts run when they are installed. */
function ofPackageFile(event: CommandEvent, { files }: CommandContext): UnreadCommand | undefined {
  const { program, argv, folder, id } = event;
  if (!OS_MANAGERS.test(program) || !argv.some(({ text }) => OS_INSTALLS.test(text)))
    return undefined;
  for (const { text } of argv.slice(1)) {
    if (!/\.(?:deb|rpm|apk)$/.test(text) || /^\w+:\/\//.test(text)) continue;
    const file = pathIn(folder, text);
    const content = files.at(file, id);
    const isSent =
      content?.kind === 'text' || (content?.kind === 'maybe' && content.isFollowed !== true);
    if (!isSent && content?.kind !== 'unread') continue;
    const name = shown(text);
    return unread(event, name, `${name} is installed, and its scripts were not read`, { file });
  }
  return undefined;
}

/** Why what a command brings in is unknown; undefined where it is read or brings nothing. */
function unreadCommand(event: CommandEvent, around: CommandContext): UnreadCommand | undefined {
  const { program, argv } = event;
  const [first] = argv;
  if (first === undefined) return undefined;
  if (program === '' && event.script === undefined) {
    const why = `the name of the program is not constant: ${first.text.slice(0, 80)}`;
    return unread(event, first.text, why);
  }
  const words = argv.slice(1).map((f) => f.text);
  const running = runningVariable(event.variables(), program, words);
  if (running !== undefined)
    return unread(event, running, `the variable ${running} makes programs run what was not read`);
  const obeyed = obeyedFile(event, around.files);
  if (obeyed !== undefined) {
    const { path: file, reason } = obeyed;
    return unread(event, program, `${shown(file)} was not read, and ${reason}`, { file });
  }
  const run = executedFile(around.files, argv, searchOf(event));
  const isPut = run?.content !== undefined && run.content.kind !== 'maybe';
  if (event.script !== undefined) {
    const isTaken = isPut && (SHELLS.has(program) || manifestOf(program) !== undefined);
    return isTaken ? ofFile(event, run.path, run.content, '') : ofScript(event, around);
  }
  if (hidesCommand(program, event.text, words))
    return unread(event, program, `a word of ${program} is text that the shell runs`);
  if (program === '.' || program === 'source') return ofSourced(event, around);
  if (program === 'dotnet' && isProjectVerb(words[0]) && isNamed(first.text) && !isPut)
    return ofOtherRoot(event, around) ?? ofDotnet(event, words, around);
  if (isBuildDriver(program, words) && !isFollowed(event, around)) {
    const folder = first.text.includes('/')
      ? pathIn(event.folder, first.text.replace(/(?<![^/])[^/]*$/, ''))
      : event.folder;
    return ofSource(event, folder);
  }
  if (run?.content !== undefined && (isPut || !isNamed(first.text)))
    return ofFile(event, run.path, run.content, '');
  const module = moduleBeside(event, around);
  const elsewhere = ofOtherRoot(event, around) ?? ofPackageFile(event, around);
  if (elsewhere !== undefined) return elsewhere;
  if (module !== undefined) return ofFile(event, module.path, module.content, 'python');
  if (SHELLS.has(program)) return ofShell(event, words, around);
  if (WINDOWS_SHELLS.test(program)) return ofWindowsShell(event, words);
  if (program === 'nuget' && words[0] === 'restore' && !isLocked(event, words, around))
    return unread(event, program, `${program} restore has no packages.lock.json that is shown`);
  const asks = words.length === 1 && ASKS.test(words[0] ?? '');
  if (isNamed(first.text) && (asks || isLocal(program, words, givenInput(event, around.files))))
    return undefined;
  const language = languageOf(program);
  if (loadsByOption(language, words))
    return unread(event, program, `an option of ${program} loads what was not read`);
  if (language !== '' && !(around.isJudged && words.includes('-m')))
    return ofInterpreter(event, language, around);
  const fetches = around.isJudged && !RUNNERS.test(program) && !RUNS.test(words[0] ?? '');
  if (isNamed(first.text) && fetches && !isRefused(program, words)) return undefined;
  const name = shown(first.text);
  const file = isNamed(first.text) ? {} : { file: pathIn(event.folder, first.text) };
  return unread(event, name, `what ${name} does was not read`, file);
}

/** The commands that nobody read, each line once for each program. */
export function unreadCommands(
  commands: readonly CommandEvent[],
  around: ReadCommands,
): readonly UnreadLine[] {
  const repositories = commands.filter((one) => isOfRepository(one) && around.isFetch(one));
  const byId = new Map(commands.map((one) => [one.id, one]));
  const found = commands.flatMap((event) => {
    const files = around.files.get(event.stage);
    if (event.isOffline || files === undefined) return [];
    const isJudged =
      around.installing.has(event.id) ||
      around.isFetch(event) ||
      followsFetch(event, repositories, around.chains.get(event.stage) ?? []);
    return unreadCommand(event, { files, isJudged, command: (id) => byId.get(id) }) ?? [];
  });
  const lines = found.map((one): [string, UnreadLine] => {
    const { range, reason, program, command, settle } = one;
    const line = { range, reason, program, command, settle } as UnreadLine;
    const key = `${range.startLine} ${reason}`;
    return [key, isHeld(one, around) ? { ...line, held: true } : line];
  });
  return [...new Map(lines).values()];
}
