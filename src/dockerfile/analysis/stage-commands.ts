import { fileName } from '../../lib/text.ts';
import type { SourceRange } from '../../model/dockerfile.ts';
import { FILE_FETCHERS } from '../../programs/fetchers.ts';
import { isKnownProgram, isShellWord } from '../../programs/local.ts';
import { type FlatCommand, flatten } from '../flat-commands.ts';
import { lookupIn } from '../instruction.ts';
import { pathIn } from '../paths.ts';
import { mountsOf, type PlacedInstruction, type ReadStage } from '../read-dockerfile.ts';
import { programOf } from '../shell/wrappers.ts';
import {
  type BuildEvent,
  type CommandEvent,
  overPath,
  placeOf,
  printedBy,
  programFile,
  readCommandLine,
  sourceOf,
  wordsOf,
} from './commands.ts';
import { addFetches, fetchesOf } from './fetches.ts';
import { isWithin, PROGRAM_PATH, type StageFiles } from './stage-files.ts';

/** Shared by all stages of a file, so that hostile ones end. */
export interface CommandBudget {
  commands: number;
  nextId: number;
  readonly unread: { readonly range: SourceRange; readonly reason: string }[];
}

interface StageAround {
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly budget: CommandBudget;
  /** Gets what each instruction puts into the stage. */
  readonly files: StageFiles;
}

type Script = Parameters<typeof flatten>[0];
type Start = Parameters<typeof flatten>[1];

/** True where a mount of a cache, or of another image, lies over a folder of PATH. */
function hidesPrograms(mount: Readonly<Record<string, string>>, folder: string): boolean {
  const { type = 'bind', from = '', target = '/none' } = mount;
  const isOpen = type === 'cache' || (type === 'bind' && from !== '');
  return isOpen && PROGRAM_PATH.split(':').some((one) => isWithin(one, pathIn(folder, target)));
}

/** The commands of one RUN. */
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
    if (mountsOf(instruction).some((mount) => hidesPrograms(mount, folder)))
      this.unread('a mount lies over the programs of the image');
    const [shell] = script.shell ?? [];
    const shellPlace = { folder, id: budget.nextId, programPath: undefined };
    if (shell !== undefined && programFile(shell, shellPlace, files) !== undefined)
      this.unread(`its shell ${shell} is a file of the build`);
    // A login shell runs settings first, and so does one that an option asks to.
    const settings = files.put(
      /^\/etc\/(?:profile|bash\.bashrc|zsh)|\/\.(?:bash|z)?(?:_?profile|rc|shrc|shenv)$|\.bashrc$/,
      budget.nextId,
    );
    if (
      settings.length > 0 &&
      script.shell?.some((word) => /^-\w*[li]|^--login|zsh/.test(word)) === true
    )
      this.unread(`its shell runs ${settings[0] ?? ''} first`);
    const unmount = files.mount(instruction, folder, budget.nextId);
    budget.nextId += 1;
    const { errexit, pipefail, bash } = script;
    const lookup = lookupIn(scope, buildArgs);
    this.script(script, {
      lookup,
      folder,
      errexit,
      pipefail,
      nextId: budget.nextId,
      bash,
    });
    unmount(budget.nextId);
  }

  private unread(reason: string): void {
    this.around.budget.unread.push({ range: this.placed.instruction.range, reason });
  }

  private script(script: Script, start: Start): void {
    const { budget } = this.around;
    const { commands, functions, values, isWhole, counts } = flatten(script, start);
    if (counts) this.unread('it counts with what a command prints, in which bash runs commands');
    budget.nextId = Math.max(budget.nextId, ...commands.map(({ id }) => id)) + 1;
    budget.commands -= isWhole ? commands.length : budget.commands;
    const strange = [...functions].find(
      (name) => isShellWord(name) || name === 'command_not_found_handle',
    );
    if (strange !== undefined) this.unread(`a function is called ${strange}`);
    for (const one of commands) {
      if (budget.commands <= 0) return;
      for (const event of this.eventsOf(one, functions, values)) this.add(event);
    }
  }

  private eventsOf(
    flat: FlatCommand,
    functions: ReadonlySet<string>,
    values: CommandEvent['values'],
  ): readonly CommandEvent[] {
    const { instruction, scope } = this.placed;
    const lookup = lookupIn(scope, this.around.buildArgs);
    const secrets = mountsOf(instruction).flatMap(({ type, env }) =>
      type === 'secret' && env ? [env] : [],
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
        isOffline: instruction.flags.some(
          ({ name, value }) => name === 'network' && value === 'none',
        ),
        variable: (name) => (flat.variables.has(name) ? flat.variables.get(name) : lookup(name)),
        allVariables: () => {
          // An ARG without a value is not set.
          const args = [...scope.args].flatMap(([name, value]) =>
            value === undefined ? [] : [name],
          );
          const outer = [...args, ...scope.env.keys(), ...secrets];
          return new Map([
            ...outer.map((name) => [name, lookup(name)] as const),
            ...flat.variables,
          ]);
        },
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

  private add(event: CommandEvent): void {
    const { files } = this.around;
    this.events.push(event);
    noteFiles(event, this.events, files);
    for (const { kind, target } of fetchesOf(event))
      if (kind !== 'git' && target !== '') files.download(event.id, target);
  }
}

const UNPACKS = /^(?:g?tar|bsdtar|unzip|cpio|7z[ar]?|unrar)$/;
/** What edits a file in place, or puts bytes of its own into it. */
const EDITS = /^(?:g?sed|perl|ed|ex|patch|sponge|truncate|dd)$/;
/** What names a program without changing it. */
const LEAVES =
  /^(?:rm|chmod|chown|chgrp|ls|test|\[|strip|echo|printf|which|ldd|setcap|stat|file|find|cp|mv|ln|install|update-alternatives|dpkg-divert|grep|scanelf)$/;
const PROGRAM = /\/s?bin\/([\w.+-]+)/g;

/** The path behind which a command puts files, and whether that is a folder. */
function copiesTo(event: CommandEvent, files: StageFiles): void {
  const { program, argv, id } = event;
  const { values, operands, has } = readCommandLine(program, argv.slice(1));
  const [into] = values('-t --target-directory');
  const to = into ?? operands.at(-1);
  const sources = (into === undefined ? operands.slice(0, -1) : operands).map(({ text }) => text);
  if (to === undefined || sources.length === 0) return;
  if (program === 'install' && has('-d --directory')) return;
  const path = placeOf(event, to.text);
  const isFolder = into !== undefined || sources.length > 1 || /(?:^|\/)\.{0,2}$/.test(to.text);
  const isLink = program === 'ln' && has('-s --symbolic');
  for (const one of sources) {
    const source =
      isLink && !one.startsWith('/')
        ? pathIn(path.replace(/\/[^/]*$/, '') || '/', one)
        : placeOf(event, one);
    if (source === path) continue;
    if (!isFolder) files.link(id, source, path);
    files.link(id, source, pathIn(path, fileName(source)));
  }
}

/** Notes what a command writes, copies, moves and links. */
function noteFiles(event: CommandEvent, events: readonly CommandEvent[], files: StageFiles): void {
  const { program, writesTo, id, appends } = event;
  const words = wordsOf(event);
  const line = words.join(' ');
  const put = (path: string, text: string | undefined): void => {
    if (/^\/dev\//.test(path)) return;
    const before = appends ? files.at(path, id) : undefined;
    if (before?.kind === 'unread') return;
    // What is added to a file of the base is all that is known of it.
    files.write(id, path, text === undefined ? undefined : (before?.text ?? '') + text);
  };
  if (FILE_FETCHERS[program] === undefined)
    for (const path of writesTo) put(path, event.joins ? undefined : printedBy(event));
  const names = words.filter((word) => !word.startsWith('-')).map((word) => placeOf(event, word));
  if (program === 'tee') {
    const source = sourceOf(event, events);
    if (source === undefined || FILE_FETCHERS[source.program] === undefined)
      for (const path of names)
        put(path, event.input?.text ?? (source === undefined ? undefined : printedBy(source)));
  }
  if (/^(?:cp|mv|ln|install|rsync)$/.test(program)) copiesTo(event, files);
  else if (/^(?:update-)?alternatives$/.test(program) && words.includes('--install')) {
    const [path, , target] = words.slice(words.indexOf('--install') + 1);
    if (path !== undefined && target !== undefined) files.link(id, target, path);
  } else if (UNPACKS.test(program)) {
    // What an archive of the build itself has is not seen.
    const isOwn = [...names, ...event.readsFrom].some((path) => {
      const name = fileName(path).replace(/[^\w-]/g, '.');
      return [path, ...files.put(new RegExp(`/${name}$`), id)].some((one) => {
        const content = files.at(one, id);
        return content?.kind === 'text' || (content !== undefined && content.target === undefined);
      });
    });
    const to = /(?:^| )(?:-C|-d|-D|--directory)[ =]?(\S+)/.exec(line)?.[1] ?? '.';
    if (isOwn) files.unpack(id, placeOf(event, to));
  } else if (EDITS.test(program)) {
    if (!/^(?:g?sed|perl)$/.test(program) || /(?:^| )(?:-\w*i|--in-place)/.test(line))
      for (const word of words) {
        const path = placeOf(event, word.replace(/^of=/, ''));
        if (files.at(path, id) !== undefined) files.write(id, path, undefined);
      }
  }
  // A program that is named to another command may be written by it.
  if (!LEAVES.test(program) && !event.isFollowed)
    for (const { 0: path, 1: name = '', index } of line.matchAll(PROGRAM)) {
      const start = line.slice(0, index).replace(/^.*[^\w./-]/s, '');
      if (isKnownProgram(name) && /^(?:\/usr(?:\/local)?)?$/.test(start))
        files.write(id, start + path, undefined);
    }
}

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
    if (keyword === 'ENV' || keyword === 'ARG') {
      const pair = instruction.arguments.findLast((one) => one.startsWith('PATH='));
      if (pair !== undefined)
        files.programPath = overPath(pair.slice('PATH='.length), files.programPath);
    }
    if (keyword !== 'ADD' && keyword !== 'COPY') return [];
    const id = budget.nextId++;
    files.copy(instruction, folder, id);
    const event = { kind: 'copy', id, stage: stage.index, instruction, folder } as const;
    for (const { target } of addFetches(event)) files.download(id, target);
    return [event];
  });
}
