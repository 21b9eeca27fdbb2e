import type { CommandIo } from './io.ts';
import { canAsk } from './screen.ts';
import { wasTyped } from './typed.ts';

/** Where a person typed the command, sees its progress drawn, and asked for nothing that a machine reads. */
export async function isForPerson(
  io: CommandIo,
  asked: { readonly style: string; readonly interactive: boolean; readonly json: boolean },
): Promise<boolean> {
  const isDrawn = asked.style === 'auto' || asked.style === 'tty';
  const isPerson = isDrawn && asked.interactive && !asked.json && canAsk(io);
  return isPerson && wasTyped(io);
}
