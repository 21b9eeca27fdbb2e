import type { InstalledName, PackageManager } from '../../../model/build-analysis.ts';
import type { Field } from '../../shell/fields.ts';

/** What an install command says of itself; place and text are added by the caller. */
export interface FoundInstall {
  readonly manager: PackageManager;
  readonly packages: readonly InstalledName[];
  readonly lockFile: boolean;
  readonly frozenRepository: boolean;
  readonly requirementsFile?: string;
  readonly unresolved: boolean;
}

/** What is known around an install command. */
export interface InstallContext {
  /** Value of a shell variable, ENV or ARG. */
  readonly variable: (name: string) => string | undefined;
  /** An OS repository frozen at a date was set up before. */
  readonly snapshotRepository: boolean;
  /** True where a file of this name lies in the command's folder (or one below); undefined where that is not seen. */
  readonly lockFile: (name: string, folder?: string) => boolean | undefined;
  /** Text of a file of the stage, where the Dockerfile or the build context shows it. */
  readonly fileText: (path: string) => string | undefined;
  /** A command of this form ran before in the stage (`bundle config set frozen true`). */
  readonly ranBefore: (pattern: RegExp) => boolean;
}

export type InstallReader = (
  program: string,
  argv: readonly Field[],
  context: InstallContext,
) => readonly FoundInstall[];

/** True where a version says one thing only: it matches `exact`, or is a variable whose value the build gives. */
export function isExact(version: string, exact: RegExp): boolean {
  if (version === '' || version.includes('$(')) return false;
  return version.includes('${') || exact.test(version);
}

/** A package with its pin where the version is exact. */
export function named(name: string, version: string, exact: RegExp): InstalledName {
  return isExact(version, exact) ? { name, pin: version } : { name };
}

/** True where the name of a package itself is not known. */
function isUnresolved(packages: readonly InstalledName[]): boolean {
  return packages.some(({ name }) => /\$[{(]/.test(name));
}

/** An install that a lock file decides where it is there: open where nobody sees whether it is. */
export function lockedBy(
  manager: PackageManager,
  name: string,
  isThere: boolean | undefined,
): FoundInstall {
  return isThere === undefined
    ? install(manager, [], { requirementsFile: name })
    : install(manager, [], { lockFile: isThere });
}

export function install(
  manager: PackageManager,
  packages: readonly InstalledName[],
  details: Partial<Omit<FoundInstall, 'manager' | 'packages'>> = {},
): FoundInstall {
  return {
    manager,
    packages,
    lockFile: false,
    frozenRepository: false,
    unresolved: isUnresolved(packages),
    ...details,
  };
}
