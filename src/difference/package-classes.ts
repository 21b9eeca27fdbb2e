import { type ClassRule, EPOCH } from './class-rule.ts';

const OWN_RULE = 'or name it in .scoville.yaml (reproducible.drop, empty)';

/** What package managers and installers leave: logs, caches, databases, notes. */
export const PACKAGE_CLASSES: readonly ClassRule[] = [
  {
    id: 'package-log',
    path: /^var\/log\/(?:apt\/|(?:dpkg|alternatives|bootstrap|fontconfig|apk|dnf[^/]*|yum|hawkey|pacman|zypper)\.log$|(?:fail|last|tally)log$|[wb]tmp$|zypp\/|rhsm\/)/,
    cause: 'a log with times of the build',
    remedy: 'rm -rf /var/log/* in the same RUN, or build with --repro=safe',
  },
  {
    id: 'package-log',
    path: /^var\/(?:log|lib\/logrotate)\//,
    cause: 'a log with times of the build',
    remedy: `rm it in the same RUN, ${OWN_RULE}`,
  },
  {
    id: 'apt-cache',
    path: /^var\/(?:cache\/apt|lib\/apt\/lists)\//,
    cause: 'the package index, which changes with the mirror, and a cache of it with times',
    remedy: 'rm -rf /var/lib/apt/lists/* and apt-get clean in the same RUN',
  },
  {
    id: 'ldconfig-cache',
    path: /^var\/cache\/ldconfig\/aux-cache$/,
    cause: 'inode numbers and change times of libraries',
    remedy: 'rm /var/cache/ldconfig/aux-cache in the same RUN',
  },
  {
    id: 'dpkg-backup',
    path: /^var\/(?:lib\/dpkg|cache\/debconf)\/[^/]+-old$/,
    cause: 'a backup that the package manager keeps',
    remedy: 'rm it in the same RUN',
  },
  {
    id: 'package-database',
    path: /^(?:var\/lib\/rpm|usr\/lib\/sysimage\/rpm|usr\/share\/rpm)\//,
    cause:
      'the database contains the time of each installation where the rule rpm-database cannot reach it, or other packages, or other versions, were installed',
    remedy: `${EPOCH} (rpm 4.19 and later), or build with --repro=aggressive; pin the versions`,
  },
  {
    id: 'package-database',
    path: /^(?:var\/lib\/dpkg\/(?:status|info\/)|lib\/apk\/db\/)/,
    cause: 'other packages, or other versions, were installed',
    remedy: 'pin the versions, or freeze the repository by date (snapshot.debian.org)',
  },
  {
    id: 'npm-cache',
    path: /(?:^|\/)\.npm\/|(?:^|\/)_cacache\//,
    cause: 'npm’s cache contains the time of each download',
    remedy: 'RUN --mount=type=cache,target=/root/.npm',
  },
  {
    id: 'pip-cache',
    path: /(?:^|\/)\.cache\/(?:pip|uv)\//,
    cause: 'the cache contains times and random names',
    remedy: 'pip install --no-cache-dir, or RUN --mount=type=cache,target=/root/.cache',
  },
  {
    id: 'package-manager-cache',
    path: /(?:^|\/)(?:\.yarn\/(?:cache|berry)|\.cache\/(?:yarn|pnpm|node|pypoetry|composer|go-build)|\.pnpm-store|pnpm\/store|\.composer\/cache|\.m2\/repository|\.gradle|\.cargo\/(?:registry|git)|\.nuget|\.dotnet|\.bundle\/cache|\.node-gyp|\.electron)\/|^(?:var\/cache\/(?:dnf|yum|apk|zypp|pacman)|etc\/apk\/cache)\/|^go\/pkg\/mod\/cache\//,
    cause: 'a package manager’s cache contains times, locks and random names',
    remedy: 'RUN --mount=type=cache for the folder, or remove it in the same RUN',
  },
  {
    id: 'install-record',
    path: /\.dist-info\/(?:uv_cache\.json|direct_url\.json|RECORD)$|(?:^|\/)node_modules\/(?:\.yarn-state\.yml|\.modules\.yaml|\.yarn-integrity|\.package-lock\.json)$|\/_remote\.repositories$|\.lastUpdated$/,
    cause: 'what an installer notes of the installation: times, paths, or hashes of such files',
    remedy: 'remove the note in the same RUN, or install from a lock file with a cache mount',
  },
  {
    id: 'install-record',
    path: /^(?:var\/lib\/dnf\/history\.sqlite|usr\/lib\/sysimage\/libdnf5\/transaction_history\.sqlite)/,
    cause: 'dnf’s history contains the times of its transactions',
    remedy:
      'rm -f /var/lib/dnf/history.sqlite* in the same RUN (libdnf5: /usr/lib/sysimage/libdnf5/transaction_history.sqlite*), or build with --repro=aggressive',
  },
  {
    id: 'install-record',
    path: /(?:^|\/)perllocal\.pod$/,
    cause: 'perl’s list of what was installed by hand, and when',
    remedy: `${EPOCH}, or remove it in the same RUN`,
  },
  {
    id: 'temporary-file',
    path: /\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~$/,
    cause: 'a copy that Ansible keeps of a file: its name has the time and the number of a process',
    remedy: 'leave backup out of the task, or remove the copy in the same RUN',
  },
  {
    id: 'temporary-file',
    path: /^(?:var\/)?tmp\//,
    cause: 'a temporary file that a RUN left behind',
    remedy: 'remove it in the same RUN, or RUN --mount=type=tmpfs,target=/tmp',
  },
  {
    id: 'gem-log',
    path: /\/(?:gem_make\.out|mkmf\.log)$/,
    cause: 'a log of the build of a gem, with a random folder name',
    remedy: 'remove it in the same RUN',
  },
  {
    id: 'fontconfig-cache',
    path: /^var\/cache\/fontconfig\//,
    cause: 'times of font folders',
    remedy: 'build with --repro=safe, or rm -rf /var/cache/fontconfig',
  },
  {
    id: 'java-truststore',
    path: /\/cacerts$/,
    cause: 'the day on which each certificate was imported',
    remedy: 'build with --repro=safe',
  },
];
