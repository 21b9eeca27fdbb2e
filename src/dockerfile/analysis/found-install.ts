import type { InstalledName, PackageManager } from '../../model/build-analysis.ts';

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
  /** Whether the command's folder (or `folder` below it) has this file; undefined if not seen. */
  readonly lockFile: (name: string, folder?: string) => boolean | undefined;
  /** Text of a file of the stage, where the Dockerfile or the build context shows it. */
  readonly fileText: (path: string) => string | undefined;
  /** A command of this form ran before in the stage (`bundle config set frozen true`). */
  readonly ranBefore: (pattern: RegExp) => boolean;
}

/** An install with what is not said at its default. */
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
    // The name of a package itself is not known.
    unresolved: packages.some(({ name }) => /\$[{(]/.test(name)),
    ...details,
  };
}

/** An install that a lock file decides where it is there: open where nobody sees whether it is. */
export function lockedBy(
  name: string,
  isThere: boolean | undefined,
): Pick<Partial<FoundInstall>, 'lockFile' | 'requirementsFile'> {
  return isThere === undefined ? { requirementsFile: name } : { lockFile: isThere };
}
