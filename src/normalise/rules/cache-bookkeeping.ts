import { pathRule } from '../rule.ts';

export const cacheBookkeeping = pathRule({
  id: 'cache-bookkeeping',
  touches:
    'What tools note about their own runs. That is Gradle’s daemons, locks and journal of ' +
    'last use, cargo’s last uses and answers of rustc, and the telemetry of Go and .NET. Also go-build’s ' +
    'trim.txt, lock folders of NuGet and MSBuild in tmp, dnf’s countme, and rpm’s lock.',
  safeBecause:
    'It says when caches were last used, or belongs to processes that have ended. The caches ' +
    'themselves stay, and the tools write these files again.',
  answers: 'Caches with times, locks and random names',
  mode: 'safe',
  kind: 'drop',
  files: [
    '**/.gradle/daemon/**',
    '**/.gradle/caches/journal-*/**',
    '**/.gradle/caches/**/gc.properties',
    '**/.gradle/**/*.lock',
    '**/.gradle/.tmp/**',
    '**/.cargo/.global-cache',
    '**/cargo/.global-cache',
    '**/target/.rustc_info.json',
    '**/.config/go/telemetry/**',
    '**/.cache/go-build/trim.txt',
    '**/.dotnet/TelemetryStorageService/**',
    'tmp/NuGetScratch*/**',
    'tmp/.dotnet/**',
    'tmp/MSBuildTemp*/**',
    'tmp/clr-debug-pipe-*',
    'tmp/dotnet-diagnostic-*',
    'var/lib/dnf/repos/*/countme',
    'var/cache/dnf/expired_repos.json',
    'var/lib/rpm/.rpm.lock',
    'usr/lib/sysimage/rpm/.rpm.lock',
  ],
});
