import { formatted, unescaped } from '../shell/printed-text.ts';
import type { CommandEvent } from './build-event.ts';

/** A command's output as far as known: text with unknown parts named, and files passed on. */
interface Output {
  readonly text: string;
  /** Files whose content it gives. */
  readonly files: readonly string[];
  /** What it picks out of those files (`grep PATTERN FILE`). */
  readonly pattern?: string;
}

/** The output of echo, printf, cat, grep and the like, with here-documents; else undefined. */
export function outputOf(event: CommandEvent): Output | undefined {
  const words = event.argv.slice(1).map((f) => f.text);
  const plain = words.filter((w) => !/^-\w+$/.test(w) && !w.startsWith('--'));
  switch (event.program) {
    case 'echo':
      return { text: unescaped(words.filter((w) => !/^-[neE]+$/.test(w)).join(' ')), files: [] };
    case 'printf':
      return { text: formatted(words[0] ?? '', words.slice(1)), files: [] };
    case 'cat':
    case 'head':
    case 'tail':
    case 'tee':
      return { text: event.input?.text ?? '', files: plain };
    case 'grep':
    case 'egrep':
    case 'fgrep':
    case 'awk':
    case 'sed':
      return { text: '', files: plain.slice(1), pattern: plain[0] ?? '' };
    default:
      return undefined;
  }
}
