import type { EventSink } from '../../model/events.ts';
import type { PlannedEdit } from '../../model/planned-edit.ts';
import type { AppliedFixes } from '../../pipeline/fix/compose-fixes.ts';
import type { FixTask } from '../../pipeline/fix/plan-fixes.ts';
import {
  type VerifiedFixes,
  verifyFixes,
  type VerifyRequest,
} from '../../pipeline/fix/verify-fixes.ts';
import { cleanForTerminal } from '../../ui/clean.ts';
import { pipelineContext } from '../context.ts';
import type { CommandIo } from '../io.ts';

/** Proves the edits by building; a line on stderr tells of each build. */
export async function verifyApplied(
  task: FixTask,
  fixes: AppliedFixes,
  request: VerifyRequest,
  io: CommandIo,
  isWanted: (edit: PlannedEdit) => boolean,
): Promise<VerifiedFixes> {
  return verifyFixes(pipelineContext(io, progress(io)), task, fixes, request, isWanted);
}

function progress(io: CommandIo): EventSink {
  return (event) => {
    if (event.kind !== 'notice' && event.kind !== 'warning') return;
    const next = 'nextStep' in event ? `\n  next: ${cleanForTerminal(event.nextStep)}` : '';
    io.writeErr(`scoville: ${cleanForTerminal(event.text)}${next}\n`);
  };
}
