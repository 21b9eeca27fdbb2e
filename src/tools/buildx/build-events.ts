import { cleanText } from '../../model/clean-text.ts';
import type { BuildStep, PipelineEvent } from '../../model/events.ts';
import type { SolveStatus, Vertex, VertexStatus } from './progress-rawjson.ts';
import { StepLines } from './step-lines.ts';

type StepEvent = Extract<PipelineEvent, { readonly kind: 'build-step' }>;

/**
 * Turns BuildKit's progress into pipeline events: a step once when it starts, and once for each way
 * it ends, log output line by line. BuildKit repeats itself; repetitions are dropped.
 */
export class BuildEvents {
  readonly #seen = new Map<string, { state: BuildStep['state']; started: number | undefined }>();
  readonly #lines = new StepLines();
  readonly #warned = new Set<string>();
  /** Bytes of a step's transfers, by their id. */
  readonly #transfers = new Map<string, Map<string, VertexStatus>>();

  events(status: SolveStatus): readonly PipelineEvent[] {
    const steps = status.vertexes.flatMap((vertex) => this.#step(vertex));
    // Of a quick step one status tells all: what it printed was printed before it ended.
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

  /** Log output without a line end, where the build is over. */
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
    const seconds = secondsBetween(started, vertex.completed);
    const step: BuildStep = {
      digest: vertex.digest,
      name: cleanText(vertex.name),
      state,
      ...(seconds === undefined ? {} : { seconds }),
      ...(vertex.error === undefined ? {} : { error: cleanText(vertex.error) }),
    };
    return [{ kind: 'build-step', step }];
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

/** Of done and cached, which BuildKit tells in either order, what came first stays. */
function isFinal(before: BuildStep['state'], next: BuildStep['state']): boolean {
  if (before === 'started') return false;
  return before === next || before === 'failed' || next !== 'failed';
}

function secondsBetween(
  started: number | undefined,
  ended: number | undefined,
): number | undefined {
  return started === undefined || ended === undefined
    ? undefined
    : Math.max(0, (ended - started) / 1000);
}
