import { expect, test } from 'vitest';
import { readFlags } from '../../src/cli/flags.ts';
import { GRADE, gradeFlags } from '../../src/grade/flags.ts';
import { UserError } from '../../src/lib/errors.ts';

function readGradeFlags(args: readonly string[]) {
  const { flags, operands } = readFlags(args, GRADE);
  return gradeFlags(flags, operands);
}

test.each([
  [['--target', 'app'], '--target'],
  [['--build-arg', 'A=1'], '--build-arg'],
])('%j without one is refused, not passed over', (args, flag) => {
  const read = (): unknown => readGradeFlags([...args, 'image']);
  expect(read).toThrow(UserError);
  expect(read).toThrow(`${flag} says how a Dockerfile was built`);
});
