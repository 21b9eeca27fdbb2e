import type { PathRule } from '../rule.ts';

/** PHP keeps SOURCE compiled as FOLDER/SYSTEM-ID/SOURCE.bin. */
const OPCACHE = /(?:^|\/)[0-9a-f]{32}\/(?:.+\/)?[^/]+\.(?:php|inc|phtml|phar)\.bin$/;
/** The archives that a Java runtime itself ships, and `-Xshare:dump` makes, come out the same. */
const OWN_ARCHIVE = /(?:^|\/)lib\/(?:server|client|minimal|zero)\/classes(?:_[a-z]+)?\.jsa$/;

export const compiledCaches: PathRule = {
  id: 'compiled-caches',
  touches:
    'What PHP’s opcache compiled into its file cache (32 hex digits/…/NAME.php.bin), and class ' +
    'data archives of Java programs (*.jsa) other than those of the Java runtime itself.',
  safeBecause:
    'They contain addresses in memory, and times of files that the layers do not keep: Java ' +
    'does not use an archive of another time. PHP compiles again, Java loads classes from their ' +
    'jars. But starting takes longer, `opcache.file_cache_read_only` finds nothing, and ' +
    '`-Xshare:on` ends the program.',
  answers: 'Caches of compiled code with addresses',
  mode: 'aggressive',
  kind: 'drop',
  applies: ({ path }) => OPCACHE.test(path) || (path.endsWith('.jsa') && !OWN_ARCHIVE.test(path)),
};
