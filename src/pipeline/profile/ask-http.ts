import { request } from 'node:http';
import { Interrupted } from '../../model/errors.ts';
import type { Exercise } from '../../model/exercise.ts';

type HttpExercise = Extract<Exercise, { kind: 'http' }>;

/** Time for a whole answer. */
const HTTP_MS = 10_000;
const LONGEST_ANSWER = 1024 * 1024;

/** How an answer is not as expected; `refused`: the program is up, and says no. */
export interface Shortfall {
  readonly said: string;
  readonly refused: boolean;
}

/** Answers of 400 to 499 that ask for another try (RFC 9110, 8470 and 6585). */
const LATER: readonly number[] = [408, 425, 429];

/**
 * Sends the request to a port of this machine, on a connection of its own. Gives undefined where
 * the answer is as expected. An answer that is too long is cut off. Throws Interrupted.
 */
export async function askHttp(
  { path, method, headers, body, expect }: HttpExercise,
  port: number,
  signal: AbortSignal,
): Promise<Shortfall | undefined> {
  const answer = await new Promise<Answer | string>((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false, signal });
    const end = (value: Answer | string): void => {
      clearTimeout(timer);
      resolve(value);
      asked.destroy();
    };
    const timer = setTimeout(() => {
      end(`no answer in ${HTTP_MS / 1000} s`);
    }, HTTP_MS);
    asked.once('error', (error) => {
      end(error.message);
    });
    asked.once('response', (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      const done = (): void => {
        end({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') });
      };
      response.on('data', (part: Buffer) => {
        parts.push(part);
        size += part.length;
        if (size > LONGEST_ANSWER) done();
      });
      response.once('end', done);
      response.once('close', () => {
        end('the answer was cut off');
      });
    });
    asked.end(body);
  });
  if (signal.aborted) throw new Interrupted('the exercise was interrupted');
  const said = typeof answer === 'string' ? answer : judged(answer, expect);
  if (said === undefined) return undefined;
  const status = typeof answer === 'string' ? 0 : answer.status;
  return { said, refused: status >= 400 && status < 500 && !LATER.includes(status) };
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function judged({ status, text }: Answer, expect: HttpExercise['expect']): string | undefined {
  const isExpected =
    expect.status === undefined ? status >= 200 && status < 400 : status === expect.status;
  if (!isExpected) return `status ${status}`;
  return expect.body === undefined || text.includes(expect.body)
    ? undefined
    : `the answer does not contain ${JSON.stringify(expect.body)}`;
}
