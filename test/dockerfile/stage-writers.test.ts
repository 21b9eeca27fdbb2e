import { describe, expect, test } from 'vitest';
import { analyseDockerfile } from '../../src/dockerfile/analyse-dockerfile.ts';
import type { Digest } from '../../src/model/reference.ts';
import { writersOf } from '../../src/reproduce/reproduce.ts';

const TEXT = [
  'FROM debian AS deps', // 1
  'RUN make mods', // 2
  'FROM debian AS build', // 3
  'COPY file /src/', // 4
  'COPY --from=deps /mods /src/mods', // 5
  'RUN make a', // 6
  'RUN make b', // 7
  'RUN chmod 755 /src/a', // 8
  'FROM scratch', // 9
  'COPY --from=build /src /app', // 10
  'COPY --from=build /src/a /bin/tool', // 11
  'RUN make all', // 12
].join('\n');

const content = (letter: string) => ({ content: `sha256:${letter.repeat(64)}` as Digest });
/** The last one first. */
const FILES: Record<string, [string, { line: number; content?: Digest }[]][]> = {
  deps: [['mods/m', [{ line: 2, ...content('a') }]]],
  build: [
    ['src/file', [{ line: 4, ...content('b') }]],
    ['src/mods/m', [{ line: 5, ...content('a') }]],
    [
      'src/a',
      [
        { line: 8, ...content('c') },
        { line: 6, ...content('c') },
      ],
    ],
    [
      'src/b',
      [
        { line: 7, ...content('e') },
        { line: 6, ...content('d') },
      ],
    ],
    ['src/x/b', [{ line: 6, ...content('f') }]],
  ],
};

describe('writersOf', () => {
  const read = analyseDockerfile(TEXT, {});
  if (!read.ok) throw new Error('the Dockerfile was not read');
  const { model } = read.value;
  const asked: string[] = [];
  const filesOf = (stage: { readonly name?: string }) => {
    asked.push(stage.name ?? '');
    return Promise.resolve(new Map(FILES[stage.name ?? '']));
  };

  test.each([
    ['the last RUN that changed the content', 10, 'app/a', 'content', [6]],
    ['the last RUN that wrote the file, for its mode', 10, 'app/a', 'mode', [8]],
    ['a RUN that changed what another wrote', 10, 'app/b', 'content', [7]],
    ['a file under another name', 11, 'bin/tool', 'content', [6]],
    ['a COPY out of the context', 10, 'app/file', 'mode', [4]],
    ['a RUN of a stage that it was copied from', 10, 'app/mods/m', 'content', [2]],
    ['two files that it can have been', 10, 'app/x/b', 'content', [7, 6]],
    ['a file that no line wrote', 10, 'app/none', 'content', []],
    ['a line that copies nothing', 12, 'app/a', 'content', [12]],
  ] as const)('%s', async (_, line, path, kind, expected) => {
    expect([...(await writersOf(model, { line, path, kind }, filesOf))]).toEqual(expected);
  });

  test('a stage is asked for where something was copied from it', () => {
    expect(new Set(asked)).toEqual(new Set(['build', 'deps']));
  });
});
