import type { ContentDifference, DifferenceKind } from '../model/report.ts';

/** Why something differs between builds, and what to do in the Dockerfile. */
export interface DifferenceClass {
  readonly id: string;
  readonly cause: string;
  readonly remedy: string | undefined;
}

type DifferenceFormat = ContentDifference['format'];

/** A class and its conditions; absent ones do not matter. */
export interface ClassRule extends DifferenceClass {
  readonly path?: RegExp;
  /** Any of them. */
  readonly kinds?: readonly DifferenceKind[];
  readonly formats?: readonly DifferenceFormat[];
  /** Matches the line that says where contents differ. */
  readonly detail?: RegExp;
  /** Matches both lines of text; a match must include what differs between them. */
  readonly changed?: RegExp;
}

const LINES = /^line \d+: ("(?:[^"\\]|\\.)*"|nothing) and ("(?:[^"\\]|\\.)*"|nothing)$/;
/** A word: text between two separators. */
const WORD = /[^\s"'`,;|()[\]{}<>=]+/g;

/** True if what differs between the lines that a detail quotes has this form on both sides. */
export function isChanged(detail: string, pattern: RegExp): boolean {
  const sides = LINES.exec(detail)
    ?.slice(1)
    .map((text) => (text === 'nothing' ? '' : unquoted(text)));
  if (sides === undefined) return false;
  const [first = [], second = []] = sides.map((line) => [...line.matchAll(WORD)]);
  const isPaired = first.length === second.length;
  return sides.every((line, side) => {
    const [own, other] = side === 0 ? [first, second] : [second, first];
    const differing = own.filter(({ 0: word }, i) =>
      isPaired ? word !== other[i]?.[0] : !other.some(([one]) => one === word),
    );
    // A missing line proves nothing, nor does one that only lost a word.
    if (differing.length === 0) return other.length > own.length;
    return [...line.matchAll(new RegExp(pattern, `g${pattern.flags.replace('g', '')}`))].some(
      ({ 0: match, index }) =>
        differing.some(
          (word) => word.index < index + match.length && index < word.index + word[0].length,
        ),
    );
  });
}

/** Without quotes; escapes become spaces, which separate words. */
function unquoted(text: string): string {
  return text.slice(1, -1).replaceAll(/\\(?:u[0-9a-f]{4}|.)/g, ' ');
}

/** Most tools that write a date read it. */
export const EPOCH = 'ARG SOURCE_DATE_EPOCH in that stage';

/** `[elf gzip] ^ELF section`: one of these formats, any if empty, and the detail. */
const CONTENT = /^\[([a-z ]*)\](?: (.*))?$/;

/**
 * Rules as text. A row is an id and a pattern for the path. Indented below: the contents, the
 * cause, and after an arrow the remedy, if known.
 */
export function rules(table: string): readonly ClassRule[] {
  return table
    .trim()
    .split(/\n(?! )/)
    .map((row): ClassRule => {
      const [head = '', ...lines] = row.split('\n').map((line) => line.trim());
      const bar = head.indexOf(' | ');
      const [content, formats = '', detail] = CONTENT.exec(lines[0] ?? '') ?? [];
      const words = lines.slice(content === undefined ? 0 : 1).join(' ');
      const [cause = '', remedy] = words.split(' → ');
      return {
        id: bar < 0 ? head : head.slice(0, bar),
        cause,
        remedy,
        ...(bar < 0 ? {} : { path: new RegExp(head.slice(bar + 3)) }),
        ...(formats === '' ? {} : { formats: formats.split(' ') as DifferenceFormat[] }),
        ...(detail === undefined ? {} : { detail: new RegExp(detail) }),
      };
    });
}

/** Keys, passwords and other random values that all users of an image share: never normalized. */
export const SECRET_CLASSES: readonly ClassRule[] = [
  ...rules(String.raw`
private-key | (?:^|/)ssh_host_[a-z0-9]+_key(?:\.pub)?$
  a host key that the package makes when it is installed: random, and a secret that everybody gets
  → rm -f /etc/ssh/ssh_host_* in the same RUN, and ssh-keygen -A when the container starts
private-key | (?:^|/)ssl-cert-snakeoil\.(?:key|pem)$
  a key and its certificate that the package ssl-cert makes when it is installed: random, and a
  secret that everybody gets
  → rm -f /etc/ssl/private/ssl-cert-snakeoil.key /etc/ssl/certs/ssl-cert-snakeoil.pem in the same
  RUN, and make-ssl-cert generate-default-snakeoil when the container starts
private-key | (?:^|/)\.gnupg/
  GnuPG’s folder contains keys that the build generates, random seeds and times
  → GNUPGHOME=$(mktemp -d) in the RUN, removed at its end
private-key | (?:^|/)(?:[^/]+\.key|\.erlang\.cookie)$
  a key that the build generates: it is random, and a secret that everybody gets
  → make it when the container starts, not in a RUN; remove it here: rm -f
random-secret | (?:^|/)releases/COOKIE$
  the cookie by which nodes of Erlang trust each other, which mix draws: everybody gets it
  → remove it in the same RUN, and set RELEASE_COOKIE when the container starts
random-secret | (?:^|/)slapd\.d/cn=config/olcDatabase=[^/]*\.ldif$
  the password of the directory’s administrator, which the package slapd draws, as a salted hash:
  everybody gets it
  → rm -rf /etc/ldap/slapd.d/* /var/lib/ldap/* in the same RUN, and dpkg-reconfigure slapd when the
  container starts
random-secret | \.fossil$
  fossil draws ids for a repository, and a password for its first user: everybody gets it
  → fossil init when the container starts, unless the repository exists
random-secret | (?:^|/)tmp/local_secret\.txt$
  the secret that Rails draws for SECRET_KEY_BASE_DUMMY: everybody gets it
  → rm -f tmp/local_secret.txt in the same RUN, and set SECRET_KEY_BASE when the container starts
random-secret | (?:^|/)\.next/(?:.*/)?(?:prerender|server-reference)-manifest\.js(?:on)?$
  keys of previews and of server actions that Next.js draws for each build: everybody gets them
  → RUN --mount=type=secret: NEXT_SERVER_ACTIONS_ENCRYPTION_KEY from one, and preview in
  prerender-manifest.json from another after next build
private-key | (?:^|/)[^/]+\.(?:p12|pfx|jks|keystore|kdb)$
  a key store: its salt, its dates and the keys that the build generates are new each time
  → make it when the container starts, or mount it as a secret
private-key
  [key] private key|public key
  a key that the build generates: it is random, and a secret that everybody gets
  → make it when the container starts, or mount it as a secret
random-parameters
  [key] parameters
  parameters that the build draws at random
  → COPY a file in, or use a named group (RFC 7919: ffdhe2048), which needs none
certificate
  [key]
  a certificate that the build makes: its serial number, dates and key are new each time
  → make it when the container starts, or COPY one in
password-hash | ^etc/g?shadow-?$
  [] \bpassword\b
  a password that the build sets: its hash has a random salt each time, and everybody gets it
  → set no password; where there must be one, its hash: chpasswd -e, useradd -p
password-hash | (?:^|/)\.?htpasswd$
  passwords that the build hashes, each with a random salt
  → COPY the file in, or mount it as a secret
shadow-date | ^etc/g?shadow-?$
  the day on which a user was made
  → ${EPOCH}
machine-id | ^(?:etc|var/lib/dbus)/machine-id$
  a random id of the machine
  → : > /etc/machine-id; rm -f /var/lib/dbus/machine-id in the same RUN
`),
];

const OWN_RULE = 'or name it in .scoville.yaml (reproducible.drop, empty)';

/** Leftovers of package managers and installers: logs, caches, databases, notes. */
export const PACKAGE_CLASSES: readonly ClassRule[] = [
  ...rules(String.raw`
package-log | ^var/log/(?:apt/|(?:dpkg|alternatives|bootstrap|fontconfig|apk|dnf[^/]*|yum|hawkey|pacman|zypper)\.log$|(?:fail|last|tally)log$|[wb]tmp$|zypp/|rhsm/)
  a log with times of the build
  → rm -rf /var/log/* in the same RUN, or build with --repro=safe
package-log | ^var/(?:log|lib/logrotate)/
  a log with times of the build
  → rm it in the same RUN, ${OWN_RULE}
apt-cache | ^var/(?:cache/apt|lib/apt/lists)/
  the package index, which changes with the mirror, and a cache of it with times
  → rm -rf /var/lib/apt/lists/* and apt-get clean in the same RUN
ldconfig-cache | ^var/cache/ldconfig/aux-cache$
  inode numbers and change times of libraries
  → rm /var/cache/ldconfig/aux-cache in the same RUN
dpkg-backup | ^var/(?:lib/dpkg|cache/debconf)/[^/]+-old$
  a backup that the package manager keeps
  → rm it in the same RUN
package-database | ^(?:var/lib/rpm|usr/lib/sysimage/rpm|usr/share/rpm)/
  the database contains the time of each installation where the rule rpm-database cannot reach it,
  or other packages, or other versions, were installed
  → ${EPOCH} (rpm 4.19 and later), or build with --repro=aggressive; pin the versions
package-database | ^(?:var/lib/dpkg/(?:status|info/)|lib/apk/db/)
  other packages, or other versions, were installed
  → pin the versions, or freeze the repository by date (snapshot.debian.org)
npm-cache | (?:^|/)\.npm/|(?:^|/)_cacache/
  npm’s cache contains the time of each download
  → RUN --mount=type=cache,target=/root/.npm
pip-cache | (?:^|/)\.cache/(?:pip|uv)/
  the cache contains times and random names
  → pip install --no-cache-dir, or RUN --mount=type=cache,target=/root/.cache
package-manager-cache | (?:^|/)(?:\.yarn/(?:cache|berry)|\.cache/(?:yarn|pnpm|node|pypoetry|composer|go-build)|\.pnpm-store|pnpm/store|\.composer/cache|\.m2/repository|\.gradle|\.cargo/(?:registry|git)|\.nuget|\.dotnet|\.bundle/cache|\.node-gyp|\.electron)/|^(?:var/cache/(?:dnf|yum|apk|zypp|pacman)|etc/apk/cache)/|^go/pkg/mod/cache/
  a package manager’s cache contains times, locks and random names
  → RUN --mount=type=cache for the folder, or remove it in the same RUN
install-record | \.dist-info/(?:uv_cache\.json|direct_url\.json|RECORD)$|(?:^|/)node_modules/(?:\.yarn-state\.yml|\.modules\.yaml|\.yarn-integrity|\.package-lock\.json)$|/_remote\.repositories$|\.lastUpdated$
  what an installer notes of the installation: times, paths, or hashes of such files
  → remove the note in the same RUN, or install from a lock file with a cache mount
install-record | ^(?:var/lib/dnf/history\.sqlite|usr/lib/sysimage/libdnf5/transaction_history\.sqlite)
  dnf’s history contains the times of its transactions
  → rm -f /var/lib/dnf/history.sqlite* in the same RUN (libdnf5:
  /usr/lib/sysimage/libdnf5/transaction_history.sqlite*), or build with --repro=aggressive
install-record | (?:^|/)perllocal\.pod$
  perl’s list of what was installed by hand, and when
  → ${EPOCH}, or remove it in the same RUN
temporary-file | \.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$
  a copy that Ansible keeps of a file: its name has the time and the number of a process
  → leave backup out of the task, or remove the copy in the same RUN
temporary-file | ^(?:var/)?tmp/
  a temporary file that a RUN left behind
  → remove it in the same RUN, or RUN --mount=type=tmpfs,target=/tmp
gem-log | /(?:gem_make\.out|mkmf\.log)$
  a log of the build of a gem, with a random folder name
  → remove it in the same RUN
fontconfig-cache | ^var/cache/fontconfig/
  times of font folders
  → build with --repro=safe, or rm -rf /var/cache/fontconfig
java-truststore | /cacerts$
  the day on which each certificate was imported
  → build with --repro=safe
`),
];

/**
 * In any folder. InnoDB and Aria, PostgreSQL, WiredTiger, LMDB, LevelDB and RocksDB, Lucene,
 * Prometheus.
 */
const OF_DATABASES = [
  ...['ibdata\\d+', 'ib_logfile\\d+', 'undo\\d{3}', 'aria_log[._]\\w+', 'ib_buffer_pool'],
  ...['[^/]+\\.(?:ibd|frm|MA[ID]|MY[ID]|wt|ldb|sst)', 'WiredTiger[^/]*', 'data\\.mdb'],
  ...['pg_(?:wal|xact|multixact|subtrans|logical|stat)/.+', 'global/(?:pg_\\w+|\\d+\\w*)'],
  ...['base/\\d+/(?:pg_\\w+|PG_VERSION|\\d+\\w*)', 'MANIFEST-\\d{6}'],
  ...['segments_\\w+', '_\\w+\\.(?:cf[es]|si|fdt|tim|doc)', 'chunks_head/\\d{6}'],
]
  .map((name) => `(?:^|/)${name}$`)
  .join('|');

const NUXT = `Nuxt draws an id for each build, which pages and names of files contain
  → buildId in nuxt.config.ts, from the source`;

/** Leftovers of builds from source: logs, caches, tool folders, databases that a server fills. */
export const BUILD_CLASSES: readonly ClassRule[] = [
  ...rules(String.raw`
git-folder | (?:^|/)\.git/
  a repository’s own folder: its index contains times and inode numbers, its logs times
  → .git in .dockerignore where COPY took it along; rm -rf .git in the RUN that cloned it
build-log | (?:^|/)(?:config\.(?:log|status)|CMake(?:Output|Error)\.log|CMakeConfigureLog\.yaml|meson-log\.txt|\.ninja_(?:log|deps))$
  what a build tool notes of its own run: times, and random names of temporary folders
  → build in a stage of its own and COPY the result, or remove the build folder in the same RUN
duration | (?:^|/)Testing/Temporary/(?:LastTest[^/]*\.log|CTestCostData\.txt)$
  ctest notes how long each test took, and when
  → rm -rf Testing of the build folder in the same RUN, or test in a stage of its own
duration | (?:^|/)(?:\.vite|\.vitest|vitest)/(?:.{1,200}/)?results\.json$
  vitest notes how long each test file took, and begins with the longest the next time
  → rm -rf node_modules/.vite in the same RUN, cache: false in its configuration, or test in a stage
  of its own
build-log | (?:^|/)(?:erl_crash\.dump|hs_err_pid\d+\.log|core\.\d+)$
  what a program leaves of its memory when it crashes: a command of the RUN failed
  → fix the command, whose result the RUN seems not to check; remove the file
order | (?:\.|_)plt$
  [binary]
  Dialyzer writes its tables in the order of a hash table: the same entries each time
  → RUN --mount=type=cache for the table, or make it in a stage of its own
compiler-cache | (?:^|/)(?:\.?ccache|\.cache/(?:ccache|sccache))/|/target/(?:[^/]+/)?(?:debug|release)/(?:incremental|\.fingerprint)/
  a compiler’s cache contains times and random names
  → RUN --mount=type=cache for the folder; CARGO_INCREMENTAL=0 for cargo; or build in a stage of its
  own and COPY the result
database-files | ^var/lib/(?:postgresql|mysql|ldap|mongodb|couchdb|influxdb|samba|bind|unbound|redis|rabbitmq|postfix)/
  what a server made when it was installed or started: ids, times and logs of its own
  → rm -rf the folder in the same RUN, and have the server make it when the container starts
database-files | ${OF_DATABASES}
  what a database server wrote: ids, times and the order in which its threads worked
  → have the server make the database when the container starts: its entrypoint can load a dump that
  a RUN or COPY left
database-files | (?:^|/)(?:dump\.rdb|appendonly\.aof[^/]*)$
  redis writes keys in the order of a hash table, whose seed it draws, and how much memory it used
  → have redis load the data when the container starts
random-id | (?:^|/)\.next/.
  Next.js draws an id for each build, which pages and names of folders contain
  → generateBuildId in next.config.js, from the source
random-id | (?:^|/)_nuxt/builds/|/nitro\.mjs$
  ${NUXT}
random-id
  [text] \b_payload\.json\?[0-9a-f]{8}-[0-9a-f]{4}-
  ${NUXT}
random-id | (?:^|/)\.sprockets-manifest-[0-9a-f]{32}\.json$
  Sprockets draws an id for the name of its manifest
  → config.assets.manifest = Rails.root.join("public/assets/manifest.json"); without Rails, a third
  argument of Sprockets::Manifest.new
man-index | ^var/cache/man/
  the index of manual pages contains the times of those that the build made
  → rm -rf /var/cache/man/* in the same RUN
crontab-date | ^var/spool/cron/
  crontab notes when it installed the table
  → COPY a file into /etc/cron.d
`),
];
