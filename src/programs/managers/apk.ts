import type { ManagerFamily } from './manager.ts';

/** Packages of Alpine and Wolfi. */
export const APK: ManagerFamily = {
  managers: [
    {
      id: 'apk',
      programs: /^apk$/,
      isOfSystem: true,
      recorded: 'apk',
      joint: '=',
      refresh: 'update',
      upgrades: ['upgrade'],
      removal: { programs: /^apk$/, verbs: /^del$/ },
      fetches: 'package-url',
      cache: {
        leaves: ({ words }) =>
          words.includes('add') &&
          !words.some((word) => word === '--no-cache' || word === '--no-network'),
        cleaned: /\/var\/cache\/apk|\bapk\s+(?:-\S+\s+)*cache\s+clean\b/,
        folder: /^\/(?:var(?:\/cache(?:\/apk)?)?|etc\/apk\/cache)$/,
        keptOut: { verb: /^add$/, flag: '--no-cache' },
        what: 'the index of apk',
        problem: 'apk add without --no-cache leaves its index in the layer',
      },
    },
  ],
  valued: {
    apk: '-t -X -p --virtual --repository --root --arch --keys-dir --repositories-file --cache-dir --wait',
  },
  local: [
    {
      programs: 'apk',
      reason: 'installs are judged; the rest reads the lists of the repositories or removes',
      verbs:
        /^(?:add$|(?:update|del|info|list|search|policy|cache (?:clean|purge|sync)|fix|verify|audit|version|stats|dot|index|manifest|mkndx|mkpkg|adbdump|extract|query|convndx)(?: |$))/,
    },
  ],
};
