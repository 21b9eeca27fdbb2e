import type { PackageManager } from '../../model/build-analysis.ts';
import { unversioned } from '../program.ts';
import { APK } from './apk.ts';
import { APT } from './apt.ts';
import { LANGUAGE_PACKAGES } from './languages.ts';
import type { Indexes, Manager } from './manager.ts';
import { NODE } from './node.ts';
import { PACMAN } from './pacman.ts';
import { PYTHON } from './python.ts';
import { RPM } from './rpm.ts';

/** Every package manager that is known, by family. */
export const MANAGER_FAMILIES = [APT, APK, RPM, PACMAN, PYTHON, NODE, LANGUAGE_PACKAGES];
export const MANAGERS = MANAGER_FAMILIES.flatMap(({ managers }) => managers);
const INDEXES = MANAGER_FAMILIES.flatMap(({ indexes = [] }) => indexes);
const BY_ID: ReadonlyMap<PackageManager, Manager> = new Map(
  MANAGERS.filter(({ id }) => id !== 'other').map((manager) => [manager.id, manager]),
);

/** How a program is told where packages come from. */
export function indexesOf(program: string): Indexes | undefined {
  return INDEXES.find(({ programs }) => programs.test(program));
}

/** The manager that installs name so. */
export function managerNamed(id: PackageManager): Manager | undefined {
  return BY_ID.get(id);
}

/** The manager that a program is: `pip3.12` is pip, `dnf-3` is dnf. */
export function managerOf(program: string): Manager | undefined {
  return [program, unversioned(program)]
    .map((name) => MANAGERS.find(({ programs }) => programs.test(name)))
    .find((manager) => manager !== undefined);
}
