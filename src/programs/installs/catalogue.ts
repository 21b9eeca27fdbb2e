import type { InstallForm } from './install-form.ts';
import { LANGUAGE_INSTALLS } from './languages.ts';
import { NODE_INSTALLS } from './node.ts';
import { PYTHON_INSTALLS } from './python.ts';
import { SYSTEM_INSTALLS } from './system.ts';
import { TOOLCHAIN_INSTALLS } from './toolchains.ts';

/** What each package manager's command lines install. */
export const INSTALL_FORMS: readonly InstallForm[] = [
  ...SYSTEM_INSTALLS,
  ...PYTHON_INSTALLS,
  ...NODE_INSTALLS,
  ...LANGUAGE_INSTALLS,
  ...TOOLCHAIN_INSTALLS,
];
