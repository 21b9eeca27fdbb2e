import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BuildEvents, RawJsonProgress } from '../../src/build/progress.ts';

const fixture = (name: string): string[] =>
  readFileSync(new URL(`../fixtures/buildx/${name}`, import.meta.url), 'utf8')
    .split('\n')
    .slice(0, -1);

function read(lines: readonly string[]) {
  const progress = new RawJsonProgress();
  return [...lines.flatMap((line) => progress.push(line)), ...progress.end()];
}

describe.each(['0.13.1', '0.29.1'])('buildx %s', (version) => {
  test('a failed build: its steps, its output, its error text', () => {
    const messages = read(fixture(`${version}/failed.rawjson`));
    const statuses = messages.flatMap((m) => (m.kind === 'status' ? [m.status] : []));
    const failed = statuses.flatMap((s) => s.vertexes).find((v) => v.error !== undefined);
    expect(failed?.name).toBe("[2/2] RUN echo about to fail; echo 'what went wrong' >&2; exit 7");
    expect(failed?.error).toContain('did not complete successfully: exit code: 7');
    const output = statuses.flatMap((s) => s.logs).map((log) => Buffer.from(log.data).toString());
    expect(output.sort()).toEqual(['about to fail\n', 'what went wrong\n']);
    const text = messages.flatMap((m) => (m.kind === 'text' ? [m.text] : []));
    expect(text[0]).toBe('Dockerfile:2');
    expect(text.at(-1)).toMatch(/^ERROR: (?:failed to build: )?failed to solve: process/);
  });

  test('a cached build: no text, and RUN is told as cached', () => {
    const messages = read(fixture(`${version}/cached.rawjson`));
    expect(messages.filter((m) => m.kind === 'text')).toEqual([]);
    const events = new BuildEvents();
    const steps = messages
      .flatMap((m) => (m.kind === 'status' ? events.events(m.status) : []))
      .flatMap((event) => (event.kind === 'build-step' ? [event.step] : []));
    const run = steps.filter(({ name }) => name.startsWith('[build 2/2] RUN'));
    expect(run.map(({ state }) => state)).toEqual(['cached']);
  });
});

describe('junk', () => {
  const step = { digest: 'sha256:1', name: 'a step', started: '2026-01-02T03:04:05Z' };
  const pretty = JSON.stringify({ vertexes: [step] }, null, 2).split('\n');

  test('a message that was cut off comes back as text, and the next is read', () => {
    const messages = read([...pretty.slice(0, 3), ...pretty, 'ERROR: x']);
    expect(messages.map((m) => m.kind)).toEqual(['text', 'text', 'text', 'status', 'text']);
  });

  test('JSON that is no progress is text', () => {
    const text = '{"other": 1}';
    expect(read([text])).toEqual([{ kind: 'text', text }]);
  });

  test('whatever comes, nothing is lost and nothing is thrown', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom('{', '}', '  "vertexes": [', '{}', ...pretty),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const shown = read(lines);
        const texts = shown.filter((m) => m.kind === 'text').length;
        const statuses = shown.length - texts;
        expect(texts).toBeLessThanOrEqual(lines.length);
        expect(statuses > 0 || texts === lines.length).toBe(true);
      }),
    );
  });

  test('fields of the wrong kind are taken as absent', () => {
    const [message] = read([
      '{"vertexes":[{"digest":7,"started":[],"cached":"yes"},null],"logs":3}',
    ]);
    expect(message).toMatchObject({
      kind: 'status',
      status: {
        vertexes: [{ digest: '', started: undefined, cached: false }, { name: '' }],
        logs: [],
      },
    });
  });
});
