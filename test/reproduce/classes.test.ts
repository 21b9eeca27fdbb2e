import { describe, expect, test } from 'vitest';
import type { ContentDifference, DifferenceKind } from '../../src/model/report.ts';
import { classOf } from '../../src/reproduce/causes.ts';
import { contentDifference } from '../../src/reproduce/content-difference.ts';

const text = (detail: string): ContentDifference => ({ format: 'text', detail });
/** As two builds write one line. */
const between = (first: string, second: string): ContentDifference =>
  contentDifference('srv/notes', Buffer.from(`same\n${first}\n`), Buffer.from(`same\n${second}\n`));

describe('classOf', () => {
  test.each<[string, string, readonly DifferenceKind[], ContentDifference | undefined]>([
    ['private-key', 'etc/ssh/ssh_host_rsa_key', ['content'], undefined],
    [
      'random-id',
      'srv/index.html',
      ['content'],
      text(
        String.raw`line 7: "…<script nonce=\"6oLgk8k2MoQ\">t" and "…<script nonce=\"Ctx9hAg5zLo\">t"`,
      ),
    ],
    [
      'random-id',
      'srv/hist.svg',
      ['content'],
      text(String.raw`line 46: "\" clip-path=\"url(#p852a0da1f5)\"/>" and "x"`),
    ],
    [
      'random-id',
      'srv/done.ipynb',
      ['content'],
      text(String.raw`line 167: "\"<table id=\\\"T_8622b\\\">\n\"," and "x"`),
    ],
    [
      'address',
      'srv/done.ipynb',
      ['content'],
      text(String.raw`line 9: "…Styler at 0x7eefcf49a660>\"" and "…Styler at 0x7eefcf49e660>\""`),
    ],
    ['random-secret', 'opt/desk/releases/COOKIE', ['content'], undefined],
    ['random-secret', 'srv/a.fossil', ['content'], { format: 'sqlite', detail: 'sqlite page 8' }],
    ['random-id', 'srv/id', ['content'], text('line 1: " 7c e3 96 ba aa 15 54 5d" and "x"')],
    ['random-id', 'srv/id', ['content'], text('line 9: "build 8d9e519a" and "build 00e3bb67"')],
    ['random-id', 'srv/id', ['content'], text('line 1: "k=gT0sWqLk3kZp9Yx2==" and "x"')],
    [
      'random-secret',
      'etc/ldap/slapd.d/cn=config/olcDatabase={1}mdb.ldif',
      ['content'],
      text('line 2: "# CRC32 8d9e519a" and "# CRC32 00e3bb67"'),
    ],
    ['random-secret', 'app/.next/server/server-reference-manifest.json', ['content'], undefined],
    ['random-id', 'app/.next/static/lSrjtmmD4XN_NpcN0r1DC', ['presence'], undefined],
    ['random-id', 'app/public/_nuxt/builds/latest.json', ['content'], undefined],
    ['order', 'counter/base.plt', ['content'], { format: 'binary', detail: 'from byte 16 on' }],
    ['build-log', 'counter/erl_crash.dump', ['content'], undefined],
    ['database-files', 'srv/redis/dump.rdb', ['content'], undefined],
    ['database-files', 'srv/shop/ibdata1', ['content'], undefined],
    ['database-files', 'srv/pg/base/5/2619_vm', ['content'], undefined],
    ['database-files', 'srv/pg/pg_wal/000000010000000000000001', ['content'], undefined],
    ['database-files', 'srv/index/_0.cfs', ['content'], undefined],
    [
      'unexplained',
      'srv/base/5/readme',
      ['content'],
      { format: 'binary', detail: 'from byte 1 on' },
    ],
    [
      'duration',
      'srv/tests.xml',
      ['content'],
      text(String.raw`line 2: "<testcase time=\"0.012\"/>" and "<testcase time=\"0.013\"/>"`),
    ],
    [
      'duration',
      'srv/build.log',
      ['content'],
      text('line 9: "built in 3.21s" and "built in 3.4s"'),
    ],
    [
      'checksum',
      'srv/SHA256SUMS',
      ['content'],
      text(
        'line 3: "c1f90e9b…(64 hex digits)  ./live/root" and "ade18f2b…(64 hex digits)  ./live/root"',
      ),
    ],
    [
      'random-id',
      'app/public/about/index.html',
      ['content'],
      text(
        String.raw`line 4: "…href=\"/about/_payload.json?3a669654-0abd-4901-902f-638ea26d3f6a\">"`,
      ),
    ],
    ['random-secret', 'rails/tmp/local_secret.txt', ['content'], text('line 1, not shown')],
    [
      'random-id',
      'rails/public/assets/.sprockets-manifest-b7126196a79d794f57bc9e3ad04b7318.json',
      ['presence'],
      undefined,
    ],
    ['random-id', 'srv/b7126196a79d794f57bc9e3ad04b7318', ['presence'], undefined],
    ['random-id', 'srv/8f0a3c1e-0f6f-4a5b-9f7e-0123456789ab.json', ['presence'], undefined],
    ['unexplained', 'srv/b7126196a79d794f57bc9e3ad04b7318', ['content'], undefined],
    ['unexplained', 'srv/b7126196a79d794f57bc9e3ad04b7318/a', ['presence'], undefined],
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
    ['temporary-file', 'etc/login.defs.1689.2026-11-28@20:22:27~', ['presence'], undefined],
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
    ['private-key', 'root/.ssh/id.pub', ['content'], { format: 'key', detail: 'a public key' }],
    ['private-key', 'root/.gnupg/trustdb.gpg', ['content'], undefined],
    ['private-key', 'var/lib/rabbitmq/.erlang.cookie', ['content'], undefined],
    ['private-key', 'etc/keystore.p12', ['content'], undefined],
    ['random-parameters', 'dh', ['content'], { format: 'key', detail: 'parameters for keys' }],
    ['password-hash', 'etc/shadow', ['content'], text('line 1, not shown: password')],
    [
      'password-hash',
      'etc/shadow',
      ['content'],
      text('line 1, not shown: day of the last change, password'),
    ],
    ['shadow-date', 'etc/shadow', ['content'], text('line 1, not shown: day of the last change')],
    ['random-secret', 'etc/secret', ['content'], text('line 1, not shown')],
    ['package-log', 'var/log/mysql/error.log', ['content'], text('line 1: "x" and "y"')],
    ['package-log', 'var/lib/logrotate/status', ['content'], text('line 1: "x" and "y"')],
    ['compiled-code', 'src/pch.h.gch', ['content'], undefined],
    [
      'compiled-date',
      'app',
      ['content'],
      { format: 'elf', detail: 'ELF section .note.gnu.build-id, .rodata: "a" and "b"' },
    ],
    [
      'build-id',
      'app',
      ['content'],
      { format: 'elf', detail: 'ELF section .note.gnu.build-id, .text' },
    ],
    ['build-log', 'src/config.log', ['content'], text('line 1: "x" and "y"')],
    ['compiler-cache', 'src/target/debug/incremental/app-1/s-h/x', ['presence'], undefined],
    ['compiler-cache', 'root/.cache/ccache/0/x', ['content'], undefined],
    ['database-files', 'var/lib/postgresql/17/main/global/pg_control', ['content'], undefined],
    ['crontab-date', 'var/spool/cron/crontabs/root', ['content'], text('line 2: "x" and "y"')],
    ['git-folder', 'src/repo/.git/index', ['content'], undefined],
    [
      'random-id',
      'docs/.doctrees/a.doctree',
      ['content'],
      { format: 'binary', detail: 'hex digits of ids, from byte 4 on' },
    ],
    ['archive-times', 'dist/a.tar.xz', ['content'], { format: 'binary', detail: 'from byte 9 on' }],
    [
      'archive-times',
      'dist/a.deb',
      ['content'],
      { format: 'ar', detail: 'ar: time or owner of x' },
    ],
    ['archive-times', 'dist/x', ['content'], { format: 'tar', detail: 'tar: time of a' }],
    [
      'archive-content',
      'dist/a.tar.gz',
      ['content'],
      { format: 'gzip', detail: 'gzip: tar: content of a; time of b' },
    ],
    [
      'compressed-content',
      'a.gz',
      ['content'],
      { format: 'gzip', detail: 'gzip: what is compressed, line 1: "a" and "b"' },
    ],
    [
      'compressed-content',
      'a.br',
      ['content'],
      { format: 'brotli', detail: 'brotli: what is compressed, line 1: "a" and "b"' },
    ],
    [
      'document-date',
      'a.png',
      ['content'],
      { format: 'png', detail: 'PNG chunk tEXt date:create' },
    ],
    ['unexplained', 'a.png', ['content'], { format: 'png', detail: 'PNG chunk IDAT' }],
    ['pyc', 'a.pyc', ['content'], { format: 'pyc', detail: '.pyc header: source time a and b' }],
    ['compiled-code', 'a.pyc', ['content'], { format: 'pyc', detail: '.pyc code' }],
    [
      'compiled-cache',
      'srv/opcache/8367003f5367ff4ea504bc10acf50046/srv/index.php.bin',
      ['content'],
      undefined,
    ],
    ['compiled-cache', 'app/app.jsa', ['content'], undefined],
    ['compiled-cache', 'app/tmp/cache/bootsnap/load-path-cache', ['content'], undefined],
    ['mtime', 'a', ['mtime'], undefined],
    ['mode', 'a', ['mode', 'mtime'], undefined],
    ['owner', 'a', ['owner'], undefined],
    ['entry-order', 'a', ['order'], undefined],
    ['unexplained', 'a', ['content'], text('line 1: "red" and "blue"')],
    [
      'temporary-file',
      'srv/notes',
      ['content'],
      between(`built 2026-11-24 in /tmp/tmpx1_zq8ab`, `built 2026-11-24 in /tmp/tmpqq7_ab12`),
    ],
    [
      'temporary-file',
      'srv/notes',
      ['content'],
      between(`10:00:01 /var/tmp/a.Xu82kd done`, `10:00:01 /var/tmp/a.b71LKq done`),
    ],
    [
      'temporary-file',
      'srv/notes',
      ['content'],
      between(`Nov 24 mkdtemp tmp8x_k2a9b`, `Nov 24 mkdtemp tmpa0b1c2d3`),
    ],
    [
      'temporary-file',
      'srv/notes',
      ['content'],
      between(`# generated from pip-build-env-x8ab12cd`, `# generated from pip-build-env-q01b9zzz`),
    ],
    [
      'temporary-file',
      'srv/notes',
      ['content'],
      between(`WORK=/tmp/go-build123456789`, `WORK=/tmp/go-build987654321`),
    ],
    [
      'temporary-file',
      'srv/notes',
      ['content'],
      between(`1764500000 as /tmp/ccAbCdEf.s`, `1764500000 as /tmp/ccXyZ123.s`),
    ],
    [
      'machine-number',
      'srv/notes',
      ['content'],
      between(`2026-11-24 inode 131072 links 1`, `2026-11-24 inode 131099 links 1`),
    ],
    [
      'machine-number',
      'srv/notes',
      ['content'],
      between(`{"mtime":1764500000,"ino":131072}`, `{"mtime":1764500000,"ino":140001}`),
    ],
    ['machine-number', 'srv/notes', ['content'], between(`1054321 libc.so.6`, `1054388 libc.so.6`)],
    [
      'machine-number',
      'srv/notes',
      ['content'],
      between(`24 Nov 10:00:00 pid=4711 started`, `24 Nov 10:00:00 pid=4712 started`),
    ],
    ['build-date', 'srv/notes', ['content'], between(`built Nov 24 2026`, `built Nov 25 2026`)],
    [
      'build-date',
      'srv/notes',
      ['content'],
      between(`Tue Nov 24 23:59:59 UTC 2026`, `Wed Nov 25 00:00:01 UTC 2026`),
    ],
    [
      'build-date',
      'srv/notes',
      ['content'],
      between(`/tmp is at 2026-11-24T10:00:00Z`, `/tmp is at 2026-11-24T10:00:07Z`),
    ],
    ['build-date', 'srv/notes', ['content'], between(`stamp=1764500000`, `stamp=1764500060`)],
    [
      'build-date',
      'srv/notes',
      ['content'],
      between(`stamp: 1764500000123`, `stamp: 1764500060456`),
    ],
    ['build-date', 'srv/notes', ['content'], between(`version 20261124`, `version 20261125`)],
    [
      'duration',
      'srv/notes',
      ['content'],
      between(`2026-11-24 passed in 1.23s`, `2026-11-24 passed in 1.31s`),
    ],
    [
      'duration',
      'srv/notes',
      ['content'],
      between(`<testcase time="0.012" at="10:00:00">`, `<testcase time="0.019" at="10:00:00">`),
    ],
    [
      'duration',
      'srv/notes',
      ['content'],
      between(
        `[":a.test.js",{"duration":12.5,"failed":false}]`,
        `[":a.test.js",{"duration":13.1,"failed":false}]`,
      ),
    ],
    ['duration', 'build/Testing/Temporary/CTestCostData.txt', ['content'], between(`x`, `y`)],
    [
      'duration',
      'app/node_modules/.vite/vitest/da39a3ee/results.json',
      ['content'],
      between(`x`, `y`),
    ],
    ['unexplained', 'srv/notes', ['content'], between(`2026-11-24 red`, `2026-11-24 blue`)],
    ['unexplained', 'srv/notes', ['content'], between(`in May we had 12`, `in May we had 13`)],
    ['unexplained', 'srv/notes', ['content'], between(`templates/one`, `templates/two`)],
    [
      'unexplained',
      'srv/notes',
      ['content'],
      between(`npm-package-10 at 10:00:00`, `npm-package-11 at 10:00:00`),
    ],
    ['unexplained', 'a', ['presence'], undefined],
  ])('%s: %s', (id, path, kinds, content) => {
    expect(classOf(path, kinds, content).id).toBe(id);
  });

  test('the remedy of a log that no rule empties does not name the rules', () => {
    expect(classOf('var/log/mysql/error.log', ['content'], undefined).remedy).toBe(
      'rm it in the same RUN, or name it in .scoville.yaml (reproducible.drop, empty)',
    );
  });

  test('a hard link against a file is told apart from other types', () => {
    const kinds: DifferenceKind[] = ['type', 'content', 'link'];
    expect(classOf('data/b', kinds, undefined, ['hardlink', 'file']).id).toBe('hard-link');
    expect(classOf('data/b', kinds, undefined, ['symlink', 'file']).id).toBe('unexplained');
  });

  test('a wheel’s times have the remedy of wheels', () => {
    const content: ContentDifference = { format: 'zip', detail: 'zip: time of a.py' };
    expect(classOf('wheels/a.whl', ['content'], content).remedy).toMatch(
      /^ARG SOURCE_DATE_EPOCH in that stage: setuptools/,
    );
    expect(classOf('app.jar', ['content'], content).remedy).toMatch(/zip -X; jar --date$/);
  });
});

test.each([
  ['srv/live.iso', 'xorriso -as mkisofs uses it'],
  ['srv/root.squashfs', 'mksquashfs uses it'],
  ['srv/root.ext4', 'mke2fs -U UUID -E hash_seed=UUID'],
])('%s: its files may differ themselves, for they are not read', (path, remedy) => {
  const content = { format: 'binary', detail: 'from byte 1072 on' } as const;
  const found = classOf(path, ['content'], content, ['file', 'file']);
  expect(found.id).toBe('archive-times');
  expect(found.cause).toContain('its files may differ themselves, too');
  expect(found.remedy).toContain(remedy);
  expect(found.remedy).toContain('empty /etc/machine-id');
});
