import { isForPerson } from './conversation.ts';
import type { CommandIo } from './io.ts';

/** A password may be mistyped. */
const MOST_ANSWERS = 4;

/**
 * Runs what signs. A person at the terminal is asked for a password or a yes that the signer needs,
 * and it runs again. Gives what came of it, and the surroundings with the password that was typed.
 * @param errorIn what stopped a part of a run that came to an end all the same
 */
export async function askingSigner<T>(
  io: CommandIo,
  asked: Parameters<typeof isForPerson>[1],
  run: (io: CommandIo) => Promise<T>,
  errorIn: (value: T) => unknown = () => undefined,
): Promise<{ readonly value: T; readonly io: CommandIo }> {
  for (let [surroundings, asks] = [io, MOST_ANSWERS]; ; asks--) {
    const ended = await run(surroundings).then(
      (value) => ({ value, error: errorIn(value) }),
      (error: unknown) => ({ error }),
    );
    if ('value' in ended && ended.error === undefined)
      return { value: ended.value, io: surroundings };
    const answered = asks === 0 ? undefined : await answerOf(ended.error, surroundings, asked);
    if (answered !== undefined) surroundings = answered;
    else if ('value' in ended) return { value: ended.value, io: surroundings };
    else throw ended.error;
  }
}

async function answerOf(
  error: unknown,
  io: CommandIo,
  asked: Parameters<typeof isForPerson>[1],
): Promise<CommandIo | undefined> {
  if (!(await isForPerson(io, asked))) return undefined;
  const { answerSigner } = await import('./signer-questions.ts');
  return answerSigner(error, io);
}
