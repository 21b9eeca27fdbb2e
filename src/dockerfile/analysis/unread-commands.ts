import type { UnreadLine } from '../../model/build-analysis.ts';
import { SHELLS } from '../../programs/kinds.ts';
import {
  drivesPlainly,
  isBuildDriver,
  isBuiltin,
  isLocal,
  isRefused,
  SOURCED_FILES,
} from '../../programs/local.ts';
import { OBEYED_FILES, runningVariable, SUBSCRIPT } from '../../programs/trust.ts';
import { pathIn } from '../paths.ts';
import { isInstalledPath } from '../shell/wrappers.ts';
import { type CommandEvent, lineOf, placeOf, wordsOf } from './commands.ts';
import type { FileContent, StageFiles } from './stage-files.ts';

/** A command that may bring in something unknown. */
export interface UnreadCommand {
  readonly line: UnreadLine;
  readonly stage: number;
  readonly folder: string;
  /** The file that it runs. */
  readonly file?: string;
  /** It runs the steps of the source in its folder. */
  readonly isDriver?: boolean;
}

const ASKS = /^\S* (?:-{1,2}v(?:ersion)?|-V|--help|-h|-help|help|version)$/;
/** Verbs by which a manager or a compiler runs what it fetched or built. */
const RUNS =
  /^(?:(?:npx|bunx|pnpx|uvx) |\S+ (?:dlx|create|init|innit|exec|x|run|test|t|bench|install-test|it)(?: |$))/;
const INTERPRETER =
  /^(?:python|pypy|py|node|nodejs|deno|bun|perl|ruby|php|lua|R|Rscript|r|powershell|pwsh|cmd)[\d.]*$/i;
const OS_INSTALLS =
  /^(?:dpkg|apt|apt-get|aptitude|apk|rpm|dnf5?|yum|microdnf|tdnf|zypper) (?:.* )?(?:-(?=\w*[iUF])\w+|--install|--unpack|--upgrade|install|add|in|localinstall|reinstall) /;
/** Programs that make nothing but the words that braces expand to. */
const TAKES_BRACES = /^(?:mkdir|rm|rmdir|touch|chmod|chown|ls|echo|printf|\[)$/;

/** How to decide it where nothing can read what a program does. */
const SEEN =
  'RUN --network=none; or build with --record, then --replay: then each download is known by digest';
const CONTEXT =
  'judge it where its build context is: scoville build, or scoville lint in the project';

/** A path or word from outside, short and without control characters. */
function shown(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(-80);
}

function unread(
  { range, text, stage, folder }: CommandEvent,
  program: string,
  reason: string,
  more: Partial<Omit<UnreadCommand, 'line'>> = {},
  settle = SEEN,
): UnreadCommand {
  const line = { range, reason, program: shown(program), command: text, settle };
  return { line, stage, folder, ...more };
}

function ofFile(event: CommandEvent, path: string, content?: FileContent): UnreadCommand {
  const [why, target] = content?.kind === 'unread' ? [content.why, content.target] : [];
  const what = why === undefined ? 'what it does was not read' : `it ${why}`;
  const settle = why?.includes('not given') === true ? CONTEXT : SEEN;
  return unread(event, path, `${shown(path)} runs, and ${what}`, { file: target ?? path }, settle);
}

/** The first file of the build that a command's program follows and that may make it run code. */
function obeyedFile(event: CommandEvent, files: StageFiles): string | undefined {
  const { program, argv, folder, id } = event;
  if (isBuiltin(program)) return undefined;
  const at = argv.findIndex(({ text }) => /^(?:-C|--git-dir|--prefix|--cwd)$/.test(text));
  const own = at < 0 ? folder : pathIn(folder, argv[at + 1]?.text ?? '');
  const isQuiet = argv.some(({ text }) => /^--(?:ignore|no)-scripts$/.test(text));
  const homes = new Set(['/root', event.variables().get('HOME') ?? '/root']);
  for (const { programs, path, places, lines } of OBEYED_FILES) {
    if (!programs.test(program)) continue;
    const looked = places.split(' ').flatMap((one) => {
      if (one === '' || (isQuiet && /\.json$/.test(one))) return [];
      return one.startsWith('~')
        ? [...homes].map((home) => pathIn(home, one.slice(2)))
        : [pathIn(own, one)];
    });
    const isHarmless = (place: string): boolean => {
      const content = files.at(place, id);
      if (content === undefined) return true;
      // What scripts a project has is asked of its text alone.
      if (content.kind !== 'text') return /\.json$/.test(place);
      const written = content.text.split('\n').map((line) => line.trim());
      return written.every((one) => /^(?:$|[#;]|\/\/)/.test(one) || lines?.test(one) === true);
    };
    const found = [...files.put(path, id), ...looked].find((place) => !isHarmless(place));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A program that runs what is in the source it works on. */
function ofSource(event: CommandEvent): UnreadCommand {
  const { program, argv } = event;
  const words = wordsOf(event);
  const first = argv[0]?.text ?? '';
  const at = words.findIndex((word) => /^(?:-C|-S|--directory)$/.test(word));
  const to = at < 0 ? first.replace(/(?<![^/])[^/]*$/, '') : (words[at + 1] ?? '');
  const folder = to === '' ? event.folder : placeOf(event, to);
  const reason = `what ${program} runs is in the source it works on, which was not read`;
  const isDriver = program !== 'dotnet' && drivesPlainly(program, words);
  return unread(event, program, reason, { folder, isDriver });
}

/** Packages of the context, whose scripts run, and programs below another root. */
function ofOtherFiles(event: CommandEvent, files: StageFiles): UnreadCommand | undefined {
  const { program, text, folder, id } = event;
  const root = /(?:^|[\s/])chroot\s+(?:--?\S+\s+)*(\S+)/.exec(text)?.[1];
  if (root !== undefined && root !== '/' && files.holdsContext(pathIn(folder, root)))
    return unread(event, program, `${program} is a program of ${shown(root)}, not of the image`);
  for (const word of OS_INSTALLS.test(`${lineOf(event)} `) ? wordsOf(event) : []) {
    if (!/\.(?:deb|rpm|apk)$/.test(word) || /^\w+:\/\//.test(word)) continue;
    const place = placeOf(event, word);
    const content = files.at(place, id);
    const isOwn = /[*?]/.test(word)
      ? files.holdsContext(place.replace(/(?<=.)\/[^/]*$/, ''))
      : content !== undefined;
    const file = (content?.kind === 'unread' ? content.target : undefined) ?? place;
    if (isOwn)
      return unread(event, word, `${shown(word)} is installed, and its scripts were not read`, {
        file,
      });
  }
  return undefined;
}

/** A shell whose script is not among its words. */
function ofShell(event: CommandEvent, files: StageFiles): UnreadCommand | undefined {
  const { program, input, readsFrom, id } = event;
  const words = wordsOf(event);
  const options = /^[-+]|^(?:pipefail|errexit|xtrace|nounset)$/;
  const file = words.find((word) => !options.test(word)) ?? readsFrom[0];
  if (file !== undefined)
    return ofFile(event, placeOf(event, file), files.at(placeOf(event, file), id));
  return input !== undefined && !event.hidesScript
    ? undefined
    : unread(event, program, `${program} runs what another command prints`);
}

/** True where a builtin takes input from elsewhere, sets what is not named, or stops commands. */
function isOdd({ program, argv, own, words, readsFrom, input, text }: CommandEvent): boolean {
  const given = argv.slice(1).map((one) => one.text);
  const [first = '', ...more] = given;
  const has = (pattern: RegExp): boolean => given.some((word) => pattern.test(word));
  const isOpen = argv.slice(1).some((one) => !one.constant && one.text.startsWith('$'));
  if (/\$\{[^{}]*@P\}/.test(text)) return true;
  const isPrinted = program === 'echo' || (program === 'printf' && first !== '-v');
  if (isBuiltin(program) && !isPrinted && has(SUBSCRIPT)) return true;
  switch (program) {
    case 'eval':
    case 'alias':
    case 'enable':
    case 'coproc':
    case 'let':
      return true;
    // A trap that only takes away what the RUN made, or none at all.
    case 'trap':
      return more.length === 0 || !/^(?:-|rm -r?f [\w."$/{} -]+)?$/.test(first);
    case 'set':
    case 'declare':
    case 'typeset':
    case 'local':
      return has(/^-\w*n|^noexec$/);
    case 'read':
    case 'mapfile':
    case 'readarray':
    case 'getopts':
    case 'unset':
      return isOpen;
    case 'printf':
      return first === '-v' && argv[2]?.constant !== true;
  }
  // The target of `exec < FILE` is what later shells read.
  const isExec = own.wrappers.includes('exec') || words[0]?.text === 'exec';
  return isExec && words.length === 1 && (readsFrom.length > 0 || input !== undefined);
}

/** The file of a module that Python finds beside the command before its own: `python -m pip`. */
function ofModule(event: CommandEvent, files: StageFiles): UnreadCommand | undefined {
  const { words, id, folder } = event;
  const at = words.findIndex(({ text }) => /^-[BbdEhiIOPqRsSuvVx]*m/.test(text));
  if (at < 0 || !words.some(({ text }) => /(?:^|\/)(?:python|pypy)[\d.]*$/.test(text)))
    return undefined;
  const glued = words[at]?.text.replace(/^-\w*?m/, '') ?? '';
  const name = (glued === '' ? (words[at + 1]?.text ?? '') : glued).replaceAll('.', '/');
  const [first = ''] = name.split('/');
  const folders = ['.', ...(event.variables().get('PYTHONPATH') ?? '').split(':', 16)];
  for (const one of folders)
    for (const place of [`${name}/__main__`, name, `${first}/__init__`, first]) {
      const path = pathIn(pathIn(folder, one || '.'), `${place}.py`);
      const content = files.at(path, id);
      if (content !== undefined) return ofFile(event, path, content);
    }
  return undefined;
}

/** What runs by the name of a program: a file of the build, or none that is known. */
function ofProgram(event: CommandEvent, files: StageFiles): UnreadCommand | undefined {
  const { program, argv, isScript, id } = event;
  const [first = { text: '' }] = argv;
  const put = files.program(first.text, event);
  if (isScript && program !== 'eval') return put && ofFile(event, put.path, put.content);
  if (isOdd(event))
    return unread(event, program, `${program} runs text, or changes what later commands mean`);
  const words = wordsOf(event);
  if (program === '.' || program === 'source') {
    const path = placeOf(event, words[0] ?? '');
    const content = files.at(path, id);
    const isKnown = SOURCED_FILES.some((one) => one.test(path) || one.test(words[0] ?? ''));
    return isKnown && content === undefined ? undefined : ofFile(event, path, content);
  }
  if (isBuildDriver(program, words) && (put === undefined || !first.text.includes('/')))
    return ofSource(event);
  if (put !== undefined) return ofFile(event, put.path, put.content);
  // Programs that start it, and the path that an interpreter runs.
  for (const { text } of [
    ...event.words.slice(0, Math.max(0, event.words.length - argv.length)),
    first,
  ]) {
    const file = text.startsWith('-') ? undefined : files.program(text, event);
    if (file !== undefined) return ofFile(event, file.path, file.content);
  }
  return ofModule(event, files) ?? ofOtherFiles(event, files);
}

/**
 * Why what a command brings in is unknown; undefined where it is read or brings nothing.
 * `isJudged`: it installs or fetches something that is judged on its own.
 */
export function unreadCommand(
  event: CommandEvent,
  files: StageFiles,
  isJudged: boolean,
): UnreadCommand | undefined {
  const { program, argv, isFollowed } = event;
  const [first] = argv;
  if (event.isOffline || first === undefined) return undefined;
  const name = program || first.text;
  const running = runningVariable(event.variables());
  if (running !== undefined)
    return unread(event, running, `the variable ${running} makes programs run what was not read`);
  if (isFollowed) return undefined;
  if (/\/dev\/(?:tcp|udp)\//.test(event.text) && program !== 'echo')
    return unread(event, name, 'what comes over a connection is not known');
  // bash makes several words of one, and options of them.
  const isBraced = event.words.some(
    ({ text, constant }) => !constant && /(?<!\$)\{(?:[^{},]*,|-?\w+\.\.)/.test(text),
  );
  if (isBraced && !TAKES_BRACES.test(program))
    return unread(event, name, 'what its braces expand to was not read');
  if (event.hidesScript)
    return unread(event, name, `${program || 'it'} runs text that is not shown`);
  if (program === '')
    return unread(event, name, `the name of the program is not constant: ${shown(name)}`);
  const obeyed = obeyedFile(event, files);
  if (obeyed !== undefined)
    return unread(event, program, `${shown(obeyed)} was not read, and ${program} obeys it`, {
      file: obeyed,
    });
  const brought = ofProgram(event, files);
  if (brought !== undefined) return brought;
  if (event.isScript || program === '.' || program === 'source') return undefined;
  const isNamed =
    !first.text.includes('/') ||
    (isInstalledPath(first.text) &&
      /(?:^|\/)\.?(?:s?bin|shims|libexec|Scripts)\/[^/]+$/.test(first.text));
  const words = wordsOf(event);
  const script = words.find((word) => !word.startsWith('-'));
  if (!isNamed)
    return unread(event, first.text, `what ${shown(first.text)} does was not read`, {
      file: placeOf(event, first.text),
    });
  const line = lineOf(event);
  if (ASKS.test(line)) return undefined;
  if (SHELLS.has(program)) return ofShell(event, files);
  if (isLocal(program, words)) return undefined;
  const isHeld =
    isJudged && !RUNS.test(`${program} ${words[0] ?? ''} `) && !isRefused(program, words);
  if (INTERPRETER.test(program) && !isHeld)
    return unread(event, program, `what ${program} runs is not shell, and may do anything`, {
      ...(script === undefined ? {} : { file: placeOf(event, script) }),
    });
  return isHeld ? undefined : unread(event, program, `what ${program} does was not read`);
}
