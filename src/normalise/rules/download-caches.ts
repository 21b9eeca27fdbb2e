import { pathRule } from '../rule.ts';

export const downloadCaches = pathRule({
  id: 'download-caches',
  touches:
    'Download and build caches of Go, ccache, sccache, Poetry, Yarn, Composer, NuGet, apk, ' +
    'dnf, yum and zypper. Also what Gradle notes of files and tasks, and the transaction ' +
    'history of dnf and yum.',
  safeBecause:
    'They download or compile again what they miss. But an image that builds or installs ' +
    'from such a cache at start no longer works. `dnf history` is empty, and dnf 4 no longer ' +
    'knows which packages came as dependencies.',
  answers: 'Caches with times, locks and random names',
  mode: 'aggressive',
  kind: 'drop',
  files: [
    '**/.gradle/*/fileHashes/**',
    '**/.gradle/caches/*/fileHashes/**',
    '**/.gradle/*/taskHistory/**',
    '**/.gradle/*/executionHistory/**',
    '**/.gradle/caches/*/executionHistory/**',
    '**/.gradle/buildOutputCleanup/**',
    '**/.cache/go-build/**',
    '**/.cache/ccache/**',
    '**/.ccache/**',
    '**/.cache/sccache/**',
    '**/pkg/sumdb/**',
    '**/pkg/mod/cache/download/sumdb/**',
    '**/.cache/pypoetry/**',
    '**/.cache/yarn/**',
    '**/.cache/composer/**',
    '**/.composer/cache/**',
    '**/.local/share/NuGet/http-cache/**',
    '**/.local/share/NuGet/v3-cache/**',
    'var/cache/apk/**',
    'var/cache/dnf/**',
    'var/cache/libdnf5/**',
    'var/cache/yum/**',
    'var/cache/zypp/**',
    'var/lib/dnf/history.sqlite*',
    'var/lib/yum/history/**',
    'usr/lib/sysimage/libdnf5/transaction_history.sqlite*',
  ],
});
