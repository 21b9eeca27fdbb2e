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
      fetches: 'package-url',
    },
  ],
  valued: {
    'dnf yum microdnf tdnf':
      '-c -x -R -d -e --config --exclude --installroot --releasever --setopt --enablerepo --disablerepo --repo --repoid --repofrompath --forcearch --downloaddir --destdir --debuglevel --errorlevel --comment --color --advisory --cve --rpmverbosity',
    zypper:
      '-R -r -p -C -D -c -t --root --repo --from --plus-repo --plus-content --name --type --cache-dir --reposd-dir --config --gpg-auto-import-keys-from',
  },
  local: [
    {
      programs: 'dnf dnf5 yum microdnf tdnf',
      reason: 'installs are judged; the rest reads the lists of the repositories or removes',
      // What installs is not among them: where it is judged nothing more is asked.
      verbs:
        /^(?:clean|makecache|remove|rm|erase|autoremove|list|ls|info|search|repolist|repoinfo|repoquery|rq|history(?: (?:list|info|userinstalled))?$|mark|check|check-update|config-manager|copr|module (?:enable|disable|reset|list|info|provides|remove)|module_list|group(?:remove|list)|group (?:list|info|summary|remove|mark)|versionlock|provides|updateinfo|deplist|leaves|needs-restarting|fs|alias|help|all|repo-pkgs \S+ (?:list|info|remove))(?: |$)/,
      unless: /--setopt=\S*(?:pluginpath|pluginconfpath)/,
    },
    {
      programs: 'zypper',
      reason: 'installs are judged; the rest reads the lists of the repositories or removes',
      verbs:
        /^(?:clean|cc|refresh|ref|remove|rm|addrepo|ar|removerepo|rr|renamerepo|nr|modifyrepo|mr|repos|lr|services|search|se|info|if|packages|pa|patterns|pt|addlock|al|removelock|rl|locks|ll|list-patches|lp|list-updates|lu|patch-check|needs-rebooting|versioncmp|what-provides|help)(?: |$)/,
    },
  ],
};
