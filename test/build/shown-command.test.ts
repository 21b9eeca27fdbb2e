import { expect, test } from 'vitest';
import {
  addressWithoutSecrets,
  maskText,
  publicSourceUrl,
  shownValue,
  shownWord,
} from '../../src/build/shown-command.ts';

test.each(
  Object.entries({
    '--build-arg=NPM_TOKEN=abc': '--build-arg=NPM_TOKEN',
    '--build-arg=DB_PASS=abc=d': '--build-arg=DB_PASS',
    '--build-arg=PIN_CODE=1234': '--build-arg=PIN_CODE',
    // A name says nothing of what a person puts into it.
    '--build-arg=FLAVOR=hunter2': '--build-arg=FLAVOR',
    '--build-arg=HTTP_PROXY=http://me:pw@proxy:3128': '--build-arg=HTTP_PROXY',
    '--build-arg=https_proxy=me:pw@proxy:3128': '--build-arg=https_proxy',
    '--build-arg=CONFIG={"auth":\n"x"}': '--build-arg=CONFIG',
    '--build-arg=EMPTY=': '--build-arg=EMPTY=',
    '--build-arg=VERSION=1': '--build-arg=VERSION=1',
    '--build-arg=VERSION=22.14.0': '--build-arg=VERSION=22.14.0',
    '--build-arg=DEBUG=false': '--build-arg=DEBUG=false',
    '--build-arg=NPM_TOKEN': '--build-arg=NPM_TOKEN',
    '--build-arg=SOURCE_DATE_EPOCH=1700000000': '--build-arg=SOURCE_DATE_EPOCH=1700000000',
    '--build-arg=BUILDKIT_SYNTAX=a/b:1': '--build-arg=BUILDKIT_SYNTAX=a/b:1',
    '--label=org.opencontainers.image.authors=Ada': '--label=org.opencontainers.image.authors=Ada',
    '--label=dev.scoville.secrets=none': '--label=dev.scoville.secrets=none',
    '--label=api_token=x': '--label=api_token=****',
    [`--label=x=ghp_${'a'.repeat(36)}`]: '--label=x=****',
    'https://ghp_x@github.com/a/b.git#main': 'https://github.com/a/b.git#main',
    'https://u:p@ss@github.com/a/b.git': 'https://github.com/a/b.git',
    'https://h/x.tgz?a=1&X-Amz-Signature=abc&b=2': 'https://h/x.tgz?a=1&b=2',
    'https://h/x.tgz?token=abc': 'https://h/x.tgz',
    '--cache-to=type=s3,bucket=b,access_key_id=AK,secret_access_key=SK,session_token=ST':
      '--cache-to=type=s3,bucket=b',
    '--cache-from=type=azblob,name=n,account_url=https://u:p@h,secret_access_key=SK':
      '--cache-from=type=azblob,name=n,account_url=https://h',
    '--cache-to=type=gha,token=abc,mode=max': '--cache-to=type=gha,mode=max',
    '--build-context=src=https://u:p@h/x.git': '--build-context=src=https://h/x.git',
    '--key=pkcs11:token=t?pin-value=12%2634&module-path=/m': '--key=pkcs11:token=t?module-path=/m',
    '--key=pkcs11:token=t?module-path=/m&pin-value=1': '--key=pkcs11:token=t?module-path=/m',
    '--secret=id=npm,src=.npmrc': '--secret=id=npm,src=.npmrc',
    '--secret=id=npm,env=NPM_TOKEN': '--secret=id=npm,env=NPM_TOKEN',
  }),
)('%s', (word, shown) => {
  expect(shownWord(word)).toBe(shown);
});

test('a flag of a later buildx is read by the same rule', () => {
  expect(shownValue('buildx-arg', '--cache-to=type=s3,secret_access_key=x')).toBe(
    '--cache-to=type=s3',
  );
});

test('a folder stays as it is', () => {
  for (const path of ['.', 'a b/c', './?x', 'C:/x']) expect(addressWithoutSecrets(path)).toBe(path);
});

test.each([
  ['http://me:pw@proxy:3128', 'http://****@proxy:3128'],
  ['http://me:p@w@proxy:3128/a@b', 'http://****@proxy:3128/a@b'],
  ['https://ghp_x@github.com/a/b.git', 'https://****@github.com/a/b.git'],
  [`x=ghp_${'a'.repeat(36)}`, 'x=****'],
  [
    'pkcs11:token=t?pin-value=1%2634&module-path=/m.so',
    'pkcs11:token=t?pin-value=****&module-path=/m.so',
  ],
])('%s', (text, shown) => {
  expect(maskText(text)).toBe(shown);
});

test.each([
  '{"url":"http://x","mail":"a@b"}',
  'http://h/?to=a@b',
  'http://h#a@b',
  "'http://h' a@b",
])('what only stands beside an address stays: %s', (text) => {
  expect(maskText(text)).toBe(text);
});

test.each([
  ['git@github.com:acme/app.git', 'https://github.com/acme/app'],
  ['github.com:acme/app', 'https://github.com/acme/app'],
  ['ssh://git@git.example.com:2222/acme/app.git', 'https://git.example.com/acme/app'],
  ['https://user:token@example.com/acme/app.git?key=1#main', 'https://example.com/acme/app'],
  ['https://token@example.com:8443/acme/app/', 'https://example.com:8443/acme/app'],
  ['http://git.internal/app', 'http://git.internal/app'],
  ['git://example.com/app.git', 'https://example.com/app'],
  ['/srv/git/app.git', undefined],
  ['../app', undefined],
  ['file:///srv/git/app.git', undefined],
  ['C:\\git\\app', undefined],
  ['https://example.com', undefined],
  ['', undefined],
])('%s', (remote, url) => {
  expect(publicSourceUrl(remote)).toBe(url);
});
