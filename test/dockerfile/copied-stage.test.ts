import { describe, expect, test } from 'vitest';
import { analyseDockerfile } from '../../src/dockerfile/analyse-dockerfile.ts';
import { canBecome, copiedStage } from '../../src/dockerfile/layer-lines.ts';

const TEXT = [
  'FROM debian AS deps', // 1
  'RUN apt-get update', // 2
  'FROM deps AS Build', // 3
  'COPY . .', // 4
  'RUN make', // 5
  'FROM scratch', // 6
  'COPY --from=build /a /a', // 7
  'COPY --from=0 /b /b', // 8
  'COPY --from=busybox:1 /c /c', // 9
  'COPY d /d', // 10
  'FROM debian AS last', // 11
  'COPY --from=build /a /a', // 12
  'RUN --mount=from=busybox:1,target=/m true', // 13
  'FROM scratch', // 14
  'COPY --from=last /a /a', // 15
].join('\n');

describe('copiedStage', () => {
  const read = analyseDockerfile(TEXT, {});
  test.each([
    ['a stage by its name: RUNs of those below it too', 7, { name: 'build', runLines: [2, 5] }],
    ['by its number', 8, { name: '0', runLines: [2] }],
    ['with those that it copies from', 15, { name: 'last', runLines: [2, 5, 13] }],
    ['an image from outside', 9, undefined],
    ['the context', 10, undefined],
    ['no COPY', 5, undefined],
    ['no instruction', 99, undefined],
  ])('%s', (_, line, expected) => {
    if (!read.ok) throw new Error('the Dockerfile was not read');
    expect(copiedStage(read.value.model, line)).toEqual(expected);
  });
});

describe('canBecome: whether a file of the stage can be what a COPY put at a path', () => {
  test.each([
    ['/src/dist ./dist', 'src/dist/a/b', 'app/dist/a/b', true],
    ['/src/dist/ /', 'src/dist/a/b', 'a/b', true],
    ['src/./dist /app/', 'src/dist/a', 'app/a', true],
    ['/src/dist ./dist', 'src/dist/b', 'app/dist/a/b2', false],
    ['/src/dist ./dist', 'src/dist/b', 'app/dist/ab', false],
    ['/src/dist ./dist', 'src/dist2/b', 'app/dist/b', false],
    ['/src/out /usr/bin/tool', 'src/out', 'usr/bin/tool', true],
    ['/one /two /usr/bin/', 'two', 'usr/bin/two', true],
    ['/one /two /usr/bin/', 'one', 'usr/bin/two', false],
    ['/out/*.whl /wheels/', 'out/a.whl', 'wheels/a.whl', true],
    ['/out/*.whl /wheels/', 'out/a.whl', 'wheels/b.whl', false],
    ['/ /root', 'etc/a', 'root/etc/a', true],
    ['/ /root', 'etc/a', 'root/bin/a', false],
  ])('COPY --from=b %s: %s at %s: %s', (words, before, path, expected) => {
    const read = analyseDockerfile(`FROM debian AS b\nFROM scratch\nCOPY --from=b ${words}\n`, {});
    if (!read.ok) throw new Error('the Dockerfile was not read');
    const copy = read.value.model.stages[1]?.instructions[0];
    expect(copy && canBecome(copy, before, path)).toBe(expected);
  });
});
