import { describe, expect, test } from 'vitest';
import { foldLayers } from '../../src/facts/layer-files.ts';
import { digestOf } from '../../src/model/reference.ts';
import { mixed, pem } from './secret-samples.ts';
import { file, image, imageWith, layerFacts } from './support.ts';

const GITHUB = `ghp_${mixed(36)}`;

function found(path: string, content: string | Uint8Array): readonly string[] {
  return image([file(path, content)]).secrets.findings.map(
    (f) => `${f.rule} ${f.masked} ${f.line ?? ''}`,
  );
}

describe('secrets in files', () => {
  test('values are masked, places are told', () => {
    expect(found('srv/a', `\n\nx=${GITHUB}`)).toEqual(['github-token ghp_*** 3']);
    expect(JSON.stringify(image([file('srv/a', GITHUB)]))).not.toContain(GITHUB.slice(0, 8));
  });

  test('in a program, the byte is told', () => {
    const [secret] = image([file('srv/x', `\0${pem('')}`)]).secrets.findings;
    expect(secret).toMatchObject({ rule: 'private-key', offset: 12 });
    expect(secret?.line).toBeUndefined();
  });

  test('in UTF-16, with and without a mark', () => {
    const text = `a = 1\nb = ${GITHUB}\n`;
    const little = Buffer.from(text, 'utf16le');
    const big = Buffer.from(little).swap16();
    for (const [offset, bytes] of [
      [20, little],
      [21, big],
      [22, Buffer.concat([Buffer.from([0xff, 0xfe]), little])],
      [23, Buffer.concat([Buffer.from([0xfe, 0xff]), big])],
    ] as const)
      expect(image([file('srv/a', bytes)]).secrets.findings).toMatchObject([
        { rule: 'github-token', masked: 'ghp_***', offset },
      ]);
  });

  test('a name says nothing of what is in a file', () => {
    expect(found('srv/a.png', GITHUB)).toEqual(['github-token ghp_*** 1']);
  });

  test('more than a thousand are not listed', () => {
    const many = Array.from({ length: 60 }, (_, i) => file(`srv/${i}`, `${GITHUB} `.repeat(30)));
    expect(image(many).secrets.findings.length).toBe(1000);
  });
});

describe('what is set aside', () => {
  const SHIPPED = 'tests, examples or documentation shipped with a package';
  const TEST_FILE = 'a test file shipped with a package';
  const DOCUMENTATION = 'documentation shipped with a package';
  const SELF_TESTS = 'the keys of the self-tests of GnuTLS and Dovecot, published in their source';
  test.each([
    ['app/node_modules/jws/test/rsa.pem', SHIPPED],
    ['usr/lib/python3/dist-packages/x/tests/key.pem', SHIPPED],
    ['usr/share/gocode/src/golang.org/x/crypto/acme/jws_test.go', TEST_FILE],
    ['app/node_modules/url/test.js', TEST_FILE],
    ['app/node_modules/x/README.md', DOCUMENTATION],
    ['usr/lib/python3/dist-packages/x.dist-info/METADATA', DOCUMENTATION],
    ['usr/lib/python3.12/test/certdata/key.pem', "tests of Python's standard library"],
    ['usr/local/go/src/crypto/tls/testdata/key.pem', "tests of Go's standard library"],
    ['usr/share/doc/openssl/key.pem', 'documentation of the distribution'],
    ['usr/lib/x86_64-linux-gnu/libgnutls.a', SELF_TESTS],
    ['usr/lib/x86_64-linux-gnu/libgnutls.so.30.40.3', SELF_TESTS],
  ])('%s', (path, reason) => {
    const { secrets } = image([file(path, pem(''))]);
    expect(secrets.findings).toEqual([]);
    expect(secrets.suppressed).toEqual([
      {
        rule: 'private-key',
        masked: 'Ab3d***',
        path,
        line: 1,
        where: 'layer',
        layer: digestOf('layer 0'),
        reason,
      },
    ]);
  });

  test.each([
    ...['app/test.pem', 'app/src/tests/key.pem', 'app/node_modules/x/lib/key.pem'],
    ...['app/node_modules/x/key.pem', 'usr/local/lib/libmine.so', 'root/README.md'],
  ])('%s counts', (path) => {
    expect(found(path, pem(''))).toEqual(['private-key Ab3d*** 1']);
  });

  test('a token in such a library counts: the rule is for keys alone', () => {
    expect(found('usr/lib/libgnutls.so.30', GITHUB)).toEqual(['github-token ghp_*** 1']);
  });

  test('a repository counts wherever it lies', () => {
    expect(found('app/node_modules/x/test/.git/HEAD', 'ref: refs/heads/main\n')).toEqual([
      'git-directory  ',
    ]);
  });
});

describe('layers', () => {
  test('a deleted or replaced file is still in its layer', () => {
    const { secrets } = image(
      [file('a', GITHUB), file('b', GITHUB), file('c', GITHUB), file('d/e', GITHUB)],
      [file('.wh.a'), file('b', 'clean, and long enough'), file('.wh.d')],
    );
    expect(secrets.findings.map((f) => [f.path, f.deleted, f.layer, f.where])).toEqual([
      ['a', true, digestOf('layer 0'), 'layer'],
      ['b', true, digestOf('layer 0'), 'layer'],
      ['c', undefined, digestOf('layer 0'), 'layer'],
      ['d/e', true, digestOf('layer 0'), 'layer'],
    ]);
    expect(secrets.scannedFiles).toBe(5);
  });

  test('what was found elsewhere is listed behind', () => {
    const other = { rule: 'named-secret', masked: 'x***', where: 'env' as const, path: 'A' };
    expect(imageWith([other], []).secrets.findings).toEqual([other]);
  });

  test('a repository is one finding a layer, by its first file', () => {
    const files = ['HEAD', 'config', 'index', 'objects/pack/pack-1.pack'].map((name) =>
      file(`app/.git/${name}`, 'of no interest'),
    );
    expect(image(files, [file('app/.git/index', 'later')]).secrets.findings).toMatchObject([
      { rule: 'git-directory', path: 'app/.git/HEAD', layer: digestOf('layer 0') },
      { rule: 'git-directory', path: 'app/.git/index', layer: digestOf('layer 1') },
    ]);
  });

  test('layers that nobody scanned are said to be so', () => {
    const facts = layerFacts([file('a', GITHUB)], { secrets: false });
    const { secrets } = foldLayers([{ digest: digestOf('x'), facts }]);
    expect([secrets.findings, secrets.scannedFiles]).toEqual([[], 0]);
    expect(secrets.incomplete).toBe('the layers were not scanned for secrets');
    expect(image([file('a', GITHUB)]).secrets.incomplete).toBeUndefined();
  });
});
