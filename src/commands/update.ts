import { EXIT, UserError } from '../model/errors.ts';
import { packageCount, updateLock } from '../pipeline/lock/update-lock.ts';
import { parseBuildArgs } from '../plans/buildx/parse-build-args.ts';
import { updateSummary } from '../plans/lock/lock-change-text.ts';
import { progressStyle } from '../plans/progress-style.ts';
import { jsonText } from '../reporters/json-text.ts';
import { pipelineContext } from './context.ts';
import { conversation } from './conversation.ts';
import { buildWordsError } from './flags.ts';
import type { Command } from './io.ts';

const HELP = `Usage: scoville update [scoville build flags] PATH|URL

Writes scoville.lock beside the Dockerfile, or refreshes it: resolves every tag anew, builds without a cache so that each RUN fetches
what there is now, and prints what changed. Nothing is signed, tagged, loaded or pushed; the next scoville build holds to the
lock. Give it the flags that the build has (--target, --build-arg, --platform). A build that fails keeps buildx' code.

  --lock=FILE     another file than scoville.lock
  --json          the changes as JSON
`;

/** `scoville update`. */
export const update: Command = async (args, io) => {
  const parsed = parseBuildArgs(args, io.env);
  if (
    args.includes('--help') ||
    args.includes('-h') ||
    (parsed.ok && parsed.value.kind === 'help')
  ) {
    io.writeOut(HELP);
    return EXIT.met;
  }
  if (!parsed.ok) throw buildWordsError('update', parsed.error.message);
  if (parsed.value.kind === 'help') return EXIT.met;
  const style = progressStyle(parsed.value, io.env);
  if (!style.ok) throw new UserError(style.error);
  const talk = await conversation(io, style.value, parsed.value.own.interactive);
  const result = await updateLock(pipelineContext(io, talk.sink), parsed.value, io.stdin).finally(
    talk.stop,
  );
  if (result.kind === 'buildx') return result.exitCode;
  const { path, changes, lock } = result;
  const totals = { images: lock.images.size, packages: packageCount(lock) };
  if (parsed.value.own.json)
    io.writeOut(jsonText({ schemaVersion: '1', file: path, ...totals, changes: changes ?? null }));
  else io.writeOut(updateSummary(path, changes, totals));
  return EXIT.met;
};
