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
import { isInstalledPath, modulePlaces } from '../shell/wrappers.ts';
import { type CommandEvent, placeOf, programFile, wordsOf } from './commands.ts';
import type { FileContent, StageFiles } from './stage-files.ts';

/** A command that may bring in something unknown. */
export interface UnreadCommand extends UnreadLine {
  readonly stage: number;
  readonly folder: string;
  /** The file that it runs. */
  readonly file?: string;
  /** It runs the steps of the source in its folder. */
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
/** Verbs by which a manager or a compiler runs what it fetched or built. */
const RUNS =
  /^(?:(?:npx|bunx|pnpx|uvx) |\S+ (?:dlx|create|init|innit|exec|x|run|test|t|bench|install-test|it)(?: |$))/;
const INTERPRETER =
  /^(?:python|pypy|py|node|nodejs|deno|bun|perl|ruby|php|lua|R|Rscript|r|powershell|pwsh|cmd)[\d.]*$/i;
const OS_INSTALLS =
  /^(?:dpkg|apt|apt-get|aptitude|apk|rpm|dnf5?|yum|microdnf|tdnf|zypper) (?:.* )?(?:-(?=\w*[iUF])\w+|--install|--unpack|--upgrade|install|add|in|localinstall|reinstall) /;
/** Builtins by which a script runs what no word says, or turns later commands into others. */
const TURNS = /^(?:eval|alias|enable|coproc|let)$/;
const SCRIPT = /\.(?:phar|py|js|cjs|mjs|rb|pl)$/;

/** How to decide it where nothing can read what a program does. */
const SEEN =
  'RUN --network=none; or build with --record, then --replay: then each download is known by digest';
const CONTEXT =
  'judge it where its build context is: scoville build, or scoville lint in the project';
const NOT_GIVEN: FileContent = {
  kind: 'unread',
  why: 'may come from the build context, which was not given',
};

/** A path or word from outside, short and without control characters. */
function shown(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(-80);
}

function unread(
  { range, text, stage, folder }: CommandEvent,
  program: string,
  reason: string,
  more: Partial<UnreadCommand> = {},
): UnreadCommand {
  return {
    range,
    reason,
    command: text,
    program: shown(program),
    settle: SEEN,
    stage,
    folder,
    ...more,
  };
}

function ofFile(event: CommandEvent, path: string, content?: FileContent): UnreadCommand {
  const [why, target] = content?.kind === 'unread' ? [content.why, content.target] : [];
  const what = why === undefined ? 'what it does was not read' : `it ${why}`;
  return unread(event, path, `${shown(path)} runs, and ${what}`, {
    file: target ?? path,
    ...(why?.includes('not given') === true ? { settle: CONTEXT } : {}),
  });
}

/** The first file of the build that a command's program follows and that may make it run code. */
function obeyedFile(event: CommandEvent, files: StageFiles): string | undefined {
  const { program, argv, folder, id, variable } = event;
  if (isBuiltin(program)) return undefined;
  const at = argv.findIndex(({ text }) => /^(?:-C|--git-dir|--prefix|--cwd)$/.test(text));
  const own = at < 0 ? folder : pathIn(folder, argv[at + 1]?.text ?? '');
  for (const { programs, path, places = '', lines, says } of OBEYED_FILES) {
    if (programs?.test(program) === false) continue;
    if (says !== undefined && argv.some(({ text }) => /^--(?:ignore|no)-scripts$/.test(text)))
      continue;
    const home = variable('HOME') ?? '/root';
    const looked = places.split(' ').flatMap((one) => {
      if (one.startsWith('~'))
        return [...new Set([home, '/root'])].map((to) => pathIn(to, one.slice(2)));
      return one === '' ? [] : [pathIn(own, one)];
    });
    for (const place of new Set([...files.put(path, id), ...looked])) {
      const content = files.at(place, id);
      if (content === undefined || (says !== undefined && content.kind !== 'text')) continue;
      if (content.kind === 'text') {
        if (says?.test(content.text) === false) continue;
        const isHarmless = content.text
          .split('\n')
          .map((line) => line.trim())
          .every((line) => line === '' || /^[#;]|^\/\//.test(line) || lines?.test(line) === true);
        if (isHarmless) continue;
      }
      return place;
    }
  }
  return undefined;
}

/** A program that runs what is in the source it works on. */
function ofSource(event: CommandEvent): UnreadCommand {
  const { program, argv } = event;
  const words = wordsOf(event);
  const first = argv[0]?.text ?? '';
  const to = words[words.findIndex((word) => /^(?:-C|-S|--directory)$/.test(word)) + 1];
  const isNamed = to !== undefined && to !== words[0];
  const folder = isNamed
    ? placeOf(event, to)
    : first.includes('/')
      ? placeOf(event, first.replace(/(?<![^/])[^/]*$/, ''))
      : event.folder;
  const reason = `what ${program} runs is in the source it works on, which was not read`;
  const isPlain = program !== 'dotnet' && drivesPlainly(program, words);
  return unread(event, program, reason, { folder, ...(isPlain ? { isDriver: true } : {}) });
}

/** Packages of the context, whose scripts run, and programs below another root. */
function ofOtherFiles(event: CommandEvent, files: StageFiles): UnreadCommand | undefined {
  const { program, text, folder, id } = event;
  const root = /(?:^|[\s/])chroot\s+(?:--?\S+\s+)*(\S+)/.exec(text)?.[1];
  if (root !== undefined && root !== '/' && files.holdsContext(pathIn(folder, root)))
    return unread(event, program, `${program} is a program of ${shown(root)}, not of the image`);
  const words = wordsOf(event);
  if (!OS_INSTALLS.test(`${program} ${words.join(' ')} `)) return undefined;
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
  const { program, input, pipedFrom, readsFrom, own, id } = event;
  const words = wordsOf(event);
  if (own.script !== undefined || (words.length === 1 && ASKS.test(words[0] ?? '')))
    return undefined;
  const options = /^[-+]|^(?:pipefail|errexit|xtrace|nounset)$/;
  const file = words.find((word) => !options.test(word)) ?? readsFrom[0];
  if (file !== undefined && file !== '-')
    return ofFile(event, placeOf(event, file), files.at(placeOf(event, file), id));
  if (input !== undefined && !event.hidesScript) return undefined;
  const isPiped = events.some((one) => pipedFrom.includes(one.id));
  if (!isPiped && input === undefined && !words.includes('-s')) return undefined;
  return unread(event, program, `${program} runs what another command prints`);
}

/** True where a builtin takes input from elsewhere, sets what is not named, or stops commands. */
function isOdd({ program, argv, own, words, readsFrom, input, text }: CommandEvent): boolean {
  const line = argv.slice(1);
  const given = line.map((one) => one.text);
  const [first = '', ...signals] = given;
  if (/\$\{[^{}]*@P\}/.test(text)) return true;
  const isPrinted = program === 'echo' || (program === 'printf' && first !== '-v');
  if (isBuiltin(program) && !isPrinted && given.some((word) => SUBSCRIPT.test(word))) return true;
  if (TURNS.test(program)) return true;
  // A trap that only takes away what the RUN made, or none at all.
  if (program === 'trap')
    return signals.length === 0 || !/^(?:-|rm -r?f [\w."$/{} -]+)?$/.test(first);
  if (program === 'set') return given.some((word) => /^-\w*n|^noexec$/.test(word));
  if (/^(?:declare|typeset|local)$/.test(program) && given.some((word) => /^-\w*n/.test(word)))
    return true;
  if (/^(?:read|mapfile|readarray|getopts|unset)$/.test(program))
    if (line.some((one) => !one.constant && one.text.startsWith('$'))) return true;
  if (program === 'printf' && first === '-v' && line[1]?.constant !== true) return true;
  // The target of `exec < FILE` is what later shells read.
  const isExec = own.wrappers.includes('exec') || words[0]?.text === 'exec';
  return isExec && words.length === 1 && (readsFrom.length > 0 || input !== undefined);
}

/** A script of another language, by its path or as a module, that the build put there. */
function ofScript(event: CommandEvent, files: StageFiles): UnreadCommand | undefined {
  const { words, argv, id, folder, variable } = event;
  const wrapped = words.slice(0, Math.max(0, words.length - argv.length) + 2);
  for (const { text } of new Set([...wrapped, ...argv.slice(0, 2)])) {
    if (text.startsWith('-')) continue;
    const path = placeOf(event, text);
    const isScript =
      SCRIPT.test(path) && !/(?:^|\/)(?:s?bin|site-packages|node_modules|vendor)\//.test(path);
    const content = isScript ? files.at(path, id) : undefined;
    const place = path.slice(0, Math.max(0, path.lastIndexOf('/'))) || folder;
    if (content !== undefined || (isScript && !files.isWhole(place)))
      return ofFile(event, path, content ?? NOT_GIVEN);
  }
  const module = words.findIndex(({ text }) => /^-[BbdEhiIOPqRsSuvVx]*m/.test(text));
  if (module < 0 || !words.some(({ text }) => /(?:^|\/)(?:python|pypy)[\d.]*$/.test(text)))
    return undefined;
  const option = words[module]?.text ?? '';
  const name = option.endsWith('m')
    ? (words[module + 1]?.text ?? '')
    : option.replace(/^-\w*?m/, '');
  for (const one of ['.', ...(variable('PYTHONPATH') ?? '').split(':', 16)])
    for (const place of modulePlaces(name)) {
      const path = pathIn(pathIn(folder, one || '.'), place);
      const content = files.at(path, id);
      if (content !== undefined) return ofFile(event, path, content);
    }
  return undefined;
}

/** Why what a command brings in is unknown; undefined where it is read or brings nothing. */
export function unreadCommand(event: CommandEvent, around: Around): UnreadCommand | undefined {
  const { program, argv, isFollowed, own, id } = event;
  const { files, isJudged } = around;
  const [first] = argv;
  if (event.isOffline || first === undefined) return undefined;
  const words = wordsOf(event);
  const running = runningVariable(event.allVariables());
  if (running !== undefined)
    return unread(event, running, `the variable ${running} makes programs run what was not read`);
  if (isFollowed) return undefined;
  if (/\/dev\/(?:tcp|udp)\//.test(event.text) && program !== 'echo')
    return unread(event, program || first.text, 'what comes over a connection is not known');
  // bash makes several words of one, and options of them.
  const isBraced = event.words.some(
    ({ text, constant }) => !constant && /(?<!\$)\{(?:[^{},]*,|-?\w+\.\.)/.test(text),
  );
  if (isBraced && !/^(?:mkdir|rm|rmdir|touch|chmod|chown|ls|echo|printf|\[)$/.test(program))
    return unread(event, program || first.text, 'what its braces expand to was not read');
  if (event.hidesScript)
    return unread(event, program || first.text, `${program || 'it'} runs text that is not shown`);
  if (program === '')
    return unread(
      event,
      first.text,
      `the name of the program is not constant: ${shown(first.text)}`,
    );
  const obeyed = obeyedFile(event, files);
  if (obeyed !== undefined)
    return unread(event, program, `${shown(obeyed)} was not read, and ${program} obeys it`, {
      file: obeyed,
    });
  const put = programFile(first.text, event, files);
  if (own.script !== undefined && !event.isStarted && program !== 'eval')
    return put === undefined ? undefined : ofFile(event, put.path, put.content);
  if (event.isStarted && own.started.some((one) => one.script !== undefined && one.argv === argv))
    return undefined;
  if (isOdd(event))
    return unread(event, program, `${program} runs text, or changes what later commands mean`);
  if (program === '.' || program === 'source') {
    const path = placeOf(event, words[0] ?? '');
    const content = files.at(path, id);
    const isKnown = SOURCED_FILES.some((one) => one.test(path) || one.test(words[0] ?? ''));
    return isKnown && content === undefined ? undefined : ofFile(event, path, content);
  }
  if (isBuildDriver(program, words) && (put === undefined || !first.text.includes('/')))
    return ofSource(event);
  if (put !== undefined) return ofFile(event, put.path, put.content);
  for (const { text } of event.words.slice(0, Math.max(0, event.words.length - argv.length))) {
    const file = text.startsWith('-') ? undefined : programFile(text, event, files);
    if (file !== undefined) return ofFile(event, file.path, file.content);
  }
  const brought = ofScript(event, files) ?? ofOtherFiles(event, files);
  if (brought !== undefined) return brought;
  const isNamed =
    !first.text.includes('/') ||
    (isInstalledPath(first.text) &&
      /(?:^|\/)\.?(?:s?bin|shims|libexec|Scripts)\/[^/]+$/.test(first.text));
  if (!isNamed)
    return unread(event, first.text, `what ${shown(first.text)} does was not read`, {
      file: placeOf(event, first.text),
    });
  if (SHELLS.has(program)) return ofShell(event, around);
  if ((words.length === 1 && ASKS.test(words[0] ?? '')) || isLocal(program, words))
    return undefined;
  if (INTERPRETER.test(program))
    return unread(event, program, `what ${program} runs is not shell, and may do anything`);
  const isHeld =
    isJudged && !RUNS.test(`${program} ${words[0] ?? ''} `) && !isRefused(program, words);
  return isHeld ? undefined : unread(event, program, `what ${program} does was not read`);
}
