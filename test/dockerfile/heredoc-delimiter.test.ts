import { expect, test } from 'vitest';
import { heredocDelimiter } from '../../src/dockerfile/logical-lines.ts';
import { parseDockerfile } from './parse-dockerfile.ts';

test.each([
  ['EOF', 'EOF', true],
  ["'EOF'", 'EOF', false],
  ['"EOF"', 'EOF', false],
  ['\\EOF', 'EOF', false],
  ["eo\\'f", "eo'f", false],
  ["'e'o\\'f", "eo'f", false],
  ["'e\"o\\f'", 'e"o\\f', false],
  ['"e\\"f\\g"', 'e"f\\g', false],
])('%s is ended by %s', (word, delimiter, expand) => {
  expect(heredocDelimiter(word)).toEqual({ delimiter, expand });
});

test('a Dockerfile with such a delimiter is read', () => {
  const read = parseDockerfile("FROM alpine\nRUN <<'e'o\\'f\necho foo\neo'f\nUSER 1000\n");
  expect(read.ok && read.value.stages[0]?.instructions.map(({ keyword }) => keyword)).toEqual([
    'RUN',
    'USER',
  ]);
});
