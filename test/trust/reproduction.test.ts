import { describe, expect, test } from 'vitest';
import { readReproduction, reproductionStatement } from '../../src/trust/verdict.ts';

const tool = { uri: 'pkg:npm/scoville', version: '1.2.3' };

describe('the result of a second build', () => {
  test('that gave the same', () => {
    const statement = reproductionStatement({ reproducible: true, differences: [] }, tool);
    expect(statement).toEqual({
      result: 'PASSED',
      configuration: [{ name: 'reproduction', uri: 'pkg:npm/scoville@1.2.3' }],
      passedTests: ['same-image-manifests'],
      warnedTests: [],
      failedTests: [],
    });
    expect(readReproduction(statement)).toEqual({ reproducible: true, differences: 0 });
  });

  test('that did not', () => {
    const statement = reproductionStatement(
      { reproducible: false, differences: ['built: content', 'id: content'] },
      tool,
    );
    expect(statement.failedTests).toEqual([
      'same-image-manifests',
      'built: content',
      'id: content',
    ]);
    expect(readReproduction(statement)).toEqual({ reproducible: false, differences: 2 });
  });

  test.each([
    [
      'a verdict',
      {
        result: 'PASSED',
        configuration: [{ name: 'CHPs' }],
        passedTests: ['same-image-manifests'],
        failedTests: [],
      },
    ],
    [
      'one that says both',
      {
        result: 'PASSED',
        configuration: [{ name: 'reproduction' }],
        passedTests: ['same-image-manifests'],
        failedTests: ['x'],
      },
    ],
    [
      'one that passed no test',
      {
        result: 'PASSED',
        configuration: [{ name: 'reproduction' }],
        passedTests: [],
        failedTests: [],
      },
    ],
    ['no object', 'PASSED'],
  ])('%s is none', (_, predicate) => {
    expect(readReproduction(predicate)).toBeUndefined();
  });
});
