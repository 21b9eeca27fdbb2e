import { describe, expect, test } from 'vitest';
import type { ContentDifference, DifferenceKind } from '../../src/model/report.ts';
import { classOf } from '../../src/reproduce/causes.ts';
import { contentDifference } from '../../src/reproduce/content-difference.ts';

/**
 * A row: the class, and the path of what differs. Then `@` and what differs where it is not the
 * content; or what the contents are and where they differ; or a line as two builds write it.
 */
const TABLE = String.raw`
private-key           etc/ssh/ssh_host_rsa_key
random-id             srv/index.html [text] line 7: "…<script nonce=\"6oLgk8k2MoQ\">t" and "…<script nonce=\"Ctx9hAg5zLo\">t"
random-id             srv/hist.svg [text] line 46: "\" clip-path=\"url(#p852a0da1f5)\"/>" and "x"
random-id             srv/done.ipynb [text] line 167: "\"<table id=\\\"T_8622b\\\">\n\"," and "x"
address               srv/done.ipynb [text] line 9: "…Styler at 0x7eefcf49a660>\"" and "…Styler at 0x7eefcf49e660>\""
random-secret         opt/desk/releases/COOKIE
random-secret         srv/a.fossil [sqlite] sqlite page 8
random-id             srv/id [text] line 1: " 7c e3 96 ba aa 15 54 5d" and "x"
random-id             srv/id [text] line 9: "build 8d9e519a" and "build 00e3bb67"
random-id             srv/id [text] line 1: "k=gT0sWqLk3kZp9Yx2==" and "x"
random-secret         etc/ldap/slapd.d/cn=config/olcDatabase={1}mdb.ldif [text] line 2: "# CRC32 8d9e519a" and "# CRC32 00e3bb67"
random-secret         app/.next/server/server-reference-manifest.json
random-id             app/.next/static/lSrjtmmD4XN_NpcN0r1DC @presence
random-id             app/public/_nuxt/builds/latest.json
order                 counter/base.plt [binary] from byte 16 on
build-log             counter/erl_crash.dump
database-files        srv/redis/dump.rdb
database-files        srv/shop/ibdata1
database-files        srv/pg/base/5/2619_vm
database-files        srv/pg/pg_wal/000000010000000000000001
database-files        srv/index/_0.cfs
unexplained           srv/base/5/readme [binary] from byte 1 on
duration              srv/tests.xml [text] line 2: "<testcase time=\"0.012\"/>" and "<testcase time=\"0.013\"/>"
duration              srv/build.log [text] line 9: "built in 3.21s" and "built in 3.4s"
checksum              srv/SHA256SUMS [text] line 3: "c1f90e9b…(64 hex digits)  ./live/root" and "ade18f2b…(64 hex digits)  ./live/root"
random-id             app/public/about/index.html [text] line 4: "…href=\"/about/_payload.json?3a669654-0abd-4901-902f-638ea26d3f6a\">"
random-secret         rails/tmp/local_secret.txt [text] line 1, not shown
random-id             rails/public/assets/.sprockets-manifest-b7126196a79d794f57bc9e3ad04b7318.json @presence
random-id             srv/b7126196a79d794f57bc9e3ad04b7318 @presence
random-id             srv/8f0a3c1e-0f6f-4a5b-9f7e-0123456789ab.json @presence
unexplained           srv/b7126196a79d794f57bc9e3ad04b7318
unexplained           srv/b7126196a79d794f57bc9e3ad04b7318/a @presence
private-key           srv/id [key] a private key
certificate           srv/tls.pem [key] a certificate
package-log           var/log/dpkg.log [text] line 1: "x" and "y"
apt-cache             var/lib/apt/lists/x_Packages @presence
package-database      var/lib/dpkg/status [text] line 9: "1.0" and "1.1"
package-manager-cache root/.m2/repository/a/b.pom @presence
package-manager-cache home/u/.gradle/caches/journal-1/x.bin
package-manager-cache var/cache/dnf/x/repodata/a.xml @presence
install-record        var/lib/dnf/history.sqlite-wal
package-database      var/lib/rpm/Packages.db
package-manager-cache root/.cache/go-build/00/x-a @presence
pip-cache             root/.cache/uv/x
install-record        app/.venv/lib/python3.13/site-packages/a-1.dist-info/uv_cache.json
install-record        app/node_modules/.modules.yaml
temporary-file        tmp/npm-7-a1b2/x @presence
temporary-file        etc/login.defs.1689.2026-11-28@20:22:27~ @presence
machine-id            etc/machine-id [text] line 1: "a" and "b"
gzip-header           a.gz [gzip] gzip header: modification time a and b
archive-times         a.tar.gz [gzip] gzip: what is compressed, or how
zip-times             a.jar [zip] zip: time of a
compiled-date         app [elf] ELF section .rodata
build-date            built [text] line 1: "2026-11-24" and "2026-11-25"
random-id             id [text] line 1: "0b5a1c7e-1111-4222-8333-944455556666" and "x"
order                 list [text] the same lines in another order, from line 1 on
private-key           root/.ssh/id.pub [key] a public key
private-key           root/.gnupg/trustdb.gpg
private-key           var/lib/rabbitmq/.erlang.cookie
private-key           etc/keystore.p12
random-parameters     dh [key] parameters for keys
password-hash         etc/shadow [text] line 1, not shown: password
password-hash         etc/shadow [text] line 1, not shown: day of the last change, password
shadow-date           etc/shadow [text] line 1, not shown: day of the last change
random-secret         etc/secret [text] line 1, not shown
package-log           var/log/mysql/error.log [text] line 1: "x" and "y"
package-log           var/lib/logrotate/status [text] line 1: "x" and "y"
compiled-code         src/pch.h.gch
compiled-date         app [elf] ELF section .note.gnu.build-id, .rodata: "a" and "b"
build-id              app [elf] ELF section .note.gnu.build-id, .text
build-log             src/config.log [text] line 1: "x" and "y"
compiler-cache        src/target/debug/incremental/app-1/s-h/x @presence
compiler-cache        root/.cache/ccache/0/x
database-files        var/lib/postgresql/17/main/global/pg_control
crontab-date          var/spool/cron/crontabs/root [text] line 2: "x" and "y"
git-folder            src/repo/.git/index
random-id             docs/.doctrees/a.doctree [binary] hex digits of ids, from byte 4 on
archive-times         dist/a.tar.xz [binary] from byte 9 on
archive-times         dist/a.deb [ar] ar: time or owner of x
archive-times         dist/x [tar] tar: time of a
archive-content       dist/a.tar.gz [gzip] gzip: tar: content of a; time of b
compressed-content    a.gz [gzip] gzip: what is compressed, line 1: "a" and "b"
compressed-content    a.br [brotli] brotli: what is compressed, line 1: "a" and "b"
document-date         a.png [png] PNG chunk tEXt date:create
unexplained           a.png [png] PNG chunk IDAT
pyc                   a.pyc [pyc] .pyc header: source time a and b
compiled-code         a.pyc [pyc] .pyc code
compiled-cache        srv/opcache/8367003f5367ff4ea504bc10acf50046/srv/index.php.bin
compiled-cache        app/app.jsa
compiled-cache        app/tmp/cache/bootsnap/load-path-cache
mtime                 a @mtime
mode                  a @mode,mtime
owner                 a @owner
entry-order           a @order
unexplained           a [text] line 1: "red" and "blue"
temporary-file        srv/notes built 2026-11-24 in /tmp/tmpx1_zq8ab => built 2026-11-24 in /tmp/tmpqq7_ab12
temporary-file        srv/notes 10:00:01 /var/tmp/a.Xu82kd done => 10:00:01 /var/tmp/a.b71LKq done
temporary-file        srv/notes Nov 24 mkdtemp tmp8x_k2a9b => Nov 24 mkdtemp tmpa0b1c2d3
temporary-file        srv/notes # generated from pip-build-env-x8ab12cd => # generated from pip-build-env-q01b9zzz
temporary-file        srv/notes WORK=/tmp/go-build123456789 => WORK=/tmp/go-build987654321
temporary-file        srv/notes 1764500000 as /tmp/ccAbCdEf.s => 1764500000 as /tmp/ccXyZ123.s
machine-number        srv/notes 2026-11-24 inode 131072 links 1 => 2026-11-24 inode 131099 links 1
machine-number        srv/notes {"mtime":1764500000,"ino":131072} => {"mtime":1764500000,"ino":140001}
machine-number        srv/notes 1054321 libc.so.6 => 1054388 libc.so.6
machine-number        srv/notes 24 Nov 10:00:00 pid=4711 started => 24 Nov 10:00:00 pid=4712 started
build-date            srv/notes built Nov 24 2026 => built Nov 25 2026
build-date            srv/notes Tue Nov 24 23:59:59 UTC 2026 => Wed Nov 25 00:00:01 UTC 2026
build-date            srv/notes /tmp is at 2026-11-24T10:00:00Z => /tmp is at 2026-11-24T10:00:07Z
build-date            srv/notes stamp=1764500000 => stamp=1764500060
build-date            srv/notes stamp: 1764500000123 => stamp: 1764500060456
build-date            srv/notes version 20261124 => version 20261125
duration              srv/notes 2026-11-24 passed in 1.23s => 2026-11-24 passed in 1.31s
duration              srv/notes <testcase time="0.012" at="10:00:00"> => <testcase time="0.019" at="10:00:00">
duration              srv/notes [":a.test.js",{"duration":12.5,"failed":false}] => [":a.test.js",{"duration":13.1,"failed":false}]
duration              build/Testing/Temporary/CTestCostData.txt x => y
duration              app/node_modules/.vite/vitest/da39a3ee/results.json x => y
unexplained           srv/notes 2026-11-24 red => 2026-11-24 blue
unexplained           srv/notes in May we had 12 => in May we had 13
unexplained           srv/notes templates/one => templates/two
unexplained           srv/notes npm-package-10 at 10:00:00 => npm-package-11 at 10:00:00
unexplained           a @presence
`;

/** A row's difference as `classOf` takes it. */
function read(row: string): [string, string, readonly DifferenceKind[], ContentDifference?] {
  const [, id = '', path = '', more = ''] = /^(\S+) +(\S+) ?(.*)$/.exec(row) ?? [];
  if (more.startsWith('@')) return [id, path, more.slice(1).split(',') as DifferenceKind[]];
  const [, format, detail = ''] = /^\[(\w+)\] (.*)$/.exec(more) ?? [];
  if (format !== undefined) return [id, path, ['content'], { format, detail } as ContentDifference];
  const lines = more.split(' => ').map((line) => Buffer.from(`same\n${line}\n`));
  const [first, second] = lines;
  return first === undefined || second === undefined
    ? [id, path, ['content']]
    : [id, path, ['content'], contentDifference('srv/notes', first, second)];
}

describe('classOf', () => {
  test.each(TABLE.trim().split('\n'))('%s', (row) => {
    const [id, path, kinds, content] = read(row);
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
