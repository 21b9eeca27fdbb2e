import { describe, expect, test } from 'vitest';
import { analyseDockerfile } from '../../../src/dockerfile/analyse-dockerfile.ts';
import { asWritten, injectArguments } from '../../../src/plans/reproduce/inject-arguments.ts';

function injected(text: string) {
  const read = analyseDockerfile(text);
  if (!read.ok) throw new Error(read.error.message);
  return injectArguments(text, read.value.model, () => ['SOURCE_DATE_EPOCH']);
}

describe('SOURCE_DATE_EPOCH', () => {
  test('is declared behind each FROM of a stage that runs something', () => {
    const text =
      '# escape=`\nFROM a `\n  AS build\nRUN one\n\nFROM scratch\nCOPY --from=build / /\nFROM b\nRUN two';
    expect(injected(text)).toEqual({
      text: '# escape=`\nFROM a `\n  AS build\nARG SOURCE_DATE_EPOCH\nRUN one\n\nFROM scratch\nCOPY --from=build / /\nFROM b\nARG SOURCE_DATE_EPOCH\nRUN two',
      lines: [1, 2, 3, undefined, 4, 5, 6, 7, 8, undefined, 9],
    });
  });

  test.each([
    'FROM a\nARG SOURCE_DATE_EPOCH\nRUN x',
    'FROM a\nARG B=1 SOURCE_DATE_EPOCH=7\nRUN x',
    'FROM a\nENV SOURCE_DATE_EPOCH=7\nRUN x',
    'FROM a\nCOPY x y',
  ])('is not where it is known, or nothing runs: %j', (text) => {
    expect(injected(text)).toBeUndefined();
  });

  test('a global ARG alone reaches no stage', () => {
    expect(injected('ARG SOURCE_DATE_EPOCH=7\nFROM a\nRUN x')?.lines).toEqual([1, 2, undefined, 3]);
  });

  test('line ends stay', () => {
    expect(injected('FROM a\r\nRUN x\r\n')?.text).toBe(
      'FROM a\r\nARG SOURCE_DATE_EPOCH\r\nRUN x\r\n',
    );
  });
});

describe('what BuildKit says', () => {
  const map = { lines: [1, undefined, 2, 3] };

  test.each([
    ['Dockerfile:3', 'Dockerfile:2'],
    ['Dockerfile:9', 'Dockerfile:9'],
    ['other.txt:3', 'other.txt:3'],
    ['   1 |     FROM a', '   1 |     FROM a'],
    ['   2 |     ARG SOURCE_DATE_EPOCH', undefined],
    ['   3 | >>> RUN x', '   2 | >>> RUN x'],
    ['--------------------', '--------------------'],
  ])('%s', (line, wanted) => {
    expect(asWritten(line, map, 'Dockerfile')).toBe(wanted);
  });
});
