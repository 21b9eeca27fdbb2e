import {
  isSystemType,
  type LanguageType,
  type OsRelease,
  type Package,
} from '../../model/packages.ts';
import { osvDistribution } from './osv-ecosystem.ts';
import { packageName } from './osv-names.ts';

/** One question of a batch: which vulnerabilities does this version have. */
export interface OsvQuery {
  readonly package: { readonly name: string; readonly ecosystem: string };
  readonly version: string;
}

/** A question with the packages that it is asked for. */
interface OsvQuestion {
  readonly query: OsvQuery;
  readonly packages: readonly Package[];
}

export interface OsvPlan {
  readonly questions: readonly OsvQuestion[];
  /** What cannot be asked, a reason each. */
  readonly gaps: readonly string[];
  /** All ecosystems to ask about; the server must know them, or it finds nothing in them. */
  readonly ecosystems: readonly string[];
}

/** OSV's names; a type without one would be taken for free of vulnerabilities. */
const LANGUAGES: Readonly<Record<LanguageType, string>> = {
  npm: 'npm',
  pypi: 'PyPI',
  golang: 'Go',
  maven: 'Maven',
  gem: 'RubyGems',
  composer: 'Packagist',
  cargo: 'crates.io',
  nuget: 'NuGet',
};

/**
 * What to ask OSV about the packages of an image. Distribution packages are asked by the
 * ecosystem's name and the source package where the distribution files them so; a purl would be
 * answered without regard to the release. Packages of a distribution that OSV does not know are a
 * gap.
 */
export function planOsv(packages: readonly Package[], os: OsRelease | undefined): OsvPlan {
  const distribution = osvDistribution(os);
  const system = packages.filter(({ type }) => isSystemType(type));
  const gaps: string[] = [];
  if (system.length > 0 && distribution === undefined)
    gaps.push(
      `OSV has no data for ${os?.prettyName ?? os?.id ?? 'an unnamed distribution'}, ${system.length} of its packages were not looked up`,
    );
  const questions = new Map<string, { query: OsvQuery; packages: Package[] }>();
  const ask = (query: OsvQuery, one: Package): void => {
    if (!isAskable(query)) return;
    const key = [query.package.ecosystem, query.package.name, query.version].join('\0');
    const before = questions.get(key);
    if (before === undefined) questions.set(key, { query, packages: [one] });
    else before.packages.push(one);
  };
  if (distribution !== undefined)
    for (const one of system)
      for (const ecosystem of distribution.ecosystems)
        for (const { name, version } of namesOf(one, distribution.names))
          ask({ package: { name, ecosystem }, version }, one);
  for (const one of packages) if (!isSystemType(one.type)) ask(languageQuery(one, one.type), one);
  const asked = [...questions.values()];
  const ecosystems = new Set(asked.map(({ query }) => query.package.ecosystem));
  return { questions: asked, gaps, ecosystems: [...ecosystems].sort() };
}

function namesOf(
  { name, version, source }: Package,
  names: 'source' | 'either',
): readonly { readonly name: string; readonly version: string }[] {
  const own = { name, version };
  if (source === undefined) return [own];
  return names === 'source' || source.name === name ? [source] : [source, own];
}

function languageQuery(one: Package, type: LanguageType): OsvQuery {
  const ecosystem = LANGUAGES[type];
  const name = languageName(one);
  // Go writes versions with a v, OSV without; the module being built itself has none.
  const version = type === 'golang' ? one.version.replace(/^(?:v|go)(?=\d)/, '') : one.version;
  return { package: { name, ecosystem }, version };
}

function languageName({ type, name }: Package): string {
  if (type === 'pypi') return packageName('PyPI', name);
  if (type === 'maven') return name.includes(':') ? name : name.replace(/\/([^/]*)$/, ':$1');
  if (type === 'golang') return name === 'std' || name === 'go' ? 'stdlib' : name;
  return name;
}

function isAskable({ package: { name }, version }: OsvQuery): boolean {
  return name.length > 0 && name.length <= 512 && version.length <= 512 && /\d/.test(version);
}
