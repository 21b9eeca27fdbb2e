import { expect, test } from 'vitest';
import { digestOf } from '../../../src/model/digest.ts';
import { ToolError, UserError } from '../../../src/model/errors.ts';
import type { ToolResult } from '../../../src/model/run.ts';
import { signWithNotation } from '../../../src/tools/notation/notation-sign.ts';
import { fakeRun } from '../../fakes/fake-run.ts';

const subject = digestOf(Buffer.from('image'));
const exit = (exitCode: number, stderr = ''): ToolResult => ({
  ended: 'exit',
  exitCode,
  stdout: '',
  stderr,
});

function sign(key: string, result: ToolResult) {
  const chosen = key === 'default' ? [] : ['--key', key];
  const args = ['sign', '--oci-layout', ...chosen, `/layout@${subject}`];
  const fake = fakeRun([{ command: 'notation', args, result }]);
  return { fake, signing: signWithNotation(fake.run, { layoutDir: '/layout', subject, key }) };
}

test.each(['default', 'kms key'])('signs in the layout with the key %s', async (key) => {
  const { fake, signing } = sign(key, exit(0));
  await signing;
  expect(fake.runs[0]?.env).toEqual({ NOTATION_EXPERIMENTAL: '1' });
});

test.each([
  // As notation 1.3 says it.
  ['a key that it does not have', exit(1, 'Error: signing key nope not found\n'), UserError],
  ['what is not installed', { ended: 'not-found' } as const, UserError],
  ['a plugin that fails', exit(1, 'Error: plugin failed\n'), ToolError],
  ['one that does not end', { ended: 'timeout', stdout: '', stderr: '' } as const, ToolError],
])('%s is an error', async (_, result, type) => {
  await expect(sign('nope', result).signing).rejects.toBeInstanceOf(type);
});
