import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { inkSurface } from '../../src/ui/ink-surface.tsx';
import { marksOf } from '../../src/ui/text.ts';

/** What is written to a terminal of 80 columns. */
function written(use: (surface: ReturnType<typeof inkSurface>) => void): string {
  const parts: string[] = [];
  const stream = new PassThrough();
  stream.on('data', (chunk: Buffer) => parts.push(chunk.toString()));
  const terminal = Object.assign(stream, { columns: 80, rows: 24, isTTY: true });
  const surface = inkSurface({
    stream: terminal as unknown as NodeJS.WriteStream,
    color: false,
    marks: marksOf(true),
  });
  use(surface);
  surface.close();
  return parts.join('');
}

const UP = '\u001b[1A';
const UP_AND_ERASE = `${UP}\u001b[2K`;

test.each<[string, Parameters<typeof written>[0]]>([
  ['before it showed anything', () => undefined],
  [
    'before it drew what it was told to',
    (surface) => {
      surface.draw({ rows: [], items: [{ key: 'read', label: 'read', state: 'running' }] });
    },
  ],
])('a surface that was closed %s erases no line of the shell’s', (_, use) => {
  const text = written(use);
  // In a CI job Ink writes an empty line at the end, elsewhere none.
  expect(text.split(UP).length).toBe(text.split('\n').length);
});

test('one that printed takes its own empty line away', () => {
  const text = written((surface) => {
    surface.print('hello');
  });
  expect(text).toContain('hello\n');
  expect(text.endsWith(UP_AND_ERASE)).toBe(true);
});
