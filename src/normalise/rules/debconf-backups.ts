import { pathRule } from '../rule.ts';

export const debconfBackups = pathRule({
  id: 'debconf-backups',
  touches:
    'Backups that dpkg and debconf make of their own files (var/lib/dpkg/*-old, var/cache/debconf/*-old).',
  safeBecause:
    'They are copies of an earlier state of the files beside them and only a person would read them.',
  answers: 'debconf and dpkg backups',
  mode: 'safe',
  kind: 'drop',
  files: ['var/cache/debconf/*-old', 'var/lib/dpkg/*-old'],
});
