import { createHash } from 'node:crypto';
import { gzipSync, zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { mixed, pem } from './secret-samples.ts';
import { file, image, type Item, layerFacts } from './support.ts';

const GITHUB = `ghp_${mixed(36)}`;
const MIB = 1024 * 1024;

function rules(...items: readonly Item[]): readonly string[] {
  return image(items).secrets.findings.map(({ rule, path, inside }) => {
    return `${rule} ${path ?? ''}${inside === undefined ? '' : ` ${inside}`}`;
  });
}

describe('nothing is left out without a word', () => {
  test('4,100 that only look like it stand before a real one', () => {
    const fakes = `ghp_${'x'.repeat(36)} `.repeat(4100);
    expect(rules(file('srv/a.log', `${fakes}\n${GITHUB}\n`))).toEqual(['github-token srv/a.log']);
  });

  test('beginnings of tokens, as many as there is time for, and then no more: that file is named', () => {
    const content = Buffer.alloc(31 * MIB, 'uthorization: bearer ://a:b');
    const { secrets } = image([
      file('var/log/a.log', Buffer.alloc(31 * MIB, 'jdbc:x:y?')),
      file('var/log/b.log', content),
    ]);
    expect(secrets.findings).toEqual([]);
    for (const gap of secrets.gaps ?? []) expect(gap.path).toMatch(/^var\/log\//);
  });

  test('what is left for a layer is spent: what follows is a gap too', () => {
    const facts = layerFacts([
      file('a.log', Buffer.alloc(90 * MIB, '"kty" ')),
      file('b.txt', `x "kty" ${'y'.repeat(20)}`),
    ]);
    expect(facts.secretGaps.map(({ path }) => path)).toEqual(['a.log', 'b.txt']);
    expect(facts.secretGaps[0]?.reason).toBe('too much in it looks like the beginning of a secret');
  });

  test('an .env of more than 1 MiB is read to its end', () => {
    const content = `${'# nothing\n'.repeat(120_000)}DB_PASSWORD=hunter22\n`;
    expect(rules(file('app/.env', content))).toEqual(['env-file app/.env']);
  });

  test('archives in archives, too deep', () => {
    let bytes: Uint8Array = Buffer.from(`${GITHUB}\n`.repeat(3));
    for (let depth = 0; depth < 10; depth += 1) bytes = gzipSync(bytes);
    const facts = layerFacts([file('a.gz', bytes)]);
    expect(facts.secretGaps).toEqual([
      { path: 'a.gz', reason: 'it contains archives in archives, more than 8 deep' },
    ]);
  });

  test('what is packed in another way is counted', () => {
    const facts = layerFacts([
      file('a.xz', Buffer.concat([Buffer.from('fd377a585a00', 'hex'), Buffer.alloc(40)])),
      file('b.zip', Buffer.concat([Buffer.from('504b030414000100', 'hex'), Buffer.alloc(60)])),
    ]);
    expect(facts.unopenedFiles).toMatchObject({ xz: 1 });
    expect(facts.unopenedFiles).toMatchObject({ 'damaged archive': 1 });
  });
});

describe('in another spelling', () => {
  const KEY = pem('RSA ');
  const short = pem('RSA ', (mixed(400).match(/.{1,16}/g) ?? []).join('\n'));
  const line = Buffer.from(`a ${GITHUB}`);
  const netrc = Buffer.from('machine a password hunter22\n');
  const yaml = (text: string): string => `x: ${Buffer.from(text).toString('base64')}\n`;
  const exe = [Buffer.from('4d5a90000301', 'hex'), Buffer.from(GITHUB, 'utf16le'), Buffer.alloc(9)];
  test.each<[string, Item, string]>([
    ['a member', file('a.jar', zipSync({ 'x/a.txt': line })), 'github-token a.jar x/a.txt'],
    ['stored', file('a.zip', zipSync({ 'a.txt': line }, { level: 0 })), 'github-token a.zip a.txt'],
    ['by its name', file('a.zip', zipSync({ 'root/.netrc': netrc })), 'netrc a.zip root/.netrc'],
    ['gzip', file('a.gz', gzipSync(line)), 'github-token a.gz content'],
    ['base64', file('a.yaml', yaml(`token ${GITHUB}\n`)), 'github-token a.yaml'],
    ['a key in base64', file('a.yaml', yaml(KEY)), 'private-key a.yaml'],
    ['hexadecimal', file('a.txt', line.toString('hex')), 'github-token a.txt'],
    ['UTF-16 within a program', file('a.exe', Buffer.concat(exe)), 'github-token a.exe'],
    ['a key of short lines', file('a', short), 'private-key a'],
    ['texts side by side', file('a', `\0\0some error${GITHUB}more of it\0`), 'github-token a'],
  ])('%s', (_name, item, expected) => {
    expect(rules(item)).toEqual([expected]);
  });

  test('what a file is called, links to, and its attributes', () => {
    expect(
      rules(
        file(`srv/${GITHUB}`, 'harmless, and long enough'),
        { path: 'srv/link', type: 'symlink', linkname: `/x?${GITHUB}` },
        { path: 'srv/attr', pax: { 'SCHILY.xattr.user.note': GITHUB } },
      ),
    ).toEqual(['github-token srv/ghp_***', 'github-token srv/link', 'github-token srv/attr']);
  });
});

describe('a file that a package of the distribution ships', () => {
  const key = pem('');
  // MD5 of the key above, as dpkg lists it.
  const listed = (path: string, content: string): Item =>
    file('var/lib/dpkg/info/a.md5sums', `${md5(content)}  ${path}\n`);

  test('unchanged, it is public', () => {
    const path = 'usr/share/perl5/Mojo/server.key';
    const { secrets } = image([file(path, key), listed(path, key)]);
    expect(secrets.findings).toEqual([]);
    expect(secrets.suppressed?.map(({ reason }) => reason)).toEqual([
      'a file that a package of the distribution ships, unchanged',
    ]);
  });

  test.each<[string, string, string]>([
    ['changed', 'usr/share/a/server.key', `${key}x`],
    ['a live token', 'usr/share/a/x.txt', GITHUB],
    ['where no distribution puts files', 'opt/a/server.key', key],
    ['in /usr/local', 'usr/local/a/server.key', key],
  ])('it counts: %s', (name, path, content) => {
    const list = listed(path, name === 'changed' ? key : content);
    expect(image([file(path, content), list]).secrets.findings).toHaveLength(1);
  });
});

function md5(content: string): string {
  return createHash('md5').update(content).digest('hex');
}
