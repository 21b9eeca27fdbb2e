import { describe, expect, test } from 'vitest';
import { toolFailure } from '../../src/lib/run-result.ts';

describe('toolFailure', () => {
  test('names the last line of stderr', () => {
    const failure = toolFailure(
      { ended: 'exit', exitCode: 4, stdout: '', stderr: 'noise\nit broke\n\n' },
      'the build failed',
    );
    expect(failure.message).toBe('the build failed: it broke');
    expect(failure.stderrTail).toBe('noise\nit broke');
  });
});
