import { relative, resolve } from 'node:path';
import type { TypedSetting } from '../config/set-settings.ts';
import { EXIT, UserError } from '../model/errors.ts';
import { setSettings } from '../pipeline/set-settings.ts';
import { cleanForTerminal } from '../ui/clean.ts';
import { pipelineContext } from './context.ts';
import { command } from './flags.ts';
import { CONFIG } from './small-specs.ts';

/** `scoville config`. */
export const config = command(CONFIG, async (flags, operands, io) => {
  const named = flags.config === undefined ? undefined : resolve(io.cwd, flags.config);
  const context = pipelineContext(io, () => undefined);
  const file = await setSettings(context, operands.map(settingOf), named);
  io.writeErr(`written: ${cleanForTerminal(relative(io.cwd, file))}\n`);
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
