import { describe, expect, test } from 'vitest';
import { classOf } from '../../src/difference/classes.ts';
import type { ContentDifference, DifferenceKind } from '../../src/model/difference.ts';

const text = (detail: string): ContentDifference => ({ format: 'text', detail });

describe('classOf', () => {
  test.each<[string, string, readonly DifferenceKind[], ContentDifference | undefined]>([
    ['private-key', 'etc/ssh/ssh_host_rsa_key', ['content'], undefined],
    ['private-key', 'srv/id', ['content'], { format: 'key', detail: 'a private key' }],
    ['certificate', 'srv/tls.pem', ['content'], { format: 'key', detail: 'a certificate' }],
    ['package-log', 'var/log/dpkg.log', ['content'], text('line 1: "x" and "y"')],
    ['apt-cache', 'var/lib/apt/lists/x_Packages', ['presence'], undefined],
    ['package-database', 'var/lib/dpkg/status', ['content'], text('line 9: "1.0" and "1.1"')],
    ['package-manager-cache', 'root/.m2/repository/a/b.pom', ['presence'], undefined],
    ['package-manager-cache', 'home/u/.gradle/caches/journal-1/x.bin', ['content'], undefined],
    ['package-manager-cache', 'var/cache/dnf/x/repodata/a.xml', ['presence'], undefined],
    ['install-record', 'var/lib/dnf/history.sqlite-wal', ['content'], undefined],
    ['package-database', 'var/lib/rpm/Packages.db', ['content'], undefined],
    ['package-manager-cache', 'root/.cache/go-build/00/x-a', ['presence'], undefined],
    ['pip-cache', 'root/.cache/uv/x', ['content'], undefined],
    [
      'install-record',
      'app/.venv/lib/python3.13/site-packages/a-1.dist-info/uv_cache.json',
      ['content'],
      undefined,
    ],
    ['install-record', 'app/node_modules/.modules.yaml', ['content'], undefined],
    ['temporary-file', 'tmp/npm-7-a1b2/x', ['presence'], undefined],
    ['machine-id', 'etc/machine-id', ['content'], text('line 1: "a" and "b"')],
    [
      'gzip-header',
      'a.gz',
      ['content'],
      { format: 'gzip', detail: 'gzip header: modification time a and b' },
    ],
    [
      'archive-times',
      'a.tar.gz',
      ['content'],
      { format: 'gzip', detail: 'gzip: what is compressed, or how' },
    ],
    ['zip-times', 'a.jar', ['content'], { format: 'zip', detail: 'zip: time of a' }],
    ['compiled-date', 'app', ['content'], { format: 'elf', detail: 'ELF section .rodata' }],
    ['build-date', 'built', ['content'], text('line 1: "2026-11-24" and "2026-11-25"')],
    [
      'random-id',
      'id',
      ['content'],
      text('line 1: "0b5a1c7e-1111-4222-8333-944455556666" and "x"'),
    ],
    ['order', 'list', ['content'], text('the same lines in another order, from line 1 on')],
    ['mtime', 'a', ['mtime'], undefined],
    ['mode', 'a', ['mode', 'mtime'], undefined],
    ['owner', 'a', ['owner'], undefined],
    ['entry-order', 'a', ['order'], undefined],
    ['unexplained', 'a', ['content'], text('line 1: "red" and "blue"')],
    ['unexplained', 'a', ['presence'], undefined],
  ])('%s: %s', (id, path, kinds, content) => {
    expect(classOf(path, kinds, content).id).toBe(id);
  });
});
