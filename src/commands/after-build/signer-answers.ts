import { ConsentNeeded, keepConsent } from '../../pipeline/sign/public-log.ts';
import { PasswordNeeded } from '../../tools/cosign/cosign-errors.ts';
import { choiceElement } from '../../ui/choice.tsx';
import { marksOf } from '../../ui/marks.ts';
import { textElement } from '../../ui/text-field.tsx';
import { show } from '../../ui/whole-screen.ts';
import { interrupt, terminalOf } from '../interactivity.ts';
import type { CommandIo } from '../io.ts';
import { pathsOf } from '../paths.ts';
import { isUtf8 } from '../reports.ts';

/**
 * Asks a person what a signer needs, and gives the surroundings to run with again; undefined where
 * there is nothing to ask, or where the person refuses. Throws Interrupted where the command is
 * stopped.
 */
export async function answerSigner(error: unknown, io: CommandIo): Promise<CommandIo | undefined> {
  if (error instanceof ConsentNeeded) return (await askConsent(error, io)) ? io : undefined;
  if (!(error instanceof PasswordNeeded)) return undefined;
  const password = await askPassword(error, io);
  return password === undefined
    ? undefined
    : { ...io, env: { ...io.env, COSIGN_PASSWORD: password } };
}

async function askConsent(
  { question, disclosure }: ConsentNeeded,
  io: CommandIo,
): Promise<boolean> {
  const answer = await show(terminalOf(io), false, (done: (value: 'no' | 'yes') => void) =>
    choiceElement({
      question,
      options: [
        { value: 'no', label: 'no', detail: 'end here: --key FILE signs with a key' },
        { value: 'yes', label: 'yes', detail: 'and do not ask again for this' },
      ],
      marks: marksOf(isUtf8(io)),
      onAnswer: done,
      onInterrupt: interrupt,
    }),
  );
  io.signal.throwIfAborted();
  if (answer !== 'yes') return false;
  await keepConsent({ paths: pathsOf(io) }, disclosure);
  return true;
}

async function askPassword(
  { question }: PasswordNeeded,
  io: CommandIo,
): Promise<string | undefined> {
  const answer = await show(terminalOf(io), false, (done: (value: string) => void) =>
    textElement({
      question,
      hidden: true,
      problem: (text) => (text === '' ? 'the password of the key' : undefined),
      onAnswer: done,
      onInterrupt: interrupt,
    }),
  );
  io.signal.throwIfAborted();
  return answer;
}
