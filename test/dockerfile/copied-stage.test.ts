import { describe, expect, test } from 'vitest';
import { analyseDockerfile } from '../../src/dockerfile/analyse-dockerfile.ts';
import { copiedStage } from '../../src/dockerfile/layer-lines.ts';

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
