import { expect, test } from 'vitest';
import { readFlags } from '../../src/cli/flags.ts';
import { FIX, fixFlags } from '../../src/fix/flags.ts';

function readFixFlags(args: readonly string[], buildFlags: readonly string[] = []) {
  const { flags, operands } = readFlags(args, FIX);
  return fixFlags(flags, operands, buildFlags);
}

test('takes a command, limits, and flags of the build behind --', () => {
  const { verify, path } = readFixFlags(
    [
      ...['--verify', '--smoke', 'ask', '--smoke-port', '8080', '--smoke-env', 'A=1', 'app'],
      ...['--smoke-timeout', '5', '--config', 'c.yaml'],
    ],
    ['--secret', 'id=x'],
  );
  expect(path).toBe('app');
  expect(verify).toEqual({
    buildFlags: ['--config=c.yaml', '--secret', 'id=x'],
    buildTimeoutMs: 1_800_000,
    smoke: { command: 'ask', port: 8080, env: ['A=1'], timeoutMs: 5_000 },
  });
});

test.each([
  [['--smoke', 'x'], '--smoke needs --verify'],
  [['--verify', '--smoke-port', '0'], '--smoke-port takes a whole number from 1'],
  [['--verify', '--smoke-port', '70000'], '--smoke-port takes a whole number'],
  [['--verify', '--build-timeout', 'x'], '--build-timeout takes a whole number'],
])('%j is refused', (args, message) => {
  expect(() => readFixFlags(args)).toThrow(message);
});
