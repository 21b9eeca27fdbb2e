import { ARCHIVE_CLASSES } from './archive-classes.ts';
import { BUILD_CLASSES } from './build-classes.ts';
import type { ClassRule } from './class-rule.ts';
import { PACKAGE_CLASSES } from './package-classes.ts';
import { PROGRAM_CLASSES } from './program-classes.ts';
import { SECRET_CLASSES } from './secret-classes.ts';
import { TEXT_CLASSES } from './text-classes.ts';

/** What is known to differ, the most special first. Paths are as in the image, without a leading slash. */
export const CONTENT_CLASSES: readonly ClassRule[] = [
  ...SECRET_CLASSES,
  ...PACKAGE_CLASSES,
  ...BUILD_CLASSES,
  ...ARCHIVE_CLASSES,
  ...PROGRAM_CLASSES,
  ...TEXT_CLASSES,
];
