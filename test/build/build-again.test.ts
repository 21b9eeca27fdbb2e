import { expect, test } from 'vitest';
import { parseBuildArgs } from '../../src/build/command-line.ts';

function again(...argv: string[]): readonly string[] | undefined {
  const parsed = parseBuildArgs(argv, {});
  if (!parsed.ok || parsed.value.kind === 'help') throw new Error('not parsed');
  return parsed.value.again;
}

test.each(
  Object.entries({
    '--push --tag=app:1 -f a·b/Dockerfile --no-cache --build-arg A=1 .':
      '-t app:1 -f a·b/Dockerfile --build-arg A=1 .',
    '-t a --json --report html=x --no-sign .': '-t a --sign=false .',
    // Who pastes it must not publish what the gate would keep back.
    '-t a --min-level 3 --min-grade B .': '-t a --min-level 3 --min-grade B .',
    '-t a --repro off --lock .': '-t a --repro off --lock=true .',
    // No secret is in what is shown and kept.
    '-t a --key pkcs11:token=t?pin-value=1234 .': '-t a --key pkcs11:token=t .',
    '-t a --build-arg API_TOKEN=abc --build-arg=HTTP_PROXY=http://u:p@proxy .':
      '-t a --build-arg API_TOKEN --build-arg HTTP_PROXY .',
    '-t a --cache-from type=s3,secret_access_key=x,bucket=b https://u:p@h/x.git':
      '-t a --cache-from type=s3,bucket=b https://h/x.git',
    // A secret argument of the environment may be named.
    '-t a --build-arg API_TOKEN .': '-t a --build-arg API_TOKEN .',
  }),
)('%s is made again by %s', (argv, words) => {
  // `·` is a space in a word.
  const split = (line: string) => line.split(' ').map((word) => word.replace('·', ' '));
  expect(again(...split(argv))).toEqual(split(words));
});

test.each([
  ['without a name', ['.']],
  ['from stdin', ['-t', 'a', '-']],
  ['with a flag of a later buildx', ['-t', 'a', '--zzzzzzzzzz=1', '.']],
])('nothing is offered for a build %s', (_name, argv) => {
  expect(again(...argv)).toBeUndefined();
});
