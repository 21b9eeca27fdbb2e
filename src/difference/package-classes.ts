import { type ClassRule, EPOCH, rules } from './class-rule.ts';

const OWN_RULE = 'or name it in .scoville.yaml (reproducible.drop, empty)';

/** What package managers and installers leave: logs, caches, databases, notes. */
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
