import EXERCISES from '../../schema/scoville-exercises-1.json' with { type: 'json' };
import { type ConfigProblem, readDocument } from '../config/document.ts';
import type { Schema } from '../config/schema.ts';
import { err, ok, type Result } from '../lib/errors.ts';
import type { Exercise } from '../model/template.ts';

const LONGEST_FILE = 256 * 1024;

/** An exercise as the file gives it: checked by the schema. */
interface Given {
  readonly http?: {
    readonly path: string;
    readonly method?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly port?: number;
    readonly expect?: { readonly status?: number; readonly body?: string };
  };
  readonly run?: readonly string[];
}

/** Reads a file of exercises. Problems come with line and column. */
export async function parseExercises(
  text: string,
  file: string,
): Promise<Result<readonly Exercise[], readonly ConfigProblem[]>> {
  const read = await readDocument(text, file, {
    schema: EXERCISES as unknown as Schema,
    check: () => import('schema-check:scoville-exercises-1'),
    longest: LONGEST_FILE,
    mostAliases: 0,
  });
  if (!read.ok) return read;
  const { value, problemAt } = read.value;
  const given = value as readonly Given[];
  const problems = given.flatMap(({ http, run }, i) =>
    (http === undefined) !== (run === undefined || run.length === 0)
      ? []
      : [problemAt([i], 'an exercise is either http or run')],
  );
  return problems.length > 0 ? err(problems) : ok(given.map(exerciseOf));
}

function exerciseOf({ http, run = [] }: Given): Exercise {
  if (http === undefined) return { kind: 'run', command: run };
  const { path, method = 'GET', headers = {}, body, port, expect = {} } = http;
  return { kind: 'http', path, method, headers, body, port, expect };
}
