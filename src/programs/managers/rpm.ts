import type { ManagerFamily } from './manager.ts';

/** Packages of Fedora, Red Hat, SUSE and their kin. */
export const RPM: ManagerFamily = {
  managers: [
    {
      id: 'dnf',
      programs: /^(?:dnf5?|yum|microdnf|tdnf)$/,
      isOfSystem: true,
      recorded: 'rpm',
      joint: '-',
      refresh: 'makecache',
      upgrades: ['upgrade', 'update', 'distro-sync', 'upgrade-minimal'],
      removal: {
        programs: /^(?:dnf5?|yum|microdnf|tdnf|rpm)$/,
        verbs: /^(?:remove|erase|autoremove|rm|-e|--erase)$/,
      },
      unchecked: {
        installs: /^(?:install|reinstall|groupinstall|update|upgrade|in)$/,
        off: /^--(?:nogpgcheck|no-gpgchecks)$|^(?:--setopt=)?(?:[\w*-]+\.)?gpgcheck=(?:0|false|no)$/i,
      },
      fetches: 'package-url',
      cache: {
        leaves: ({ words }) => words.includes('install'),
        cleaned: /\bclean\s+all\b|\/var\/cache\b/,
        folder: /^\/var(?:\/cache(?:\/(?:dnf|yum|libdnf5))?)?$/,
        keptOut: { atEnd: (program) => `${program} clean all` },
        what: 'what dnf fetched of its archives',
        problem: 'the metadata that was fetched stays in the layer',
      },
    },
    {
      id: 'zypper',
      programs: /^zypper$/,
      isOfSystem: true,
      recorded: 'rpm',
      upgrades: ['update', 'up', 'patch', 'dist-upgrade', 'dup'],
      unchecked: {
        installs: /^(?:install|in|update|up|dup)$/,
        off: /^--(?:no-gpg-checks|allow-unsigned-rpm)$/,
      },
      fetches: 'package-url',
    },
  ],
  valued: {
    'dnf yum microdnf tdnf':
      '-c -x -R --config --exclude --installroot --releasever --setopt --enablerepo --disablerepo --repo --repoid --forcearch',
    zypper: '-R -r -p --root --repo --from --plus-repo --name --type -t',
  },
  local: [
    {
      programs: 'dnf dnf5 yum microdnf tdnf yumdownloader',
      reason: 'installs are judged; the rest reads the lists of the repositories or removes',
      only: /(?:^| )(?:clean|makecache|remove|erase|autoremove|list|info|search|repolist|repoquery|history|mark|check|check-update|config-manager|module|group|groupinstall|groupremove|install|reinstall|localinstall|update|upgrade|upgrade-minimal|update-minimal|distro-sync|builddep|versionlock|provides|swap|download|copr|updateinfo|deplist|in|rm|module_list|langinstall|-y|all|leaves|needs-restarting|fs)(?: |$)/,
      unless: /--setopt=\S*(?:pluginpath|pluginconfpath)/,
    },
    {
      programs: 'zypper',
      reason: 'installs are judged; the rest reads the lists of the repositories or removes',
      only: /(?:^| )(?:clean|cc|refresh|ref|remove|rm|addrepo|ar|removerepo|rr|modifyrepo|mr|lr|repos|search|se|info|if|addlock|al|install|in|update|up|patch|dup|dist-upgrade|lp|lu|verify|ve|source-install|si|locks|ll)(?: |$)/,
    },
  ],
};
