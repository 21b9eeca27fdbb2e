import type { ContentDifference } from '../model/difference.ts';

/** Why something differs from build to build, and what to do in the Dockerfile. */
export interface DifferenceClass {
  readonly id: string;
  readonly cause: string;
  readonly remedy: string | undefined;
}

export interface ClassRule extends DifferenceClass {
  readonly path?: RegExp;
  readonly formats?: readonly ContentDifference['format'][];
  /** Against the line that says where the contents differ. */
  readonly detail?: RegExp;
}

const EPOCH = 'ARG SOURCE_DATE_EPOCH in that stage';

/** What is known to differ, the most special first. Paths are as in the image, without a leading slash. */
export const CONTENT_CLASSES: readonly ClassRule[] = [
  {
    id: 'private-key',
    path: /(?:^|\/)ssh_host_[a-z0-9]+_key(?:\.pub)?$/,
    cause:
      'a host key that the package makes when it is installed: random, and a secret that everybody gets',
    remedy:
      'rm -f /etc/ssh/ssh_host_* in the same RUN, and ssh-keygen -A when the container starts',
  },
  {
    id: 'private-key',
    path: /(?:^|\/)[^/]+\.key$/,
    cause: 'a key that the build generates: it is random, and a secret that everybody gets',
    remedy: 'make it when the container starts, not in a RUN; remove it here: rm -f',
  },
  {
    id: 'private-key',
    formats: ['key'],
    detail: /private key/,
    cause: 'a private key that the build generates: it is random, and a secret that everybody gets',
    remedy: 'make it when the container starts, or mount it as a secret',
  },
  {
    id: 'certificate',
    formats: ['key'],
    cause: 'a certificate that the build makes: its serial number, dates and key are new each time',
    remedy: 'make it when the container starts, or COPY one in',
  },
  {
    id: 'package-log',
    path: /^var\/log\//,
    cause: 'a log with times of the build',
    remedy: 'rm -rf /var/log/* in the same RUN, or build with --repro=safe',
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
      'the database holds the time of each installation where the rule rpm-database cannot reach it, or other packages, or other versions, were installed',
    remedy: `${EPOCH} (rpm 4.19 and later), or build with --repro=aggressive; pin the versions`,
  },
  {
    id: 'package-database',
    path: /^(?:var\/lib\/dpkg\/(?:status|info\/)|lib\/apk\/db\/)/,
    cause: 'other packages, or other versions, were installed',
    remedy: 'pin the versions, or freeze the repository by date (snapshot.debian.org)',
  },
  {
    id: 'shadow-date',
    path: /^etc\/g?shadow-?$/,
    cause: 'the day on which a user was made',
    remedy: EPOCH,
  },
  {
    id: 'machine-id',
    path: /^(?:etc|var\/lib\/dbus)\/machine-id$/,
    cause: 'a random id of the machine',
    remedy: ': > /etc/machine-id; rm -f /var/lib/dbus/machine-id in the same RUN',
  },
  {
    id: 'pyc',
    formats: ['pyc'],
    path: /\.pyc$/,
    cause: 'a compiled Python file holds the time of its source',
    remedy: `${EPOCH}, or PYTHONDONTWRITEBYTECODE=1`,
  },
  {
    id: 'npm-cache',
    path: /(?:^|\/)\.npm\/|(?:^|\/)_cacache\//,
    cause: 'npm’s cache holds the time of each download',
    remedy: 'RUN --mount=type=cache,target=/root/.npm',
  },
  {
    id: 'pip-cache',
    path: /(?:^|\/)\.cache\/(?:pip|uv)\//,
    cause: 'the cache holds times and random names',
    remedy: 'pip install --no-cache-dir, or RUN --mount=type=cache,target=/root/.cache',
  },
  {
    id: 'package-manager-cache',
    path: /(?:^|\/)(?:\.yarn\/(?:cache|berry)|\.cache\/(?:yarn|pnpm|node|pypoetry|composer|go-build)|\.pnpm-store|pnpm\/store|\.composer\/cache|\.m2\/repository|\.gradle|\.cargo\/(?:registry|git)|\.nuget|\.dotnet|\.bundle\/cache|\.node-gyp|\.electron)\/|^(?:var\/cache\/(?:dnf|yum|apk|zypp|pacman)|etc\/apk\/cache)\/|^go\/pkg\/mod\/cache\//,
    cause: 'a package manager’s cache holds times, locks and random names',
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
    cause: 'dnf’s history holds the times of its transactions',
    remedy:
      'rm -f /var/lib/dnf/history.sqlite* in the same RUN (libdnf5: /usr/lib/sysimage/libdnf5/transaction_history.sqlite*), or build with --repro=aggressive',
  },
  {
    id: 'git-folder',
    path: /(?:^|\/)\.git\//,
    cause: 'COPY took the repository’s own folder along, whose index and logs hold times',
    remedy: '.git in .dockerignore',
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
  {
    id: 'gzip-header',
    formats: ['gzip'],
    detail: /^gzip header: modification time/,
    cause: 'gzip writes the time of the file that it compressed',
    remedy: 'gzip -n',
  },
  {
    id: 'archive-times',
    formats: ['gzip'],
    cause: 'what is compressed differs; a tar holds the times and owners of its members',
    remedy:
      'tar --sort=name --mtime=@$SOURCE_DATE_EPOCH --owner=0 --group=0 --numeric-owner | gzip -n',
  },
  {
    id: 'archive-times',
    path: /\.tar$/,
    cause: 'a tar holds the times and owners of its members',
    remedy: 'tar --sort=name --mtime=@$SOURCE_DATE_EPOCH --owner=0 --group=0 --numeric-owner',
  },
  {
    id: 'zip-times',
    formats: ['zip'],
    detail: /^zip: time of/,
    cause: 'a zip or jar holds the time of each member',
    remedy: 'touch -d @$SOURCE_DATE_EPOCH the members and zip -X; jar --date',
  },
  {
    id: 'build-id',
    formats: ['elf'],
    detail: /^ELF section (?:\.note\.gnu\.build-id|\.note\.go\.buildid|\.gnu_debuglink)/,
    cause: 'the program was linked from other input: paths, order or dates',
    remedy: 'look at the other sections; -ffile-prefix-map, go build -trimpath',
  },
  {
    id: 'compiled-date',
    formats: ['elf'],
    detail: /\.rodata/,
    cause: 'constants of the program differ: often __DATE__, __TIME__ or a path',
    remedy: `${EPOCH}: compilers honour it; -ffile-prefix-map for paths`,
  },
  {
    id: 'compiled-code',
    formats: ['elf'],
    cause: 'the program was compiled differently',
    remedy: 'look for parallel code generation, random seeds, and other versions of the compiler',
  },
  {
    id: 'database-counter',
    formats: ['sqlite'],
    cause: 'a database counts its changes and holds times',
    remedy: 'make it when the container starts, or dump and restore it in the RUN',
  },
  {
    id: 'order',
    formats: ['text'],
    detail: /in another order/,
    cause: 'lines in the order of a directory or a hash table',
    remedy: 'sort what is written (LC_ALL=C sort)',
  },
  {
    id: 'build-date',
    formats: ['text'],
    detail:
      /\b(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])[-/.]\d|\d\d:\d\d:\d\d|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b|\b1[6-9]\d{8}\b/,
    cause: 'a date that the RUN writes',
    remedy: 'date -u -d @${SOURCE_DATE_EPOCH}, with ARG SOURCE_DATE_EPOCH in that stage',
  },
  {
    id: 'random-id',
    formats: ['text'],
    detail: /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}|\b[0-9a-f]{32,}\b/i,
    cause: 'a random id or a hash of something that changed',
    remedy: 'make it when the container starts, or derive it from the source',
  },
];
