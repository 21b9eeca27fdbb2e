import type { Exercise } from '../model/exercise.ts';
import { err, ok, type Result } from '../model/result.ts';
import type { ConfigProblem } from './problem.ts';
import { readDocument } from './read-document.ts';
import { readNode, reportAt } from './read-node.ts';
import { TEXT, type SettingType } from './setting-spec.ts';

const LONGEST_FILE = 256 * 1024;

const HTTP: SettingType = {
  kind: 'object',
  fields: {
    path: {
      type: { kind: 'string', pattern: /^\/[\x21-\x7e]*$/, expects: 'a path that begins with /' },
      help: 'What is asked for.',
      required: true,
    },
    method: {
      type: {
        kind: 'choice',
        choices: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      },
      help: 'GET where there is none.',
    },
    headers: {
      type: {
        kind: 'map',
        keyPattern: /^[!#$%&'*+.^_`|~\w-]{1,128}$/,
        keyExpects: 'the name of a header',
        of: { kind: 'string', pattern: /^[\x20-\x7e\t]*$/, expects: 'one line of text' },
      },
      help: 'Headers of the request.',
    },
    body: { type: TEXT, help: 'Body of the request.' },
    port: {
      type: { kind: 'integer', minimum: 1, maximum: 65_535 },
      help: "The container's port.",
    },
    expect: {
      type: {
        kind: 'object',
        fields: {
          status: {
            type: { kind: 'integer', minimum: 100, maximum: 599 },
            help: 'The status of the answer.',
          },
          body: { type: TEXT, help: 'Text that the answer contains.' },
        },
      },
      help: 'What the answer is.',
    },
  },
};

const EXERCISES: SettingType = {
  kind: 'list',
  of: {
    kind: 'object',
    fields: {
      http: { type: HTTP, help: 'A request from outside.' },
      run: { type: { kind: 'list', of: TEXT }, help: 'A command in the container.' },
    },
  },
};

/** An exercise as the file gives it: checked against the table. */
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
  const opened = await readDocument(text, { file, longest: LONGEST_FILE, mostAliases: 0 });
  if (!opened.ok) return opened;
  const reading = opened.value;
  const root = reading.document.contents as Parameters<typeof readNode>[0];
  const value = readNode(root, EXERCISES, 'the file', reading);
  if (reading.problems.length > 0 || value === undefined) return err(reading.problems);
  const given = value as unknown as readonly Given[];
  given.forEach(({ http, run }, i) => {
    const isOne = (http === undefined) !== (run === undefined || run.length === 0);
    if (!isOne) reportAt([i], 'an exercise is either http or run', reading);
  });
  return reading.problems.length > 0 ? err(reading.problems) : ok(given.map(exerciseOf));
}

function exerciseOf({ http, run = [] }: Given): Exercise {
  if (http === undefined) return { kind: 'run', command: run };
  const { path, method = 'GET', headers = {}, body, port, expect = {} } = http;
  return { kind: 'http', path, method, headers, body, port, expect };
}
