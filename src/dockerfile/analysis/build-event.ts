import type { Instruction } from '../../model/dockerfile.ts';
import { mountsOf } from '../external-image.ts';
import { lookupIn } from '../scope.ts';
import { constantField, type Variable } from '../shell/fields.ts';
import { freshState, pathIn } from '../shell/shell-state.ts';
import { Tracer } from '../shell/trace.ts';
import type { TraceBudget, TracedCommand } from '../shell/traced-command.ts';
import { programOf } from '../shell/wrappers.ts';
import type { PlacedInstruction, ReadStage } from '../stage-reader.ts';
import { isWithin } from './file-entries.ts';
import { overPath, PROGRAM_PATH } from './program-path.ts';
import { RunFiles } from './run-files.ts';
import type { StageFiles } from './stage-files.ts';

/** A command that a stage runs, with its program's plain name. */
export interface CommandEvent extends TracedCommand {
  readonly kind: 'command';
  readonly stage: number;
  readonly instruction: Instruction;
  /** `curl` for `/usr/bin/curl`; '' where it is not constant. */
  readonly program: string;
  /** It runs without network, so that it can bring in nothing from outside. */
  readonly isOffline: boolean;
  /** Text of a file that the build put into the stage, where it is shown; for checks alone. */
  readonly fileText?: (path: string) => string | undefined;
}

/** An ADD or COPY between the commands. */
export interface CopyEvent {
  readonly kind: 'copy';
  readonly id: number;
  readonly stage: number;
  readonly instruction: Instruction;
  readonly folder: string;
}

export type BuildEvent = CommandEvent | CopyEvent;

/** The shell of a shell-form RUN as its own command: it is a file too, and obeys other files. */
function shellCommand(
  { script, folder, scope, instruction: { range } }: PlacedInstruction,
  variable: (name: string) => string | undefined,
  budget: TraceBudget,
): readonly TracedCommand[] {
  if (script?.shell === undefined) return [];
  const variables = (): ReadonlyMap<string, string | undefined> =>
    new Map([...scope.env.keys()].map((name) => [name, variable(name)]));
  return [
    {
      id: budget.nextId++,
      argv: script.shell.map(constantField),
      range,
      text: script.shell.join(' '),
      ignored: undefined,
      stopsOnSuccess: false,
      pipedFrom: [],
      within: [],
      leadsTo: undefined,
      readsFrom: [],
      writesTo: [],
      folder,
      programPath: undefined,
      variable,
      variables,
    },
  ];
}

/** True where a mount of a cache, or of another image, lies over a folder of PATH. */
function hidesPrograms(mount: Readonly<Record<string, string>>, folder: string): boolean {
  const { type = 'bind', from = '', target = '/none' } = mount;
  const place = pathIn(folder, target);
  const isOpen = type === 'cache' || (type === 'bind' && from !== '');
  return isOpen && PROGRAM_PATH.split(':').some((one) => isWithin(one, place));
}

function traceRun(
  placed: PlacedInstruction,
  stage: number,
  { buildArgs, budget, files }: StageTrace,
): readonly CommandEvent[] {
  const { script, scope, folder, instruction } = placed;
  if (script === undefined) return [];
  const lookup = lookupIn(scope, buildArgs);
  const variable = (name: string): Variable => {
    const value = lookup(name);
    // What the base image holds is not known, what was put in front of it is.
    const shape = name === 'PATH' && value === undefined ? files.programPath : undefined;
    return shape !== undefined ? { value, shape, sources: [] } : { value, sources: [] };
  };
  // An ARG without a value is not set.
  const args = [...scope.args].flatMap(([name, value]) => (value === undefined ? [] : [name]));
  const mounts = mountsOf(instruction);
  // What a secret holds is not known.
  const secrets = mounts.flatMap(({ type, env }) => (type === 'secret' && env ? [env] : []));
  const outer = { variable, names: [...args, ...secrets, ...scope.env.keys()] };
  if (mounts.some((mount) => hidesPrograms(mount, folder)))
    budget.unread.push({
      range: instruction.range,
      reason: 'a mount lies over the programs of the image',
    });
  const shell = shellCommand(placed, lookup, budget);
  const tracer = new Tracer(script, outer, budget, new RunFiles(files));
  const unmount = files.mount(instruction, folder, budget.nextId);
  const { errexit, pipefail, bash } = script;
  tracer.run(freshState({ errexit, pipefail, folder, bash }));
  unmount(budget.nextId);
  const isOffline = instruction.flags.some((f) => f.name === 'network' && f.value === 'none');
  return [...shell, ...tracer.commands].map((command) => ({
    ...command,
    kind: 'command',
    stage,
    instruction,
    program: programOf(command.argv),
    isOffline,
  }));
}

/** What a trace of a stage is given. */
interface StageTrace {
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly budget: TraceBudget;
  /** Gets what each instruction puts into the stage. */
  readonly files: StageFiles;
}

/** What a stage does, in order. */
export function stageEvents(stage: ReadStage, trace: StageTrace): readonly BuildEvent[] {
  const { budget, files } = trace;
  return stage.instructions.flatMap((placed): readonly BuildEvent[] => {
    const { instruction, folder } = placed;
    const { keyword } = instruction;
    if (keyword === 'RUN') return traceRun(placed, stage.index, trace);
    const path =
      (keyword === 'ENV' || keyword === 'ARG') &&
      instruction.arguments.findLast((pair) => pair.startsWith('PATH='));
    if (typeof path === 'string')
      files.ownProgramPath = overPath(path.slice('PATH='.length), files.programPath);
    if (keyword !== 'ADD' && keyword !== 'COPY') return [];
    const id = budget.nextId++;
    files.copy(instruction, folder, id);
    return [{ kind: 'copy', id, stage: stage.index, instruction, folder }];
  });
}
