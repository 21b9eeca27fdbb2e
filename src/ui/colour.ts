import chalk from 'chalk';

/** Ink styles text with chalk, which checks only stdout and does not know NO_COLOR. */
export function paintIf(on: boolean): void {
  if (!on) chalk.level = 0;
  else if (chalk.level === 0) chalk.level = 1;
}
