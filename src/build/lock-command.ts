import { conversation, pipelineContext } from '../cli/conversation.ts';
import { asksHelp, buildWordsError } from '../cli/flags.ts';
import { type Command, writeHelp, writeProse } from '../cli/io.ts';
import { LOCK } from '../cli/specs.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import { jsonText } from '../report/text.ts';
import { parseBuildArgs } from './command-line.ts';
import { updateSummary } from './lock-changes.ts';
import { progressStyle } from './plan.ts';
import { packageCount, updateLock } from './update-lock.ts';

export const lock: Command = async (args, io) => {
  const parsed = parseBuildArgs(args, io.env);
  if (asksHelp(args) || (parsed.ok && parsed.value.kind === 'help')) {
    await writeHelp(io, LOCK);
    return EXIT.met;
  }
  if (!parsed.ok) throw buildWordsError(LOCK, parsed.error);
  if (parsed.value.kind === 'help') return EXIT.met;
  const style = progressStyle(parsed.value, io.env);
  if (!style.ok) throw new UserError(style.error);
  const talk = await conversation(io, style.value, parsed.value.own.interactive);
  const result = await updateLock(pipelineContext(io, talk.sink), parsed.value, io.stdin).finally(
    talk.stop,
  );
  if (typeof result === 'number') return result;
  const { path, changes, lock: written } = result;
  const totals = { images: written.images.size, packages: packageCount(written) };
  if (parsed.value.own.json)
    io.writeOut(jsonText({ schemaVersion: '1', file: path, ...totals, changes: changes ?? null }));
  else writeProse(io, updateSummary(path, changes, totals));
  return EXIT.met;
};
