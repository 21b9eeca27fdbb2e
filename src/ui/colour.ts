import chalk from 'chalk';

/** Ink's texts take their styles from chalk, which looks at stdout alone and does not know NO_COLOR. */
export function paintIf(on: boolean): void {
  if (!on) chalk.level = 0;
  else if (chalk.level === 0) chalk.level = 1;
}
