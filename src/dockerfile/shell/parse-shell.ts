import { parse, type ParsedScript } from 'unbash';
import { err, ok, type Result } from '../../model/result.ts';
import { listOf } from './lower-commands.ts';
import type { WordReader } from './lower-words.ts';
import type { List, Span } from './syntax-tree.ts';

/** Why shell text could not be read, with the offset of the place. */
interface ShellError {
  readonly message: string;
  readonly offset: number;
}

class ShellSyntaxError extends Error {
  override readonly name = 'ShellSyntaxError';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** The parser rereads nested text at each level, so that its worst time is length times nesting. */
const MAX_LENGTH = 65_536;
/** Commands and substitutions inside each other; nobody writes more. */
const MAX_DEPTH = 48;
/** Each one begun on a line is read again for each that follows. */
const MAX_HEREDOCS = 1000;
const TOO_DEEP = 'shell is nested too deeply';

/** Holds where in the text nested scripts stand, and how deep. */
class Reader implements WordReader {
  private depth = 0;
  /** The text is behind escapes (backquotes in backquotes): all of it stands where it begins. */
  private within: Span | undefined;

  place({ pos, end }: { readonly pos: number; readonly end: number }): Span {
    return this.within ?? { start: pos, end };
  }

  nest<T>(at: Span, read: () => T): T {
    if (this.depth >= MAX_DEPTH) this.fail(TOO_DEEP, at.start);
    this.depth += 1;
    const found = read();
    this.depth -= 1;
    return found;
  }

  fail(message: string, offset: number): never {
    throw new ShellSyntaxError(message, this.within?.start ?? offset);
  }

  script(script: ParsedScript | undefined, at: Span): List {
    if (script === undefined) return this.fail('a substitution that is not read', at.start);
    return this.nest(at, () => {
      const outer = this.within;
      if (script.source !== undefined) this.within ??= at;
      const [error] = script.errors ?? [];
      if (error !== undefined) this.fail(error.message, error.pos);
      const list = listOf(script.commands, this);
      this.within = outer;
      return list;
    });
  }
}

/**
 * Reads shell text as bash does, which takes what POSIX shells take; the tracer knows where they
 * differ. The error tells of the first place that cannot be read, in nested scripts too, or of a
 * text over the bounds.
 */
export function parseShell(text: string): Result<List, ShellError> {
  if (text.length > MAX_LENGTH)
    return err({ message: `more than ${MAX_LENGTH} characters of shell`, offset: 0 });
  if (text.split('<<').length > MAX_HEREDOCS)
    return err({ message: `more than ${MAX_HEREDOCS} here-documents`, offset: 0 });
  // A carriage return before a line end is a blank for whoever wrote it; offsets stay.
  const source = text.replace(/\r(?=\n|$)/g, ' ');
  try {
    return ok(new Reader().script(parse(source), { start: 0, end: text.length }));
  } catch (thrown) {
    // The parser's own bound on nesting is higher than a small stack.
    if (thrown instanceof RangeError) return err({ message: TOO_DEEP, offset: 0 });
    if (!(thrown instanceof ShellSyntaxError)) throw thrown;
    return err({ message: thrown.message, offset: thrown.offset });
  }
}
