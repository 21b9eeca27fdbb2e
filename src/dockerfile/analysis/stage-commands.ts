import { fileName } from '../../model/path.ts';
import { FILE_FETCHERS } from '../../programs/file-fetchers.ts';
import { SHELLS } from '../../programs/kinds/shells.ts';
import { isShellWord } from '../../programs/shell-builtins.ts';
import { WRITTEN_FILES } from '../../programs/written-files.ts';
import { mountsOf } from '../external-image.ts';
import { type FlatCommand, flatten } from '../flat-commands.ts';
import { pathIn } from '../paths.ts';
import { lookupIn } from '../scope.ts';
import { constantField } from '../shell/fields.ts';
import { parseShell } from '../shell/parse-shell.ts';
import { programOf } from '../shell/wrappers.ts';
import type { PlacedInstruction, ReadStage } from '../stage-reader.ts';
import {
  type BuildEvent,
  type CommandEvent,
  placeOf,
  printedBy,
  wordsOf,
} from './command-event.ts';
import { readCommandLine } from './command-line.ts';
import { addFetches, fetchesOf } from './fetch.ts';
import { obeyedFile } from './obeyed-file.ts';
import { overPath, PROGRAM_PATH, programFile } from './program-file.ts';
import { isWithin, type StageFiles } from './stage-files.ts';

/** Shared by all stages of a file, so that hostile ones end. */
export interface CommandBudget {
  commands: number;
  nextId: number;
  readonly unread: { readonly range: CommandEvent['range']; readonly reason: string }[];
}

interface StageAround {
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly budget: CommandBudget;
  /** Gets what each instruction puts into the stage. */
  readonly files: StageFiles;
}

/** Scripts of the build that start each other. */
const MOST_SCRIPTS = 4;

/** True where a mount of a cache, or of another image, lies over a folder of PATH. */
function hidesPrograms(mount: Readonly<Record<string, string>>, folder: string): boolean {
  const { type = 'bind', from = '', target = '/none' } = mount;
  const isOpen = type === 'cache' || (type === 'bind' && from !== '');
  return isOpen && PROGRAM_PATH.split(':').some((one) => isWithin(one, pathIn(folder, target)));
}

/** The commands of one RUN, with those of scripts that the build shows. */
class RunCommands {
  readonly events: CommandEvent[] = [];
  private readonly placed: PlacedInstruction;
  private readonly stage: number;
  private readonly around: StageAround;

  constructor(placed: PlacedInstruction, stage: number, around: StageAround) {
    this.placed = placed;
    this.stage = stage;
    this.around = around;
  }

  run(): void {
    const { script, folder, instruction, scope } = this.placed;
    const { budget, files, buildArgs } = this.around;
    if (script === undefined) return;
    const { range } = instruction;
    if (mountsOf(instruction).some((mount) => hidesPrograms(mount, folder)))
      budget.unread.push({ range, reason: 'a mount lies over the programs of the image' });
    const shell = script.shell?.[0];
    const own =
      shell === undefined
        ? undefined
        : programFile(shell, { folder, id: budget.nextId, programPath: undefined }, files);
    if (own !== undefined)
      budget.unread.push({ range, reason: `its shell ${shell ?? ''} is a file of the build` });
    const shellEvent = {
      program: (shell ?? '').replace(/^.*\//, ''),
      argv: (script.shell ?? []).map(constantField),
      folder,
      id: budget.nextId,
      variable: lookupIn(scope, buildArgs),
    };
    const obeyed = shell === undefined ? undefined : obeyedFile(shellEvent, files);
    if (obeyed !== undefined)
      budget.unread.push({ range, reason: `${obeyed.path} was not read, and ${obeyed.reason}` });
    const unmount = files.mount(instruction, folder, budget.nextId);
    budget.nextId += 1;
    const { errexit, pipefail } = script;
    this.script(
      script,
      {
        lookup: lookupIn(scope, buildArgs),
        folder,
        errexit,
        pipefail,
        stops: true,
        within: [],
        nextId: budget.nextId,
        bash: script.bash,
      },
      0,
    );
    unmount(budget.nextId);
  }

  private script(
    script: Parameters<typeof flatten>[0],
    start: Parameters<typeof flatten>[1],
    depth: number,
  ): void {
    const { budget } = this.around;
    const { commands, functions, values, isWhole, counts } = flatten(script, start);
    if (counts)
      budget.unread.push({
        range: this.placed.instruction.range,
        reason: 'it counts with what a command prints, in which bash runs commands',
      });
    budget.nextId = Math.max(budget.nextId, ...commands.map(({ id }) => id)) + 1;
    budget.commands -= commands.length;
    if (!isWhole) budget.commands = 0;
    const [strange] = [...functions].filter(
      (name) => isShellWord(name) || name === 'command_not_found_handle',
    );
    if (strange !== undefined)
      budget.unread.push({
        range: this.placed.instruction.range,
        reason: `a function is called ${strange}`,
      });
    for (const one of commands) {
      if (budget.commands <= 0) return;
      for (const event of this.eventsOf(one, functions, values)) this.add(event, depth);
    }
  }

  private eventsOf(
    flat: FlatCommand,
    functions: ReadonlySet<string>,
    values: CommandEvent['values'],
  ): readonly CommandEvent[] {
    const { instruction, scope } = this.placed;
    const lookup = lookupIn(scope, this.around.buildArgs);
    const variable = (name: string): string | undefined =>
      flat.variables.has(name) ? flat.variables.get(name) : lookup(name);
    const secrets = mountsOf(instruction).flatMap(({ type, env }) =>
      type === 'secret' && env ? [env] : [],
    );
    const allVariables = (): ReadonlyMap<string, string | undefined> => {
      // An ARG without a value is not set.
      const args = [...scope.args].flatMap(([name, value]) => (value === undefined ? [] : [name]));
      return new Map([
        ...[...args, ...scope.env.keys(), ...secrets].map((name) => [name, lookup(name)] as const),
        ...flat.variables,
      ]);
    };
    const isOffline = instruction.flags.some(
      ({ name, value }) => name === 'network' && value === 'none',
    );
    return [flat.own, ...flat.own.started].map((one, at) => {
      const program = programOf(one.argv);
      return {
        ...flat,
        kind: 'command',
        stage: this.stage,
        instruction,
        range: flat.command.range,
        program,
        argv: one.argv,
        isStarted: at > 0,
        stops: flat.stops && at === 0,
        isOffline,
        variable,
        allVariables,
        values,
        isFollowed:
          functions.has(program) &&
          one.wrappers.length === 0 &&
          at === 0 &&
          flat.command.depth === undefined &&
          !(one.argv[0]?.text ?? '').includes('/'),
      };
    });
  }

  private add(event: CommandEvent, depth: number): void {
    const { files, budget } = this.around;
    const followed = event.isFollowed || event.program === '' ? undefined : this.fileOf(event);
    const isRead = followed !== undefined && depth < MOST_SCRIPTS;
    this.events.push(isRead ? { ...event, isFollowed: true } : event);
    if (isRead) {
      const { text, path, isSourced, isGiven } = followed;
      const list = parseShell(text);
      if (list.ok) {
        const { range } = event;
        const errexit = isSourced
          ? event.stops
          : isGiven
            ? wordsOf(event).some((word) => /^-\w*e/.test(word))
            : /^#!.*\s-\w*e/.test(text);
        this.script(
          { list: list.value, text, rangeOf: () => range },
          {
            lookup: (name) => (/^\d+$/.test(name) ? undefined : event.variable(name)),
            folder: event.folder,
            errexit,
            pipefail: false,
            stops: event.stops,
            within: event.within,
            nextId: budget.nextId,
            bash: isSourced
              ? this.placed.script?.bash === true
              : /^#!.*bash/.test(text) || event.program === 'bash',
          },
          depth + 1,
        );
      } else budget.unread.push({ range: event.range, reason: `${path}: ${list.error.message}` });
    }
    noteFiles(event, this.events, files);
    for (const { kind, target } of fetchesOf(event))
      if (kind !== 'git' && target !== '') files.download(event.id, target);
  }

  /** The script of a shell that a command runs and that the build shows. */
  private fileOf(
    event: CommandEvent,
  ): { text: string; path: string; isSourced: boolean; isGiven: boolean } | undefined {
    const { program, argv } = event;
    const words = wordsOf(event);
    const { files } = this.around;
    const isSourced = program === '.' || program === 'source';
    if (isSourced || (SHELLS.has(program) && event.own.script === undefined)) {
      const word = isSourced ? words[0] : words.find((one) => !one.startsWith('-'));
      if (
        word === undefined ||
        words.some((one) => /^-\w*[scin]/.test(one)) ||
        (!isSourced && programFile(argv[0]?.text ?? '', event, files))
      )
        return undefined;
      const path = placeOf(event, word);
      const content = files.at(path, event.id);
      return content?.kind === 'text'
        ? { text: content.text, path, isSourced, isGiven: true }
        : undefined;
    }
    const put = programFile(argv[0]?.text ?? '', event, files);
    if (put?.content.kind !== 'text') return undefined;
    const { text } = put.content;
    const [, path = '', word = ''] = /^#!\s*(\S+)(?:[ \t]+([\w.-]+))?/.exec(text) ?? [];
    const shell = path.replace(/^.*\//, '');
    return SHELLS.has(shell === 'env' ? word : shell)
      ? { text, path: put.path, isSourced: false, isGiven: false }
      : undefined;
  }
}

const COPIES = /^(?:cp|mv|ln|install|rsync)$/;
const UNPACKS = /^(?:g?tar|bsdtar|unzip|cpio|7z[ar]?|unrar)$/;
/** What edits a file in place, or puts bytes of its own into it. */
const EDITS = /^(?:g?sed|perl|ed|ex|patch|sponge|truncate|dd|touch)$/;

/** Files of this name that the build put anywhere: which folder is meant may not be known. */
function named(path: string, files: StageFiles, id: number): readonly string[] {
  return files.put(new RegExp(`/${fileName(path).replace(/[^\w-]/g, '.')}$`), id);
}

/** Notes what a command writes, copies, moves and links. */
function noteFiles(event: CommandEvent, events: readonly CommandEvent[], files: StageFiles): void {
  const { program, writesTo, folder, id, appends, argv } = event;
  const words = wordsOf(event);
  const after = id;
  const isFetch = FILE_FETCHERS[program] !== undefined;
  const put = (path: string, text: string | undefined): void => {
    if (/^\/dev\//.test(path)) return;
    const before = appends ? files.at(path, id) : undefined;
    if (before?.kind === 'unread') return;
    // What is added to a file of the base is all that is known of it.
    files.write(after, path, text === undefined ? undefined : (before?.text ?? '') + text);
  };
  if (!isFetch) for (const path of writesTo) put(path, event.joins ? undefined : printedBy(event));
  if (program === 'tee') {
    const [source] = events.filter((one) => event.pipedFrom.includes(one.id));
    const text = event.input?.text ?? (source === undefined ? undefined : printedBy(source));
    const isFetched = source !== undefined && FILE_FETCHERS[source.program] !== undefined;
    for (const word of isFetched ? [] : words)
      if (!word.startsWith('-')) put(placeOf(event, word), text);
  }
  const line = words.join(' ');
  if (COPIES.test(program)) {
    const read = readCommandLine(program, argv.slice(1));
    const [into] = read.values('-t', '--target-directory');
    const sources = (into === undefined ? read.operands.slice(0, -1) : read.operands).map(
      ({ text }) => text,
    );
    const to = into ?? read.operands.at(-1);
    if (
      to === undefined ||
      sources.length === 0 ||
      (program === 'install' && read.has('-d', '--directory'))
    )
      return;
    const path = placeOf(event, to.text);
    const isFolder = into !== undefined || sources.length > 1 || /(?:^|\/)\.{0,2}$/.test(to.text);
    const from = sources.map((one) =>
      program === 'ln' && !one.startsWith('/') && read.has('-s', '--symbolic')
        ? pathIn(path.replace(/\/[^/]*$/, '') || '/', one)
        : placeOf(event, one),
    );
    if (!from.some((one) => one === path)) files.link(after, path, isFolder, from);
  } else if (/^(?:update-)?alternatives$/.test(program)) {
    const [path, , target] = words.slice(words.indexOf('--install') + 1);
    if (words.includes('--install') && path !== undefined && target !== undefined)
      files.link(after, path, false, [target]);
  } else if (UNPACKS.test(program)) {
    // What an archive of the build itself has is not seen.
    const places = words
      .filter((word) => !word.startsWith('-'))
      .map((word) => placeOf(event, word));
    const isOwn = [...places, ...event.readsFrom]
      .flatMap((path) => [path, ...named(path, files, id)])
      .some((path) => {
        const content = files.at(path, id);
        return (
          content !== undefined && !(content.kind === 'unread' && content.target !== undefined)
        );
      });
    const to = /(?:^| )(?:-C|-d|-D|--directory)[ =]?(\S+)/.exec(line)?.[1] ?? '.';
    if (isOwn) files.unpack(after, placeOf(event, to));
  } else if (EDITS.test(program)) {
    const places = words
      .filter((word) => !word.startsWith('-') || word.startsWith('of='))
      .map((word) => placeOf(event, word.replace(/^of=/, '')));
    const isInPlace = !/^(?:g?sed|perl)$/.test(program) || /(?:^| )(?:-\w*i|--in-place)/.test(line);
    for (const path of isInPlace ? places : [])
      if (
        files.at(path, id) !== undefined ||
        PROGRAM_PATH.split(':').some((one) => path.startsWith(`${one}/`))
      )
        if (program !== 'touch' || files.at(path, id) === undefined)
          files.write(after, path, undefined);
  }
  for (const { programs, path } of WRITTEN_FILES)
    if (programs.test(program))
      for (const [, file = ''] of line.matchAll(path))
        if (file.startsWith('/')) files.write(after, pathIn(folder, file), undefined);
}

/** What a stage does, in order. */
export function stageEvents(stage: ReadStage, around: StageAround): readonly BuildEvent[] {
  const { budget, files } = around;
  return stage.instructions.flatMap((placed): readonly BuildEvent[] => {
    const { instruction, folder } = placed;
    const { keyword } = instruction;
    if (keyword === 'RUN') {
      const run = new RunCommands(placed, stage.index, around);
      run.run();
      return run.events;
    }
    const path =
      (keyword === 'ENV' || keyword === 'ARG') &&
      instruction.arguments.findLast((pair) => pair.startsWith('PATH='));
    if (typeof path === 'string')
      files.programPath = overPath(path.slice('PATH='.length), files.programPath);
    if (keyword !== 'ADD' && keyword !== 'COPY') return [];
    const id = budget.nextId++;
    files.copy(instruction, folder, id);
    const event = { kind: 'copy', id, stage: stage.index, instruction, folder } as const;
    for (const { target } of addFetches(event)) files.download(id, target);
    return [event];
  });
}
