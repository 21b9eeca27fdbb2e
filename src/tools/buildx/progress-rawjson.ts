import {
  field,
  isObject,
  listField,
  numberField,
  parseJson,
  textField,
} from '../../model/json-value.ts';

/** The parts that are read of BuildKit's progress (moby/buildkit client/graph.go, SolveStatus). */
export interface SolveStatus {
  readonly vertexes: readonly Vertex[];
  readonly statuses: readonly VertexStatus[];
  readonly logs: readonly VertexLog[];
  readonly warnings: readonly VertexWarning[];
}

export interface Vertex {
  readonly digest: string;
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly started: number | undefined;
  readonly completed: number | undefined;
  readonly cached: boolean;
  readonly error: string | undefined;
}

export interface VertexStatus {
  readonly id: string;
  readonly vertex: string;
  readonly current: number;
  readonly total: number;
  readonly started: number | undefined;
  readonly completed: number | undefined;
}

export interface VertexLog {
  readonly vertex: string;
  readonly data: Uint8Array;
  readonly timestamp: number | undefined;
}

interface VertexWarning {
  readonly vertex: string;
  readonly short: string;
  readonly detail: readonly string[];
  readonly url: string | undefined;
}

type ProgressMessage =
  | { readonly kind: 'status'; readonly status: SolveStatus }
  | { readonly kind: 'text'; readonly text: string };

/** A pretty-printed message longer than this is no message. */
const MESSAGE_LINES = 100_000;

/**
 * Reads the lines of `--progress=rawjson`. buildx 0.13 prints each message over many lines, 0.29
 * each on one; what is neither (the error at the end, warnings of the CLI) comes back as text, in
 * its place.
 */
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

  /** What was begun and never ended. */
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

function solveStatus(value: unknown): SolveStatus {
  return {
    vertexes: listField(value, 'vertexes').map((vertex) => ({
      digest: textField(vertex, 'digest') ?? '',
      name: textField(vertex, 'name') ?? '',
      started: time(vertex, 'started'),
      completed: time(vertex, 'completed'),
      cached: field(vertex, 'cached') === true,
      error: nonEmpty(textField(vertex, 'error')),
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
      url: nonEmpty(textField(warning, 'url')),
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

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
