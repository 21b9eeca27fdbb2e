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

  test('of a line of skopeo, it names what the line says', () => {
    const stderr =
      'time="2026-12-01T11:30:52Z" level=fatal msg="reading \\"app\\": no such image"\n';
    const failure = toolFailure({ ended: 'exit', exitCode: 1, stdout: '', stderr }, 'skopeo');
    expect(failure.message).toBe('skopeo: reading "app": no such image');
  });
});
