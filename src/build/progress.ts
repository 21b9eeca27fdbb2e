import {
  field,
  given,
  isObject,
  listField,
  numberField,
  parseJson,
  textField,
} from '../lib/json.ts';
import { LineSplitter } from '../lib/run-tool.ts';
import { cleanText } from '../lib/text.ts';
import type { BuildStep, PipelineEvent } from '../model/events.ts';

/** The parts that are read of BuildKit's progress (moby/buildkit client/graph.go, SolveStatus). */
export type SolveStatus = ReturnType<typeof solveStatus>;
export type Vertex = SolveStatus['vertexes'][number];
type VertexStatus = SolveStatus['statuses'][number];

type ProgressMessage =
  | { readonly kind: 'status'; readonly status: SolveStatus }
  | { readonly kind: 'text'; readonly text: string };

const MESSAGE_LINES = 100_000;

/** Reads `--progress=rawjson`: by message on many lines (buildx 0.13) or one. Others are text. */
export class RawJsonProgress {
  #open: string[] = [];

  push(line: string): readonly ProgressMessage[] {
    if (this.#open.length > 0) return this.#goOn(line);
    if (line === '{') {
      this.#open = [line];
      return [];
    }
    return [messageOf(line) ?? { kind: 'text', text: line }];
  }

  end(): readonly ProgressMessage[] {
    const texts = this.#open.map((text) => ({ kind: 'text', text }) as const);
    this.#open = [];
    return texts;
  }

  #goOn(line: string): readonly ProgressMessage[] {
    // Lines inside a pretty-printed object are indented, so anything else has cut it off.
    if (line !== '}' && (!line.startsWith(' ') || this.#open.length >= MESSAGE_LINES))
      return [...this.end(), ...this.push(line)];
    this.#open.push(line);
    if (line !== '}') return [];
    const message = messageOf(this.#open.join('\n'));
    if (message === undefined) return this.end();
    this.#open = [];
    return [message];
  }
}

function messageOf(json: string): ProgressMessage | undefined {
  if (!json.startsWith('{')) return undefined;
  const value = parseJson(json);
  if (!isObject(value)) return undefined;
  const known = ['vertexes', 'statuses', 'logs', 'warnings'].some((name) => name in value);
  return known || Object.keys(value).length === 0
    ? { kind: 'status', status: solveStatus(value) }
    : undefined;
}

/** Times in milliseconds since 1970. */
function solveStatus(value: unknown) {
  return {
    vertexes: listField(value, 'vertexes').map((vertex) => ({
      digest: textField(vertex, 'digest') ?? '',
      name: textField(vertex, 'name') ?? '',
      started: time(vertex, 'started'),
      completed: time(vertex, 'completed'),
      cached: field(vertex, 'cached') === true,
      error: textField(vertex, 'error') || undefined,
    })),
    statuses: listField(value, 'statuses').map((status) => ({
      id: textField(status, 'id') ?? '',
      vertex: textField(status, 'vertex') ?? '',
      current: numberField(status, 'current') ?? 0,
      total: numberField(status, 'total') ?? 0,
      started: time(status, 'started'),
      completed: time(status, 'completed'),
    })),
    logs: listField(value, 'logs').map((log) => ({
      vertex: textField(log, 'vertex') ?? '',
      data: Buffer.from(textField(log, 'data') ?? '', 'base64'),
      timestamp: time(log, 'timestamp'),
    })),
    warnings: listField(value, 'warnings').map((warning) => ({
      vertex: textField(warning, 'vertex') ?? '',
      short: base64Text(field(warning, 'short')),
      detail: listField(warning, 'detail').map(base64Text),
      url: textField(warning, 'url') || undefined,
    })),
  };
}

function time(value: unknown, name: string): number | undefined {
  const milliseconds = Date.parse(textField(value, name) ?? '');
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

function base64Text(value: unknown): string {
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
}

/** Splits each build step's output into clean lines: pieces end anywhere, even in a character. */
class StepLines {
  readonly #steps = new Map<string, { splitter: LineSplitter; lines: string[] }>();

  push(step: string, data: Uint8Array): readonly string[] {
    let known = this.#steps.get(step);
    if (known === undefined) {
      const lines: string[] = [];
      // A progress bar writes its line again and again: its last state is what a terminal shows.
      const shown = (line: string): string =>
        cleanText(line.split('\r').findLast((state) => state.trim() !== '') ?? '');
      known = { lines, splitter: new LineSplitter((line) => lines.push(shown(line))) };
      this.#steps.set(step, known);
    }
    known.splitter.push(data);
    return known.lines.splice(0);
  }

  /** The last line of a step that has no end; none where there is nothing. */
  end(step: string): readonly string[] {
    const known = this.#steps.get(step);
    known?.splitter.end();
    return known?.lines.splice(0) ?? [];
  }

  steps(): readonly string[] {
    return [...this.#steps.keys()];
  }
}

type StepEvent = Extract<PipelineEvent, { readonly kind: 'build-step' }>;

/** Turns BuildKit's progress into events: each start and end of a step once, its log by line. */
export class BuildEvents {
  readonly #seen = new Map<string, { state: BuildStep['state']; started: number | undefined }>();
  readonly #lines = new StepLines();
  readonly #warned = new Set<string>();
  readonly #transfers = new Map<string, Map<string, VertexStatus>>();

  events(status: SolveStatus): readonly PipelineEvent[] {
    const steps = status.vertexes.flatMap((vertex) => this.#step(vertex));
    // One status is enough for a quick step: what it printed was printed before it ended.
    const isStart = ({ step }: StepEvent): boolean => step.state === 'started';
    return [
      ...steps.filter(isStart),
      ...this.#moved(status.statuses),
      ...status.logs.flatMap(({ vertex, data }) =>
        logEvents(vertex, this.#lines.push(vertex, data)),
      ),
      ...steps.filter((event) => !isStart(event)),
      ...status.warnings.flatMap((warning) => this.#warning(warning)),
    ];
  }

  end(): readonly PipelineEvent[] {
    return this.#lines.steps().flatMap((step) => logEvents(step, this.#lines.end(step)));
  }

  #step(vertex: Vertex): readonly StepEvent[] {
    const state = stateOf(vertex);
    if (state === undefined) return [];
    const before = this.#seen.get(vertex.digest);
    // A step's parts start and end again.
    const isNews = before === undefined || (state !== 'started' && !isFinal(before.state, state));
    if (!isNews) return [];
    const started = before?.started ?? vertex.started;
    this.#seen.set(vertex.digest, { state, started });
    const { digest, name, completed, error } = vertex;
    const isTimed = started !== undefined && completed !== undefined;
    const more = given({
      seconds: isTimed ? Math.max(0, (completed - started) / 1000) : undefined,
      error: error === undefined ? undefined : cleanText(error),
    });
    return [{ kind: 'build-step', step: { digest, name: cleanText(name), state, ...more } }];
  }

  /** One event for each step that moved bytes; a total counts from when BuildKit knows it. */
  #moved(statuses: readonly VertexStatus[]): readonly PipelineEvent[] {
    const steps = new Set<string>();
    for (const status of statuses) {
      if (status.current <= 0 && status.total <= 0) continue;
      const parts = this.#transfers.get(status.vertex) ?? new Map<string, VertexStatus>();
      this.#transfers.set(status.vertex, parts.set(status.id, status));
      steps.add(status.vertex);
    }
    return [...steps].map((step) => {
      const parts = [...(this.#transfers.get(step)?.values() ?? [])];
      const done = parts.reduce((sum, { current }) => sum + current, 0);
      const total = parts.reduce((sum, part) => sum + Math.max(part.current, part.total), 0);
      return { kind: 'step-transfer', step, done, total };
    });
  }

  #warning(warning: SolveStatus['warnings'][number]): readonly PipelineEvent[] {
    const more = warning.url === undefined ? '' : ` (${warning.url})`;
    const text = cleanText([warning.short, ...warning.detail].join('\n')) + more;
    if (this.#warned.has(text)) return [];
    this.#warned.add(text);
    return [{ kind: 'build-warning', text }];
  }
}

function logEvents(step: string, lines: readonly string[]): readonly PipelineEvent[] {
  return lines.map((text) => ({ kind: 'build-log', step, text }));
}

function stateOf(vertex: Vertex): BuildStep['state'] | undefined {
  if (vertex.error !== undefined) return 'failed';
  if (vertex.cached) return 'cached';
  if (vertex.completed !== undefined) return 'done';
  return vertex.started === undefined ? undefined : 'started';
}

/** BuildKit reports done and cached in either order; the first of them stays. */
function isFinal(before: BuildStep['state'], next: BuildStep['state']): boolean {
  if (before === 'started') return false;
  return before === next || before === 'failed' || next !== 'failed';
}

/** Log lines of a failed step that are shown again at the end, as buildx does. */
const LAST_LINES = 10;

interface PlainStep extends Pick<Vertex, 'name' | 'started' | 'error'> {
  readonly number: number;
  readonly lastLines: string[];
  /** Its last line, kept until another step prints: `cached` is reported late. */
  closing?: string | undefined;
  closed: boolean;
  error: string | undefined;
  readonly doneStatuses: Set<string>;
}

/** As buildx' plain mode: `#3 [internal] load .dockerignore`, `#3 DONE 0.0s`. */
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
    const about = { number: this.#steps.size + 1, name: cleanText(vertex.name) };
    const state = {
      lastLines: [],
      closed: false,
      error: undefined,
      doneStatuses: new Set<string>(),
    };
    const step: PlainStep = { ...about, started: vertex.started, ...state };
    this.#steps.set(vertex.digest, step);
    this.#switchTo(step);
  }

  #finish(vertex: Vertex): void {
    const step = this.#steps.get(vertex.digest);
    if (step === undefined || vertex.completed === undefined) return;
    // After other steps have printed, a repeated end is not printed again.
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

  #output({ statuses, logs }: SolveStatus, digest: string): void {
    const step = this.#steps.get(digest);
    if (step === undefined) return;
    for (const item of statuses) if (item.vertex === digest) this.#status(step, item);
    for (const { vertex, data, timestamp } of logs)
      for (const line of vertex === digest ? this.#lines.push(vertex, data) : []) {
        const text = `${seconds(step.started, timestamp, 3)} ${line}`;
        this.#switchTo(step);
        this.#print(`#${step.number} ${text}`);
        step.lastLines.push(text);
        if (step.lastLines.length > LAST_LINES) step.lastLines.shift();
      }
  }

  #status(step: PlainStep, item: VertexStatus): void {
    if (item.completed === undefined || step.doneStatuses.has(item.id)) return;
    step.doneStatuses.add(item.id);
    this.#switchTo(step);
    const took = seconds(item.started, item.completed);
    const time = Number(took) > 0 ? ` ${took}s` : '';
    this.#print(`#${step.number} ${cleanText(item.id)}${sizeOf(item)}${time} done`);
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
  const unit = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), units.length - 1);
  const value = count / 1000 ** unit;
  return `${Number(value.toPrecision(unit === 0 ? 4 : 3))}${units[unit] ?? ''}`;
}
