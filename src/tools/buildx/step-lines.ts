import { cleanText } from '../../model/clean-text.ts';
import { LineSplitter } from '../tool-output.ts';

/** Splits each build step's output into clean lines: pieces end anywhere, even in a character. */
export class StepLines {
  readonly #steps = new Map<string, { readonly splitter: LineSplitter; lines: string[] }>();

  /** The lines that this piece ends. */
  push(step: string, data: Uint8Array): readonly string[] {
    const { splitter } = this.#of(step);
    splitter.push(data);
    return this.#take(step);
  }

  /** The last line of a step that has no end; none where there is nothing. */
  end(step: string): readonly string[] {
    this.#steps.get(step)?.splitter.end();
    return this.#take(step);
  }

  steps(): readonly string[] {
    return [...this.#steps.keys()];
  }

  #of(step: string): { readonly splitter: LineSplitter } {
    const known = this.#steps.get(step);
    if (known !== undefined) return known;
    const lines: string[] = [];
    const begun = {
      splitter: new LineSplitter((line) => begun.lines.push(lastState(line))),
      lines,
    };
    this.#steps.set(step, begun);
    return begun;
  }

  #take(step: string): readonly string[] {
    const kept = this.#steps.get(step);
    if (kept === undefined) return [];
    const { lines } = kept;
    kept.lines = [];
    return lines;
  }
}

/** What a terminal shows of a line that a progress bar wrote again and again. */
function lastState(line: string): string {
  return cleanText(line.split('\r').findLast((state) => state.trim() !== '') ?? '');
}
