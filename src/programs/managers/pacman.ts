import type { ManagerFamily } from './manager.ts';

/** Packages of Arch. */
export const PACMAN: ManagerFamily = {
  managers: [{ id: 'pacman', programs: /^pacman$/, isOfSystem: true }],
  valued: {
    pacman: '-b -r --dbpath --root --config --cachedir',
    'xbps-install': '-r -R -c --repository --rootdir',
    emerge: '-j --jobs',
    snap: '--revision --channel',
    choco: '--version -s --source',
  },
  local: [
    {
      programs: 'pacman pacman-key pacman-db-upgrade paccache',
      reason: 'installs are judged; the rest keeps keys and caches or removes',
      only: /(?:^| )(?:-S\w*|--sync|-R\w*|--remove|-Q\w*|--query|-D\w*|-F\w*|-T|-U\w*|--init|--populate|--lsign-key|--add|--refresh-keys|-r|-k\w*|--noconfirm|-c\w*)(?: |$)/,
    },
  ],
};
