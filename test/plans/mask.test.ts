import { expect, test } from 'vitest';
import { maskArgument } from '../../src/plans/mask.ts';

test.each([
  ['--build-arg=NPM_TOKEN=abc', '--build-arg=NPM_TOKEN=****'],
  ['--build-arg=DB_PASS=abc=d', '--build-arg=DB_PASS=****'],
  ['--build-arg=api_key=abc', '--build-arg=api_key=****'],
  ['--build-arg=VERSION=1', '--build-arg=VERSION=1'],
  ['--build-arg=NPM_TOKEN', '--build-arg=NPM_TOKEN'],
  ['--label=org.opencontainers.image.authors=Ada', '--label=org.opencontainers.image.authors=Ada'],
  ['--label=dev.scoville.secrets=none', '--label=dev.scoville.secrets=none'],
  ['--build-arg=PROXY=http://me:pw@proxy:3128', '--build-arg=PROXY=http://****@proxy:3128'],
  ['https://ghp_x@github.com/a/b.git', 'https://****@github.com/a/b.git'],
  [`--label=x=ghp_${'a'.repeat(36)}`, '--label=x=****'],
  [
    '--key=pkcs11:token=t?pin-value=1%2634&module-path=/m.so',
    '--key=pkcs11:token=t?pin-value=****&module-path=/m.so',
  ],
  ['--secret=id=npm,src=.npmrc', '--secret=id=npm,src=.npmrc'],
])('%s', (word, shown) => {
  expect(maskArgument(word)).toBe(shown);
});
