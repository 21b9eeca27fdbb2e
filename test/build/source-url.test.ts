import { expect, test } from 'vitest';
import { publicSourceUrl } from '../../src/build/shown-command.ts';

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
