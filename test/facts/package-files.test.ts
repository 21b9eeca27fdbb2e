import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { mixed, pem } from './secret-samples.ts';
import { file, image } from './support.ts';

const VALUE = mixed(32);
const TOKEN = `repo_token: ${VALUE}\n`;
const sum = (name: string, text: string, form: 'base64' | 'hex'): string =>
  createHash(name).update(text).digest(form);

describe('a file that a package of apk ships', () => {
  const database = (folder: string, name: string, text: string) =>
    file(
      'lib/apk/db/installed',
      `P:musl\nV:1.2-r0\nF:lib\nR:libc.so\nZ:Q1AAAA\n\nP:thing\nV:3.1-r2\nF:${folder}\nM:0:0:755\n` +
        `R:other\nZ:Q1BBBB\nR:${name}\na:0:0:640\nZ:Q1${sum('sha1', text, 'base64')}\n`,
    );

  test('unchanged, it is public, and the package is named', () => {
    const { secrets } = image([
      file('usr/share/thing/x.yml', TOKEN),
      database('usr/share/thing', 'x.yml', TOKEN),
    ]);
    expect(secrets.findings).toEqual([]);
    expect(secrets.suppressed).toMatchObject([
      {
        path: 'usr/share/thing/x.yml',
        package: { type: 'apk', name: 'thing', version: '3.1-r2' },
      },
    ]);
  });

  test.each([
    ['changed', 'usr/share/thing', 'x.yml', `${TOKEN}#`],
    ['under another name', 'usr/share/thing', 'y.yml', TOKEN],
    ['in another folder', 'usr/share/other', 'x.yml', TOKEN],
  ])('it counts where the record says otherwise: %s', (_, folder, name, text) => {
    const files = [file('usr/share/thing/x.yml', TOKEN), database(folder, name, text)];
    expect(image(files).secrets.findings).toHaveLength(1);
  });

  test.each([
    ['a private key', 'usr/share/thing/x.yml', pem('')],
    ['a live token', 'usr/share/thing/x.yml', `ghp_${mixed(36)}`],
    ['where a person puts files', 'srv/x.yml', TOKEN],
  ])('%s counts', (_, path, text) => {
    const folder = path.slice(0, path.lastIndexOf('/'));
    const files = [file(path, text), database(folder, 'x.yml', text)];
    expect(image(files).secrets.findings).toHaveLength(1);
  });
});

describe('a file in the folder of a package', () => {
  const manifest = (folder: string, name: string) =>
    file(`${folder}/package.json`, JSON.stringify({ name, version: '2.6.9' }));

  test.each([
    ['app/node_modules/debug', 'debug'],
    ['app/node_modules/a/node_modules/@x/debug', '@x/debug'],
    ['node_modules/.pnpm/debug@2.6.9/node_modules/debug', 'debug'],
  ])('counts, and says whose it may be: %s', (folder, name) => {
    const files = [file(`${folder}/.coveralls.yml`, TOKEN), manifest(folder, name)];
    expect(image(files).secrets.findings).toMatchObject([
      {
        path: `${folder}/.coveralls.yml`,
        package: { type: 'npm', name, version: '2.6.9' },
        sha256: sum('sha256', TOKEN, 'hex'),
      },
    ]);
  });

  test('a private key there is not asked about', () => {
    const folder = 'app/node_modules/debug';
    const files = [file(`${folder}/x.pem`, pem('')), manifest(folder, 'debug')];
    expect(image(files).secrets.findings.map((one) => one.sha256)).toEqual([undefined]);
  });

  test('comes after what a person wrote', () => {
    const other = `repo_token: ${mixed(33)}\n`;
    const { secrets } = image(
      [file('app/node_modules/debug/.coveralls.yml', TOKEN)],
      [file('app/config.yml', other)],
    );
    expect(secrets.findings.map(({ path }) => path)).toEqual([
      'app/config.yml',
      'app/node_modules/debug/.coveralls.yml',
    ]);
  });
});
