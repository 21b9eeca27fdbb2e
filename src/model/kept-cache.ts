/** A package manager that leaves in a layer what it fetched. */
export type CachingManager = 'apt' | 'apk' | 'dnf' | 'pip' | 'npm';

/** The programs by which a manager is called. */
export const CACHING_PROGRAMS: Readonly<Record<CachingManager, RegExp>> = {
  apt: /^(?:apt|apt-get|aptitude)$/,
  apk: /^apk$/,
  dnf: /^(?:dnf5?|yum|microdnf)$/,
  pip: /^pip[\d.]*$/,
  npm: /^np[mx]$/,
};

/** What a package manager leaves in the layer of a RUN. */
export interface KeptCache {
  readonly manager: CachingManager;
  /** Indexes of the commands that leave it. */
  readonly commands: readonly number[];
}
