/** What a database calls a vulnerability, and what else it says that is the same. */
interface NamedRecord {
  readonly id: string;
  readonly aliases?: readonly string[];
}

const CVE = /^CVE-\d{4}-\d{4,}$/;
/** Ids of single vulnerabilities: aliases are other names. An advisory's are those it fixes. */
const SINGLE =
  /^(?:CVE|GHSA|PYSEC|GO|RUSTSEC|OSV|GSD|CGA|MAL|SNYK|GMS|BIT|DEBIAN-CVE|UBUNTU-CVE|ALPINE-CVE|ECHO|MINI|DHI)-/;

export function isCve(id: string): boolean {
  return CVE.test(id);
}

/** The vulnerabilities of a record: itself, or for an advisory the CVEs that it names. */
export function namedBy({ id, aliases = [] }: NamedRecord): readonly string[] {
  if (SINGLE.test(id)) return [id];
  const cves = aliases.filter(isCve);
  return cves.length === 0 ? [id] : [...new Set(cves)];
}

/** All names of a record: its id and, unless it is an advisory for several, its aliases. */
export function otherNames({ id, aliases = [] }: NamedRecord): readonly string[] {
  return SINGLE.test(id) ? [id, ...aliases] : [id];
}

/**
 * Finds out which names mean the same: aliases are symmetric and transitive (OSV schema,
 * `aliases`). Gives for every name the best of its kin: a CVE, else a GHSA, else the first by
 * alphabet.
 */
export function bestNames(records: readonly NamedRecord[]): (name: string) => string {
  const parents = new Map<string, string>();
  const root = (name: string): string => {
    let top = name;
    for (let up = parents.get(top); up !== undefined; up = parents.get(top)) top = up;
    if (top !== name) parents.set(name, top);
    return top;
  };
  for (const record of records) {
    const names = otherNames(record).filter((name) => SINGLE.test(name));
    for (const name of names) {
      const [a, b] = [root(names[0] ?? name), root(name)];
      if (a !== b) parents.set(isBetter(a, b) ? b : a, isBetter(a, b) ? a : b);
    }
  }
  return root;
}

function isBetter(a: string, b: string): boolean {
  const rank = (name: string): number => (isCve(name) ? 0 : name.startsWith('GHSA-') ? 1 : 2);
  return rank(a) === rank(b) ? a < b : rank(a) < rank(b);
}
