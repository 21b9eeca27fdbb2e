interface HarmlessPlace {
  readonly place: RegExp;
  readonly reason: string;
  /** The only rules it counts for; all, where absent. */
  readonly rules?: readonly string[];
}

const PACKAGES =
  'node_modules|site-packages|dist-packages|gems|vendor\\/bundle|pkg\\/mod|vendor|gocode\\/src|registry\\/src|ansible_collections';
const TEST_FOLDERS =
  'tests?|__tests__|testing|testdata|test[-_](?:data|certs?|keys?|utils?|vectors?|suite)|tests?_data|specs?|fixtures?|examples?|samples?|demos?|docs?|benchmarks?|mocks?|testhelper|cassettes';

/**
 * Places where what looks like a secret is somebody's published test or documentation. What is
 * found there is set aside, counted and shown, never dropped. Each was met on a real root
 * filesystem (`docs/secrets.md` has the numbers).
 */
export const HARMLESS_PLACES: readonly HarmlessPlace[] = [
  {
    place:
      /^var\/lib\/(?:apt\/lists\/[^/]+$|dpkg\/(?:status|available)(?:-old)?$|dpkg\/info\/[^/]+\.templates$)/,
    reason: 'descriptions of packages, which the distribution publishes',
    rules: ['password-in-url', 'assigned-secret', 'service-key'],
  },
  {
    place:
      /(?:^|\/)usr\/(?:local\/)?share\/(?:doc|man|info|help|gtk-doc|devhelp|perl\/[\d.]+\/pod)\//,
    reason: 'documentation of the distribution',
  },
  {
    place: new RegExp(`(?:^|\\/)(?:${PACKAGES})\\/(?:.*\\/)?(?:${TEST_FOLDERS})\\/`, 'i'),
    reason: 'tests, examples or documentation shipped with a package',
  },
  {
    place: new RegExp(
      `(?:^|\\/)(?:${PACKAGES})\\/(?:.*\\/)?(?:(?:[^/]*[._-])?tests?|tests?[._-][^/]*|[^/]*\\.(?:spec|examples?))\\.\\w{1,5}$`,
      'i',
    ),
    reason: 'a test file shipped with a package',
  },
  {
    place: new RegExp(
      `(?:^|\\/)(?:${PACKAGES})\\/.*(?:\\.(?:md|markdown|rst|d\\.[cm]?ts)|\\/(?:README|CHANGES|CHANGELOG|HISTORY|METADATA|PKG-INFO)[^/]*)$`,
      'i',
    ),
    reason: 'documentation shipped with a package',
  },
  {
    place: /(?:^|\/)ansible_collections\/[^/]+\/[^/]+\/(?:plugins|molecule)\//,
    reason: "an Ansible module's own documentation, in its source and bytecode, or its tests",
  },
  {
    place: /(?:^|\/)lib(?:64)?\/(?:python|pypy)[\d.]+\/(?:test|.*\/tests?)\//,
    reason: "tests of Python's standard library",
  },
  {
    place:
      /(?:^|\/)(?:usr\/local\/go|usr\/(?:lib|share)\/go(?:-[\d.]+)?)\/(?:test\/|src\/(?:.*\/)?(?:testdata|testcert)\/|src\/.*_test\.go$|src\/crypto\/x509\/platform_root_key\.pem$)/,
    reason: "tests of Go's standard library",
  },
  { place: /(?:^|\/)perl5?\/.*\/t\//, reason: 'tests of a Perl distribution' },
  {
    place: /^(?:usr\/)?lib(?:64)?\/(?:[\w-]+\/)?lib(?:gnutls|dovecot)\.(?:so[\d.]*|a)$/,
    reason: 'the keys of the self-tests of GnuTLS and Dovecot, published in their source',
    rules: ['private-key', 'encrypted-private-key'],
  },
];

/** Why what a rule found at a path is not a secret; undefined where it counts. */
export function harmlessReason(path: string, rule: string): string | undefined {
  return HARMLESS_PLACES.find(
    ({ place, rules }) => (rules === undefined || rules.includes(rule)) && place.test(path),
  )?.reason;
}
