import { describe, expect, test } from 'vitest';
import { describeRun, toolFailure } from '../../src/tools/describe-run.ts';

describe('describeRun', () => {
  test.each([
    [['--secret', 'id=t,src=/home/u/t'], '--secret ***'],
    [['--secret=id=t,env=T'], '--secret=***'],
    [['--build-arg', 'NPM_TOKEN=abc'], '--build-arg NPM_TOKEN=***'],
    [['--build-arg=DB_PASSWORD=abc'], '--build-arg=DB_PASSWORD=***'],
    [['--build-arg', 'VERSION=1.2'], '--build-arg VERSION=1.2'],
    [['--build-arg', 'NPM_TOKEN'], '--build-arg NPM_TOKEN'],
    [['--build-arg', 'MIRROR=https://u:p@host/x'], '--build-arg MIRROR=https://***@host/x'],
    [['https://user:pw@host/repo.git#main'], 'https://***@host/repo.git#main'],
    [['--identity-token', 'ey...', 'file'], '--identity-token *** file'],
    [['-t', 'app:1', '.'], '-t app:1 .'],
  ])('%j is shown as %j', (args, shown) => {
    expect(describeRun({ command: 'docker', args }).join(' ')).toBe(`docker ${shown}`);
  });
});

describe('toolFailure', () => {
  test('names the last line of stderr and masks the arguments', () => {
    const failure = toolFailure(
      { command: 'docker', args: ['build', '--secret', 'id=x'] },
      { ended: 'exit', exitCode: 4, stdout: '', stderr: 'noise\nit broke\n\n' },
      'the build failed',
    );
    expect(failure.message).toBe('the build failed: it broke');
    expect(failure.argv).toEqual(['docker', 'build', '--secret', '***']);
    expect(failure.toolExitCode).toBe(4);
    expect(failure.stderrTail).toBe('noise\nit broke');
  });
});
