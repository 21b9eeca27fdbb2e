import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fetchableUrl, pathInside, wholeCommit } from '../../src/reproduce/fetch-source.ts';

describe('fetchableUrl', () => {
  test.each([
    ['https://git.example.com/team/app.git', 'https://git.example.com/team/app.git'],
    ['https://git.example.com/app?x=1#main:sub', 'https://git.example.com/app'],
    ['file:///srv/git/app.git', 'file:///srv/git/app.git'],
    ['git@git.example.com:team/app.git', 'https://git.example.com/team/app'],
    ['ssh://git@git.example.com:2222/team/app.git', 'https://git.example.com/team/app'],
  ])('takes %s', (text, url) => {
    expect(fetchableUrl(text)).toEqual({ ok: true, value: url });
  });

  test.each([
    '',
    '--upload-pack=touch /tmp/x',
    '-u',
    'ext::sh -c touch% /tmp/x',
    'fd::17',
    'EXT::sh',
    'http://git.example.com/app.git',
    'git://git.example.com/app.git',
    'ftp://git.example.com/app.git',
    'rsync://git.example.com/app.git',
    '/srv/git/app.git',
    '../app.git',
    'file://server/share/app.git',
    'https://user:secret@git.example.com/app.git',
    'https://git.example.com/a b',
    'https://git.example.com/a\nb',
    `https://git.example.com/${'a'.repeat(3000)}`,
  ])('refuses %j', (text) => {
    expect(fetchableUrl(text).ok).toBe(false);
  });

  test('whatever is taken begins with its scheme, and holds no space', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        const url = fetchableUrl(text);
        if (url.ok) expect(url.value).toMatch(/^(?:https|file):\/\/\S+$/);
      }),
    );
  });
});

describe('wholeCommit', () => {
  test('a whole id of SHA-1 or SHA-256, and nothing else', () => {
    expect(wholeCommit('a'.repeat(40)).ok).toBe(true);
    expect(wholeCommit('0'.repeat(64)).ok).toBe(true);
    for (const text of ['main', 'HEAD', 'abc1234', '-q', 'A'.repeat(40), `${'a'.repeat(40)}^`, ''])
      expect(wholeCommit(text).ok).toBe(false);
  });
});

describe('pathInside', () => {
  test.each([
    ['', ''],
    ['.', ''],
    ['app', 'app'],
    ['./app//web/', 'app/web'],
    ['..app/x', '..app/x'],
  ])('%j is %j', (text, path) => {
    expect(pathInside(text)).toEqual({ ok: true, value: path });
  });

  test.each(['..', '../etc', 'a/../../b', '/etc/passwd', '.git', 'a/.GIT/config', 'a\0b', 'a\\b'])(
    'refuses %j',
    (text) => {
      expect(pathInside(text).ok).toBe(false);
    },
  );
});
