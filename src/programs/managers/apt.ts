import type { ManagerFamily } from './manager.ts';

/** Packages of Debian and Ubuntu. */
export const APT: ManagerFamily = {
  managers: [
    {
      id: 'apt',
      programs: /^(?:apt|apt-get|apt-fast|aptitude)$/,
      isOfSystem: true,
      recorded: 'deb',
      joint: '=',
      refresh: 'update',
      upgrades: ['upgrade', 'dist-upgrade', 'dselect-upgrade', 'full-upgrade', 'safe-upgrade'],
      removal: {
        programs: /^(?:apt|apt-get|apt-fast|aptitude|dpkg)$/,
        verbs: /^(?:remove|purge|autoremove|auto-remove|autopurge|-P|-r|--purge|--remove)$/,
      },
      fetches: 'package-url',
      cache: {
        leaves: ({ words }) => words.includes('update'),
        cleaned: /\/var\/lib\/apt(?:\/lists|\/\*|[\s;]|$)|\bdist-?clean\b/,
        folder: /^\/var(?:\/lib(?:\/apt(?:\/lists)?)?)?$/,
        keptOut: { atEnd: () => 'rm -rf /var/lib/apt/lists/*' },
        what: 'the package lists of apt',
        problem: 'the package lists that apt-get update fetched stay in the layer',
      },
    },
  ],
  valued: {
    'apt apt-get aptitude apt-fast install_packages':
      '-t -o -c -a -S -P --target-release --default-release --option --config-file --snapshot --host-architecture --build-profiles',
  },
  local: [
    {
      programs: 'apt apt-get aptitude apt-fast',
      reason: 'installs are judged; the rest reads the lists of the repositories or removes',
      // What installs is not among them: where it is judged nothing more is asked.
      verbs:
        /^(?:update|clean|autoclean|auto-clean|distclean|dist-clean|remove|purge|autoremove|autopurge|auto-remove|check|mark|hold|unhold|list|show|search|policy|moo|edit-sources|indextargets|changelog|markauto|unmarkauto|forget-new|help|why|versions|showsrc|depends|rdepends)(?: |$)/,
      unless: /invoke|hooks?\b|Dir::Bin|Acquire::\w+::(?:Proxy-Auto|ProxyAutoDetect)/i,
    },
  ],
};
