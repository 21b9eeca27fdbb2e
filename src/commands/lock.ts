import { EXIT, UserError } from '../model/errors.ts';
import { packageCount, updateLock } from '../pipeline/update-lock.ts';
import { parseBuildArgs } from '../plans/flags/parse-build-args.ts';
import { updateSummary } from '../plans/lock/lock-change-text.ts';
import { progressStyle } from '../plans/progress-style.ts';
import { jsonText } from '../reporters/json-text.ts';
import { pipelineContext } from './context.ts';
import { conversation } from './conversation.ts';
import { asksHelp, buildWordsError } from './flags.ts';
import type { Command } from './io.ts';
import { writeHelp, writeProse } from './prose.ts';
import { LOCK } from './small-specs.ts';

/** `scoville lock` (`update` is its older name). */
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
  if (result.kind === 'buildx') return result.exitCode;
  const { path, changes, lock: written } = result;
  const totals = { images: written.images.size, packages: packageCount(written) };
  if (parsed.value.own.json)
    io.writeOut(jsonText({ schemaVersion: '1', file: path, ...totals, changes: changes ?? null }));
  else writeProse(io, updateSummary(path, changes, totals));
  return EXIT.met;
};
