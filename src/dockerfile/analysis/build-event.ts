import type { Instruction } from '../../model/dockerfile.ts';
import { lookupIn } from '../scope.ts';
import { freshState } from '../shell/shell-state.ts';
import { Tracer } from '../shell/trace.ts';
import type { TraceBudget, TracedCommand } from '../shell/traced-command.ts';
import { programOf } from '../shell/wrappers.ts';
import type { PlacedInstruction, ReadStage } from '../stage-reader.ts';

/** A command that a stage runs, with its program's plain name. */
export interface CommandEvent extends TracedCommand {
  readonly kind: 'command';
  readonly stage: number;
  /** `curl` for `/usr/bin/curl`; '' where it is not constant. */
  readonly program: string;
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

function traceRun(
  placed: PlacedInstruction,
  stage: number,
  buildArgs: Readonly<Record<string, string>>,
  budget: TraceBudget,
): readonly CommandEvent[] {
  const { script, scope, folder } = placed;
  if (script === undefined) return [];
  const lookup = lookupIn(scope, buildArgs);
  const outer = (name: string) => ({ value: lookup(name), sources: [] });
  const tracer = new Tracer(script, outer, budget);
  const { errexit, pipefail, bash } = script;
  tracer.run(freshState({ errexit, pipefail, folder, bash }));
  return tracer.commands.map((command) => ({
    ...command,
    kind: 'command',
    stage,
    program: programOf(command.argv),
  }));
}

/** What a stage does, in order. */
export function stageEvents(
  stage: ReadStage,
  buildArgs: Readonly<Record<string, string>>,
  budget: TraceBudget,
): readonly BuildEvent[] {
  return stage.instructions.flatMap((placed): readonly BuildEvent[] => {
    const { instruction, folder } = placed;
    if (instruction.keyword === 'RUN') return traceRun(placed, stage.index, buildArgs, budget);
    if (instruction.keyword !== 'ADD' && instruction.keyword !== 'COPY') return [];
    return [{ kind: 'copy', id: budget.nextId++, stage: stage.index, instruction, folder }];
  });
}
