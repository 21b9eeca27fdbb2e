import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ACCEPTED, NOT_JUDGED, REFUSED } from '../dockerfile/recorded.ts';
import { rows } from './rows.ts';
import { folderHere } from './workplace.ts';

const context = folderHere('refusals');

/**
 * Files without a FROM are left out: the outline of one that has only an ARG ends the daemon of
 * Docker 26.1 (index out of range), and with it what everybody else builds there.
 */
const hasStage = (text: string): boolean => /^\s*FROM\b/im.test(text);

/**
 * One shell asks for all of them, so that no test runner stands between: the numbers of those that
 * BuildKit accepts.
 */
function accepted(texts: readonly string[]): readonly number[] {
  const script = texts
    .map((text, at) => {
      const file = `printf %s ${quoted(text)} > ${at}.Dockerfile`;
      const ask = `docker buildx build --print=outline -f ${at}.Dockerfile . </dev/null >/dev/null 2>&1`;
      return `${file}; if ${ask}; then echo ${at}; fi`;
    })
    .join('\n');
  const run = spawnSync('sh', [], {
    cwd: context,
    input: script,
    encoding: 'utf8',
    env: { ...process.env, BUILDX_EXPERIMENTAL: '1' },
    timeout: 900_000,
  });
  expect(run.status).not.toBeNull();
  return run.stdout.split('\n').filter(Boolean).map(Number);
}

const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

describe('the record of what BuildKit refuses', () => {
  it('is what the engine answers', { timeout: 900_000 }, () => {
    const isKept = (_: string, at: number): boolean => at % 20 === 0;
    const yes = rows(ACCEPTED.filter(hasStage), isKept);
    const no = rows([...REFUSED, ...NOT_JUDGED].filter(hasStage), isKept);
    const found = new Set(accepted([...yes, ...no]));
    expect(yes.filter((_, at) => !found.has(at))).toEqual([]);
    expect(no.filter((_, at) => found.has(yes.length + at))).toEqual([]);
  });
});
