import { withoutCiCommands } from '../model/ci-commands.ts';
import { withoutSteering } from '../model/clean-text.ts';

/** One line of text from outside that neither a terminal nor a CI system obeys. Tabs stay. */
export function cleanForTerminal(text: string): string {
  return withoutCiCommands(withoutSteering(text));
}

/** The same for text of several lines, which stay apart. */
export function cleanLines(text: string): string {
  return text.split('\n').map(cleanForTerminal).join('\n');
}
