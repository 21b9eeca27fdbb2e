import { createHash } from 'node:crypto';

/** True for a name that an ecosystem may have; it goes into paths and addresses. */
export function isFamily(name: string): boolean {
  return /^[A-Za-z][\w .-]{0,63}$/.test(name) && !/[. ]$/.test(name);
}

/** The file of an ecosystem's database in its folder. */
export function databaseFile(family: string): string {
  return `${encodeURIComponent(family)}.advisories`;
}

/** Ubuntu's long-term releases are filed with and without saying so. */
export function releaseOf(ecosystem: string): string {
  return ecosystem.replace(/^(Ubuntu:\d\d\.\d\d):LTS$/, '$1');
}

/** What a package of a release is found by: 64 bits. */
export function packageKey(release: string, name: string): bigint {
  const hash = createHash('sha256').update(`${release}\0${name}`).digest();
  return hash.readBigUInt64BE(0);
}

/** The same for a record that is asked for by its id. */
export function idKey(id: string): bigint {
  return packageKey('\0id', id);
}
