import { pathRule } from '../rule.ts';

export const packageLogs = pathRule({
  id: 'package-logs',
  touches:
    'Logs of package managers and tools that installation starts (apt, dpkg, apk, dnf, yum, zypper, pacman, alternatives, fontconfig), login records.',
  safeBecause:
    'They say when the build ran, and nothing reads them. The files stay, with mode and ' +
    'owner, so that programs append to them.',
  answers: 'Logs with timestamps',
  mode: 'safe',
  kind: 'empty',
  files: [
    'var/log/apt/*',
    'var/log/dpkg.log',
    'var/log/alternatives.log',
    'var/log/bootstrap.log',
    'var/log/fontconfig.log',
    'var/log/faillog',
    'var/log/lastlog',
    'var/log/tallylog',
    'var/log/wtmp',
    'var/log/btmp',
    'var/log/apk.log',
    'var/log/dnf*.log',
    'var/log/yum.log',
    'var/log/hawkey.log',
    'var/log/pacman.log',
    'var/log/zypper.log',
    'var/log/zypp/history',
    'var/log/rhsm/*.log',
  ],
});
