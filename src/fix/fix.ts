import { dirname, resolve } from 'node:path';
import { isChangedInGit } from '../build/git.ts';
import { canAsk, conversation, pipelineContext, withProgress } from '../cli/conversation.ts';
import { command } from '../cli/flags.ts';
import { type Answer, askAnswer, type Command, type CommandIo, stdinLines } from '../cli/io.ts';
import { projectSettings } from '../cli/operands.ts';
import { VERSION } from '../cli/version.ts';
import { isFolder } from '../config/project-files.ts';
import { EXIT } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import type { PipelineContext } from '../model/context.ts';
import type { FixProof, PlannedEdit } from '../model/fix.ts';
import { withPlainHttp } from '../model/settings.ts';
import {
  editText,
  fixJson,
  fixProofText,
  gainText,
  oldLines,
  refusalsText,
} from '../report/fix.ts';
import { cleanForTerminal, cleanLines } from '../ui/text.ts';
import type { AppliedFixes, FixFiles } from './compose.ts';
import { chosenDockerfile, type OpenedFiles, undoFix, writeFixFiles } from './files.ts';
import { noEditText, patchOf, shownDiff, tellWritten, wholeRefusals } from './fix-shown.ts';
import { FIX, type FixFlags, fixFlags } from './flags.ts';
import { applyFixes, type FixTask, planFixes } from './plan.ts';

/** `scoville fix`. Arguments after `--` are for the builds of `--verify`. */
export const fix: Command = (args, io) => {
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const buildFlags = args.slice(end + 1);
  const run = command(FIX, (values, paths) => fixFile(fixFlags(values, paths, buildFlags), io));
  return run(args.slice(0, end), io);
};

async function fixFile(flags: FixFlags, io: CommandIo): Promise<number> {
  if (flags.undo) return undo(flags, io);
  const place = resolve(io.cwd, flags.contextFolder ?? flags.path);
  const cwd = (await isFolder(place)) ? place : dirname(place);
  // A named file is meant from here; the project's is where its build context is.
  const settings = await projectSettings(flags.config, flags.config ? io : { ...io, cwd });
  const talk = await conversation(io, 'auto', true);
  const context = pipelineContext(io, talk.sink);
  const asks = !flags.yes && !flags.dryRun && !flags.json && io.inIsTerminal && io.errIsTerminal;
  const task = await planFixes(context, {
    ...flags,
    isDecided: asks || flags.verify?.smoke.command !== undefined,
    options: {
      refresh: flags.refresh,
      distroless: settings.fix.distroless,
      ...given({ freeze: flags.freeze }),
    },
    settings: {
      ...settings,
      offline: flags.offline ?? settings.offline,
      registries: withPlainHttp(settings.registries, flags.plainHttp),
    },
  }).finally(talk.stop);
  await warnOfChanges(context, task.opened, io);
  const chosen =
    asks && canAsk(io)
      ? await (await import('./pick-screen.tsx')).pickOnScreen(task, io)
      : await chooseEach(task, io, asks);
  const { files: secretFiles } = settings.secrets;
  const verify = flags.verify && { ...flags.verify, secretFiles };
  if (verify === undefined || chosen.applied.length === 0)
    return finish(context, task, chosen, flags, { io, asks });
  const { verifyFixes } = await import('./verify.ts');
  const { fixes, proof } = await withProgress(io, (trial) =>
    verifyFixes(trial, task, chosen, verify, (edit) =>
      asks
        ? chosen.applied.some(({ id }) => id === edit.id)
        : task.isNamed(edit) && task.isWithinRisk(edit),
    ),
  );
  return finish(context, task, fixes, flags, { io, asks, proof });
}

/** `scoville fix --undo`. Throws UserError where nothing can be undone. */
async function undo({ path, force }: FixFlags, io: CommandIo): Promise<number> {
  const context = pipelineContext(io);
  const dockerfile = resolve(io.cwd, await chosenDockerfile(io.cwd, path));
  for (const { name, before } of await undoFix(context, dockerfile, force))
    io.writeErr(`${before === null ? 'removed' : 'as before'}: ${cleanForTerminal(name)}\n`);
  return EXIT.met;
}

async function warnOfChanges(
  { run }: PipelineContext,
  { paths, names }: OpenedFiles,
  io: CommandIo,
): Promise<void> {
  if (await isChangedInGit(run, paths.Dockerfile))
    io.writeErr(
      `scoville: ${cleanForTerminal(names.Dockerfile)} has uncommitted changes; commit them first to review the edits separately\n`,
    );
}

/** Decides on each edit: by asking, or yes to all that were asked for. */
async function chooseEach(task: FixTask, io: CommandIo, asks: boolean): Promise<AppliedFixes> {
  const next = stdinLines(io);
  let all: Answer | undefined;
  return applyFixes(task, async (edit, before, after) => {
    if (!task.isNamed(edit) || !task.isWithinRisk(edit)) return 'skip';
    if (!asks || all === 'all') return 'apply';
    const diff = shownDiff(task.opened, before, after, io.color);
    io.writeErr(`\n${editText(edit, { color: io.color })}${painted(diff)}`);
    const answer = await askAnswer('apply?', next, io.writeErr);
    if (answer === 'all') all = answer;
    if (answer === 'quit') return 'stop';
    return answer === 'no' ? 'skip' : 'apply';
  });
}

/** Our own colors stay; any other control of the terminal goes. */
function painted(diff: string): string {
  return diff
    .split(/(\u001b\[\d+m)/)
    .map((part, i) => (i % 2 === 1 ? part : cleanLines(part)))
    .join('');
}

/** Refusals by lines of the file that stays; the plan counts those of the one it would write. */
function inFileAsItIs(
  { dockerfile }: FixFiles,
  { files, refusals }: AppliedFixes,
): AppliedFixes['refusals'] {
  const oldLine = oldLines(dockerfile, files.dockerfile);
  return refusals.map((one) => ({ ...one, line: oldLine(one.line) }));
}

interface Ending {
  readonly io: CommandIo;
  readonly asks: boolean;
  readonly proof?: FixProof;
}

async function finish(
  context: PipelineContext,
  task: FixTask,
  fixes: AppliedFixes,
  flags: FixFlags,
  { io, asks, proof }: Ending,
): Promise<number> {
  const { opened } = task;
  const writes = (flags.yes || asks) && fixes.applied.length > 0;
  const refusals = wholeRefusals(task, writes ? fixes.refusals : inFileAsItIs(opened.files, fixes));
  const written = writes ? await writeFixFiles(context, opened, fixes.files) : [];
  const left = fixes.skipped.filter((edit) => task.isNamed(edit));
  const pending = writes ? [] : fixes.applied;
  // Of the file as it is now, the rule may offer it no more.
  const isOffered = ({ rule }: PlannedEdit): boolean =>
    written.length === 0 || !refusals.some((one) => one.rule === rule);
  const tooRisky = left.filter((edit) => !task.isWithinRisk(edit) && isOffered(edit));
  const refused = left.filter((edit) => task.isWithinRisk(edit));
  const code = pending.length > 0 || refused.length > 0 ? EXIT.short : EXIT.met;
  const ids = new Set(fixes.applied.map(({ id }) => id));
  const gain = task.worth(ids, fixes.files.dockerfile);
  const patch = patchOf(opened, opened.files, fixes.files);
  const shown = shownDiff(opened, opened.files, fixes.files);
  if (flags.json) {
    const isMasked = patch !== shown;
    const more = { written, left, diff: shown, isMasked, ...given({ gain, proof }) };
    const about = { version: VERSION, names: opened.names };
    io.writeOut(fixJson({ ...fixes, refusals, ...more }, about));
    return code;
  }
  if (!asks) for (const edit of fixes.applied) io.writeErr(editText(edit, { color: io.color }));
  if (fixes.applied.length > 1 && gain !== undefined && proof === undefined)
    io.writeErr(`together: ${gainText(gain)}\n`);
  if (pending.length > 0) {
    // Who asks for a patch and takes it elsewhere gets one that applies; all else is for reading.
    const isPatch = flags.dryRun && !io.outIsTerminal;
    const color = io.color && io.outIsTerminal;
    if (isPatch) io.writeOut(patch);
    else io.writeOut(painted(shownDiff(opened, opened.files, fixes.files, color)));
    if (patch !== shown)
      io.writeErr(
        isPatch
          ? 'scoville: warning: the patch has a secret in it, as the Dockerfile has\n'
          : 'scoville: a secret of the Dockerfile is masked in the diff; --dry-run > FILE gives a patch, with the secret in it\n',
      );
  }
  io.writeErr(refusalsText(refusals, opened.names.Dockerfile));
  if (proof !== undefined) io.writeErr(fixProofText(proof));
  for (const { id, risk, riskReason } of tooRisky) {
    const most = risk === 'high' ? ['--max-risk', 'high'] : [];
    const ask = task.command(['--yes', ...most, '--only', id]);
    io.writeErr(
      `left out, risk ${risk}: ${cleanForTerminal(`${id}: ${riskReason}`)}\n  apply it: ${cleanForTerminal(ask)}\n`,
    );
  }
  tellWritten(task, fixes, written, io);
  if (fixes.applied.length === 0) io.writeErr(noEditText(left, refusals));
  else if (pending.length > 0 && !flags.dryRun)
    io.writeErr('no changes written (not a terminal); apply all with --yes\n');
  return code;
}
