import { type PathRule, pathRule } from '../rule.ts';

/** PHP keeps SOURCE compiled as FOLDER/SYSTEM-ID/SOURCE.bin. */
const OPCACHE = /(?:^|\/)[0-9a-f]{32}\/(?:.+\/)?[^/]+\.(?:php|inc|phtml|phar)\.bin$/;
/** The archives that a Java runtime itself ships, and `-Xshare:dump` makes, come out the same. */
const OWN_ARCHIVE = /(?:^|\/)lib\/(?:server|client|minimal|zero)\/classes(?:_[a-z]+)?\.jsa$/;

/** By row: id, mode, whether its files are left out or emptied, and their patterns. */
const TABLE = `
package-logs | safe | empty
  var/log/apt/* var/log/dpkg.log var/log/alternatives.log var/log/bootstrap.log
  var/log/fontconfig.log var/log/faillog var/log/lastlog var/log/tallylog var/log/wtmp var/log/btmp
  var/log/apk.log var/log/dnf*.log var/log/yum.log var/log/hawkey.log var/log/pacman.log
  var/log/zypper.log var/log/zypp/history var/log/rhsm/*.log
apt-cache | safe | drop
  var/cache/apt/pkgcache.bin var/cache/apt/srcpkgcache.bin var/lib/apt/lists/lock
  var/cache/apt/archives/lock
ldconfig-cache | safe | drop
  var/cache/ldconfig/aux-cache
debconf-backups | safe | drop
  var/cache/debconf/*-old var/lib/dpkg/*-old
temporary-files | safe | drop
  tmp/hsperfdata_*/* tmp/node-compile-cache/** tmp/v8-compile-cache*/** tmp/v8-compile-cache*
  tmp/mix_pubsub_*/** tmp/mix_lock_*/**
cache-bookkeeping | safe | drop
  **/.gradle/daemon/** **/.gradle/caches/journal-*/** **/.gradle/caches/**/gc.properties
  **/.gradle/**/*.lock **/.gradle/.tmp/** **/.cargo/.global-cache **/cargo/.global-cache
  **/target/.rustc_info.json **/.config/go/telemetry/** **/.cache/go-build/trim.txt
  **/.dotnet/TelemetryStorageService/** tmp/NuGetScratch*/** tmp/.dotnet/** tmp/MSBuildTemp*/**
  tmp/clr-debug-pipe-* tmp/dotnet-diagnostic-* var/lib/dnf/repos/*/countme
  var/cache/dnf/expired_repos.json var/lib/rpm/.rpm.lock usr/lib/sysimage/rpm/.rpm.lock
npm-cache | aggressive | drop
  **/.npm/_cacache/** **/.npm/_logs/** **/.npm/_update-notifier-last-checked
pip-cache | aggressive | drop
  **/.cache/pip/** **/.cache/uv/**
download-caches | aggressive | drop
  **/.gradle/*/fileHashes/** **/.gradle/caches/*/fileHashes/** **/.gradle/*/taskHistory/**
  **/.gradle/*/executionHistory/** **/.gradle/caches/*/executionHistory/**
  **/.gradle/buildOutputCleanup/** **/.cache/go-build/** **/.cache/ccache/** **/.ccache/**
  **/.cache/sccache/** **/pkg/sumdb/** **/pkg/mod/cache/download/sumdb/** **/.cache/pypoetry/**
  **/.cache/yarn/** **/.cache/composer/** **/.composer/cache/** **/.local/share/NuGet/http-cache/**
  **/.local/share/NuGet/v3-cache/** var/cache/apk/** var/cache/dnf/** var/cache/libdnf5/**
  var/cache/yum/** var/cache/zypp/** var/lib/dnf/history.sqlite* var/lib/yum/history/**
  usr/lib/sysimage/libdnf5/transaction_history.sqlite*
gem-logs | aggressive | drop
  **/gem_make.out **/mkmf.log
build-logs | aggressive | drop
  **/CMakeFiles/CMakeConfigureLog.yaml **/CMakeFiles/CMakeOutput.log **/CMakeFiles/CMakeError.log
  **/meson-logs/meson-log.txt **/meson-logs/testlog.txt **/meson-logs/testlog.json
  **/meson-logs/testlog.junit.xml
machine-id | aggressive | empty
  etc/machine-id var/lib/dbus/machine-id
`;

/** Files that are left out or emptied. `docs/normaliser.md` says why each is safe. */
export const PATH_RULES: readonly PathRule[] = [
  ...TABLE.trim()
    .split(/\n(?! )/)
    .map((row): PathRule => {
      const [head = '', ...files] = row.split(/\n {2}/);
      const [id = '', mode, kind] = head.split(' | ');
      return pathRule({
        id,
        mode: mode as PathRule['mode'],
        kind: kind as PathRule['kind'],
        files: files.flatMap((line) => line.split(' ')),
      });
    }),
  {
    id: 'compiled-caches',
    mode: 'aggressive',
    kind: 'drop',
    applies: ({ path }) => OPCACHE.test(path) || (path.endsWith('.jsa') && !OWN_ARCHIVE.test(path)),
  },
];
