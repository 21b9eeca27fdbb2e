import { jsonWithoutCiCommands } from '../model/ci-commands.ts';
import { UNSAFE } from './clean-text.ts';

/** JSON, indented, ending with a line end; characters that must not reach a terminal are spelled out, so that nothing is lost. */
export function jsonText(value: object): string {
  return `${spelledOut(JSON.stringify(value, undefined, 2))}\n`;
}

/** The same on one line, and with no line end. */
export function jsonLine(value: object): string {
  return spelledOut(JSON.stringify(value));
}

function spelledOut(text: string): string {
  return jsonWithoutCiCommands(text).replace(UNSAFE, (found) => {
    // It is JSON's own.
    if (found === '\n') return found;
    // A character beyond the first plane is two units, each spelled out.
    const units = Array.from({ length: found.length }, (_, at) => found.charCodeAt(at));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}
