import { lookup } from '../../model/lookup.ts';

/** Packages that every distribution ships and has fixed in every release. */
const OF_DISTRIBUTIONS = ['curl', 'openssl'] as const;

const BY_ECOSYSTEM = lookup<readonly string[]>({
  npm: ['lodash'],
  PyPI: ['django'],
  Go: ['stdlib'],
  Maven: ['org.apache.logging.log4j:log4j-core'],
  RubyGems: ['rails'],
  Packagist: ['symfony/symfony'],
  'crates.io': ['tokio'],
  NuGet: ['Newtonsoft.Json'],
  // Filed by product stream: the base system and the applications.
  'Red Hat': [...OF_DISTRIBUTIONS, 'httpd', 'nodejs'],
});

/**
 * Packages of an ecosystem that had vulnerabilities in every release there is. A server that does not know a release answers
 * as if nothing were wrong with it; asked for these, it gives itself away.
 */
export function probedPackages(ecosystem: string): readonly string[] {
  const family = ecosystem.split(':', 1)[0] ?? '';
  return BY_ECOSYSTEM[family] ?? OF_DISTRIBUTIONS;
}
