import { cleanText } from '../../model/clean-text.ts';
import type { SolveStatus, Vertex, VertexLog, VertexStatus } from './progress-rawjson.ts';
import { StepLines } from './step-lines.ts';

/** Log lines of a failed step that are shown again at the end, as buildx does. */
const LAST_LINES = 10;

interface PlainStep {
  readonly number: number;
  readonly name: string;
  readonly started: number | undefined;
  readonly lastLines: string[];
  /**
   * Its last line, held until another step prints: BuildKit ends and restarts steps, and reports
   * `cached` late.
   */
  closing: string | undefined;
  closed: boolean;
  error: string | undefined;
  readonly doneStatuses: Set<string>;
}

/**
 * Prints BuildKit's progress as buildx' plain mode does: `#3 [internal] load .dockerignore`, `#3
 * DONE 0.0s`, and the last log lines of a step that failed.
 */
export class PlainProgress {
  readonly #print: (line: string) => void;
  readonly #steps = new Map<string, PlainStep>();
  readonly #lines = new StepLines();
  #current: PlainStep | undefined;

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  show(status: SolveStatus): void {
    const shown = new Set<string>();
    for (const vertex of status.vertexes) {
      this.#begin(vertex);
      // A step's output comes before its end, and its end before the next step.
      if (!shown.has(vertex.digest)) this.#output(status, vertex.digest);
      shown.add(vertex.digest);
      this.#finish(vertex);
    }
    for (const digest of this.#steps.keys()) if (!shown.has(digest)) this.#output(status, digest);
  }

  /** To be called before the error text that ends a failed build. */
  end(): void {
    if (this.#current?.closing !== undefined) this.#leave();
    for (const [digest, step] of this.#steps) {
      if (step.error === undefined || /context canceled/.test(step.error)) continue;
      step.lastLines.push(...this.#lines.end(digest));
      this.#print('------');
      this.#print(` > ${step.name}:`);
      for (const line of step.lastLines) this.#print(line);
      this.#print('------');
      // Once is enough, also where more text follows.
      step.error = undefined;
    }
  }

  #begin(vertex: Vertex): void {
    if (vertex.started === undefined) return;
    const before = this.#steps.get(vertex.digest);
    if (before !== undefined) {
      if (vertex.completed === undefined) before.closing = undefined;
      return;
    }
    const step: PlainStep = {
      number: this.#steps.size + 1,
      name: cleanText(vertex.name),
      started: vertex.started,
      lastLines: [],
      closing: undefined,
      closed: false,
      error: undefined,
      doneStatuses: new Set(),
    };
    this.#steps.set(vertex.digest, step);
    this.#switchTo(step);
  }

  #finish(vertex: Vertex): void {
    const step = this.#steps.get(vertex.digest);
    if (step === undefined || vertex.completed === undefined) return;
    // After other steps have printed, an end that comes again is no news.
    if (this.#current !== step && step.closed) return;
    this.#switchTo(step);
    if (vertex.error === undefined) {
      step.closing = vertex.cached
        ? `#${step.number} CACHED`
        : `#${step.number} DONE ${seconds(step.started, vertex.completed)}s`;
      return;
    }
    step.error = cleanText(vertex.error);
    step.closed = true;
    this.#print(`#${step.number} ERROR: ${step.error}`);
    this.#current = undefined;
  }

  #output(status: SolveStatus, digest: string): void {
    for (const item of status.statuses) if (item.vertex === digest) this.#status(item);
    for (const log of status.logs) if (log.vertex === digest) this.#log(log);
  }

  #status(item: VertexStatus): void {
    const step = this.#steps.get(item.vertex);
    if (step === undefined || item.completed === undefined || step.doneStatuses.has(item.id))
      return;
    step.doneStatuses.add(item.id);
    this.#switchTo(step);
    const size = sizeOf(item);
    const time = Number(seconds(item.started, item.completed)) > 0;
    const took = time ? ` ${seconds(item.started, item.completed)}s` : '';
    this.#print(`#${step.number} ${cleanText(item.id)}${size}${took} done`);
  }

  #log(log: VertexLog): void {
    const step = this.#steps.get(log.vertex);
    if (step === undefined) return;
    for (const line of this.#lines.push(log.vertex, log.data)) {
      const text = `${seconds(step.started, log.timestamp, 3)} ${line}`;
      this.#switchTo(step);
      this.#print(`#${step.number} ${text}`);
      step.lastLines.push(text);
      if (step.lastLines.length > LAST_LINES) step.lastLines.shift();
    }
  }

  #switchTo(step: PlainStep): void {
    if (this.#current === step) return;
    this.#leave();
    this.#current = step;
    this.#print(`#${step.number} ${step.name}`);
  }

  #leave(): void {
    const step = this.#current;
    if (step === undefined) return;
    this.#print(step.closing ?? `#${step.number} ...`);
    this.#print('');
    step.closed = step.closing !== undefined;
    step.closing = undefined;
    this.#current = undefined;
  }
}

function seconds(from: number | undefined, to: number | undefined, digits = 1): string {
  return (Math.max(0, (to ?? 0) - (from ?? to ?? 0)) / 1000).toFixed(digits);
}

function sizeOf({ current, total }: VertexStatus): string {
  if (total !== 0) return ` ${bytes(current)} / ${bytes(total)}`;
  return current === 0 ? '' : ` ${bytes(current)}`;
}

/** As docker/go-units prints sizes: decimal, up to four significant digits. */
function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${Number(value.toPrecision(unit === 0 ? 4 : 3))}${units[unit] ?? ''}`;
}
