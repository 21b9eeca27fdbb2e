import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { RULE_SET_VERSION, RULES, ruleSet } from '../../src/normalize/catalogue.ts';
import { normalised, sample } from './sample-layer.ts';

const root = resolve(import.meta.dirname, '../..');

describe('the catalogue', () => {
  test('every rule has its row in docs/normaliser.md, below its mode', () => {
    const page = readFileSync(resolve(root, 'docs/normaliser.md'), 'utf8');
    const described = [...page.matchAll(/^### (Safe|Aggressive)\n([^#]*)/gm)].flatMap(
      ([, mode = '', table = '']) =>
        [...table.matchAll(/^\| `(\S+)` \| (\w+) \| [^|]+ \| [^|]+ \|$/gm)].map(
          ([, id, kind]) => `${id}: ${kind}, ${mode.toLowerCase()}`,
        ),
    );
    expect(described.sort()).toEqual(RULES.map((r) => `${r.id}: ${r.kind}, ${r.mode}`).sort());
    expect(page).toContain(`rule set version ${RULE_SET_VERSION}`);
  });
});

/** Lines of a rule with its mode, of files that it is for, and of files that it spares (`-`). */
const FILES = `
package-logs safe
  + var/log/apt/history.log var/log/dnf.rpm.log var/log/apk.log var/log/btmp
  - var/log/app.log srv/var/log/dpkg.log
compiled-caches aggressive
  + srv/var/opcache/8367003f5367ff4ea504bc10acf50046/srv/public/index.php.bin opt/app/app.jsa
  - srv/index.php.bin srv/8367003f5367ff4ea504bc10acf50046/data.bin
  - opt/jre/lib/server/classes_nocoops.jsa
apt-cache safe
  + var/cache/apt/srcpkgcache.bin var/lib/apt/lists/lock
  - var/cache/apt/archives/a.deb var/lib/apt/lists/deb_dists_InRelease
ldconfig-cache safe
  + var/cache/ldconfig/aux-cache
  - etc/ld.so.cache
debconf-backups safe
  + var/lib/dpkg/status-old var/cache/debconf/config.dat-old
  - var/lib/dpkg/status var/cache/debconf/config.dat
temporary-files safe
  + tmp/hsperfdata_root/7 tmp/node-compile-cache/v22/a/b tmp/v8-compile-cache-0/x
  + tmp/mix_pubsub_ZGVmYXVsdA/GAjKCHp4/port_39849 tmp/mix_lock_ZGVmYXVsdA/a/lock_0
  - tmp/app/data var/tmp/hsperfdata_root/7 srv/tmp/mix_pubsub_a/b
build-logs aggressive
  + opt/build/CMakeFiles/CMakeConfigureLog.yaml src/build/meson-logs/meson-log.txt
  + src/build/meson-logs/testlog.json
  - opt/CMakeConfigureLog.yaml src/build/meson-logs/other.txt
npm-cache aggressive
  + root/.npm/_cacache/tmp/a home/u/.npm/_logs/x.log
  - root/.npmrc app/node_modules/a/.npmignore
pip-cache aggressive
  + root/.cache/pip/http/a root/.cache/uv/a
  - root/.cache/app/a
gem-logs aggressive
  + var/lib/gems/ext/a/gem_make.out x/mkmf.log
  - x/gem_make.out.rb
cache-bookkeeping safe
  + root/.gradle/daemon/8.5/daemon-7.out.log root/.gradle/caches/journal-1/file-access.bin
  + root/.gradle/caches/modules-2/modules-2.lock usr/local/cargo/.global-cache
  + src/target/.rustc_info.json root/.config/go/telemetry/local/weekends
  + tmp/NuGetScratchroot/lock/a var/lib/dnf/repos/baseos-1/countme
  - root/.gradle/caches/modules-2/files-2.1/a/a.jar root/.cargo/registry/cache/a.crate
  - app/gradle.lock root/.nuget/packages/a/1.0.0/a.nuspec
download-caches aggressive
  + root/.cache/go-build/00/00a-d root/.cache/ccache/0/a/R src/.ccache/stats
  + app/.gradle/4.4.1/fileHashes/fileHashes.bin app/.gradle/buildOutputCleanup/outputFiles.bin
  + go/pkg/mod/cache/download/sumdb/sum.golang.org/latest root/.cache/pypoetry/artifacts/a.whl
  + usr/share/x/.cache/yarn/v6/a var/cache/apk/APKINDEX.0.tar.gz var/cache/dnf/base.solv
  + var/lib/dnf/history.sqlite-wal
  - go/pkg/mod/a@v1/a.go lib/apk/db/installed var/lib/rpm/rpmdb.sqlite app/.yarn/cache/a.zip
machine-id aggressive
  + etc/machine-id
  - srv/etc/machine-id
`;

test.each(FILES.trim().split(/\n(?=\S)/))(
  'files that a rule drops or empties: %s',
  async (text) => {
    const [[id, mode] = [], ...lines] = text.split('\n').map((line) => line.trim().split(' '));
    const of = (mark: string) =>
      lines.flatMap(([first, ...paths]) => (first === mark ? paths : []));
    const { result } = await normalised(
      [...of('+'), ...of('-')].map((path) => sample(path, 'x')),
      { rules: ruleSet('aggressive') },
    );
    expect(of('-')).not.toEqual([]);
    expect(result.touched).toEqual(of('+').map((path) => ({ path, rule: id })));
    expect(RULES.find((one) => one.id === id)?.mode).toBe(mode);
  },
);
