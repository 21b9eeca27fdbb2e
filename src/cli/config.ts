import { dirname, relative, resolve } from 'node:path';
import { buildContext } from '../build/context-source.ts';
import { formatProblem } from '../config/document.ts';
import { settingsFileFor } from '../config/find-settings.ts';
import { fileToWrite, writeFileBeside } from '../config/project-files.ts';
import { readText } from '../config/read-files.ts';
import { parseSettings, type TypedSetting, withSettings } from '../config/settings.ts';
import { codeReads } from '../criteria/code-reads.ts';
import { EXIT, UserError } from '../lib/errors.ts';
import type { PipelineContext } from '../model/context.ts';
import { cleanForTerminal } from '../ui/text.ts';
import { pipelineContext } from './conversation.ts';
import { command } from './flags.ts';
import { CONFIG } from './specs.ts';

const LARGEST = 256 * 1024;

/** Sets settings in the nearest file, or a new one. Throws UserError with nothing written. */
async function setSettings(
  { cwd, now }: Pick<PipelineContext, 'cwd' | 'now'>,
  settings: readonly TypedSetting[],
  named: string | undefined,
): Promise<string> {
  const file = named ?? (await settingsFileFor(cwd));
  await fileToWrite(file, cwd);
  const before = (await readText(file, { largest: LARGEST, utf8: 'required' })) ?? '';
  const after = await withSettings(before, settings);
  if (!after.ok)
    throw new UserError(`${file}: ${after.error}`, {
      nextStep: 'see every setting: docs/configuration.md',
    });
  const parsed = await parseSettings(after.value, { file, now: now() });
  if (!parsed.ok) throw new UserError(parsed.error.map(formatProblem).join('\n  '));
  // What git tracks is sent with this mode: a build from a clone gives the same image.
  await writeFileBeside(file, after.value, 0o644, cwd);
  return file;
}

export const config = command(CONFIG, async (flags, operands, io) => {
  const named = flags.config === undefined ? undefined : resolve(io.cwd, flags.config);
  const context = pipelineContext(io);
  const file = await setSettings(context, operands.map(settingOf), named);
  io.writeErr(`written: ${cleanForTerminal(relative(io.cwd, file))}\n`);
  const [read] = operands.includes('secrets.use=none')
    ? codeReads(buildContext(dirname(resolve(io.cwd, file)))).secrets
    : [];
  if (read !== undefined)
    io.writeErr(
      `scoville: warning: ${cleanForTerminal(`${read.place} names ${read.name}`)}: if the app takes it, say scoville config secrets.use=by-file\n`,
    );
  return EXIT.met;
});

function settingOf(text: string): TypedSetting {
  const equals = text.indexOf('=');
  if (equals <= 0)
    throw new UserError(`config takes SETTING=VALUE, not ${JSON.stringify(text)}`, {
      nextStep: 'scoville config --help',
    });
  return { name: text.slice(0, equals), value: text.slice(equals + 1) };
}
