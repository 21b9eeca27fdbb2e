/**
 * Places where what looks like a secret is somebody's published test or documentation, measured on root filesystems of
 * Debian and Alpine with Node, Python, Ruby, Go and Perl. Credential files (`.npmrc` and kin) count even there.
 */
const HARMLESS: readonly RegExp[] = [
  // Documentation, manuals, translations, of the distribution and of packages.
  /(?:^|\/)usr\/(?:local\/)?share\/(?:doc|man|info|locale|help|perl\/[\d.]+\/(?:pod|perl5db))\//,
  // Tests, fixtures and examples that language packages ship with their code.
  /(?:^|\/)(?:node_modules|site-packages|dist-packages|gems|vendor\/bundle|pkg\/mod|vendor)\/(?:.*\/)?(?:tests?|__tests__|testing|testdata|test[-_]data|specs?|fixtures?|examples?|samples?|docs?|benchmarks?|mocks?)\//,
  // Their readme and change log.
  /(?:^|\/)(?:node_modules|site-packages|dist-packages|gems|pkg\/mod)\/.*\.(?:md|markdown|rst|d\.ts)$/,
  // The standard libraries' own tests.
  /(?:^|\/)lib(?:64)?\/python[\d.]+\/(?:test|.*\/tests?)\//,
  /(?:^|\/)(?:usr\/local\/go|usr\/lib\/go(?:-[\d.]+)?)\/(?:src|test)\//,
  /(?:^|\/)perl5?\/.*\/t\//,
];

/** True where the text rules do not look. */
export function isHarmlessPlace(path: string): boolean {
  return HARMLESS.some((place) => place.test(path));
}
