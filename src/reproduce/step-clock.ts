import type { SolveStatus } from '../build/progress.ts';
import { pastProxy, type RunCounts, runCounts, WATCH_MARK } from '../build/sent-dockerfile.ts';
import type { DockerfileModel } from '../model/dockerfile.ts';
import type { Peer } from './record.ts';
import {
  isRun,
  isTrigger,
  noteNumber,
  placeOf,
  type RanStep,
  type StepPlace,
} from './recorded-fetches.ts';

/** The command's last line may lack its end. */
const COUNTED = new RegExp(`${WATCH_MARK} (.+)\\n$`);
/** In characters, of a log's end: a line may arrive in two pieces. */
const KEPT = 4096;

interface Step extends RanStep {
  log: string;
  /** Number of such lines: a second one means that a program forged it. */
  marks: number;
  counts: RunCounts | undefined;
}

/** Mounts and flags do not reach it: it has the network of any build. */
const TRIGGER =
  'builds on an image with ONBUILD RUN, which has a network of its own that is neither recorded nor cut';

/** A RUN that reached, or may have reached, something past the proxy. */
interface PastProxy {
  readonly place: StepPlace | undefined;
  readonly why: string;
  readonly isKnown: boolean;
}

/** A connection to the proxy, and its time. */
export interface Connection {
  readonly peer: Peer;
  readonly at: number;
}

/** When each RUN ran, and its kernel's counts. */
export class StepClock {
  readonly #steps = new Map<string, Step>();
  readonly #highest = new Map<string, number>();
  /** Names of ONBUILD steps, cached ones too: nobody recorded what they fetched. */
  readonly #triggers = new Set<string>();

  push({ vertexes, logs }: SolveStatus): void {
    for (const { digest, name, started, completed, cached } of vertexes) {
      noteNumber(this.#highest, name);
      if (isRun(name) && isTrigger(name)) this.#triggers.add(name);
      const before = this.#steps.get(digest);
      const from = before?.started ?? started;
      if (from === undefined || cached) continue;
      const { log = '', counts, marks = 0 } = before ?? {};
      const ended = completed ?? before?.ended;
      this.#steps.set(digest, { name, started: from, ended, log, counts, marks });
    }
    for (const { vertex, data } of logs) {
      const step = this.#steps.get(vertex);
      if (step === undefined) continue;
      const begun = step.log.slice(1 - WATCH_MARK.length);
      step.marks += (begun + data.toString()).split(WATCH_MARK).length - 1;
      step.log = (step.log + data.toString()).slice(-KEPT);
      const [, line] = COUNTED.exec(step.log) ?? [];
      if (step.marks > 1) step.counts = undefined;
      else if (line !== undefined) step.counts = runCounts(line);
    }
  }

  ran(): readonly Step[] {
    return [...this.#steps.values()].filter(({ name }) => isRun(name));
  }

  place(name: string, model: DockerfileModel): StepPlace | undefined {
    return placeOf(name, model, this.#highest);
  }

  /** `connections`: those the proxy saw. */
  past(model: DockerfileModel, connections: readonly Connection[]): readonly PastProxy[] {
    const proxied = this.#proxied(model, connections);
    const brought = [...this.#triggers].map((name) => ({ name, why: TRIGGER, isKnown: true }));
    const ran = this.ran().flatMap((step) => {
      const { name, counts } = step;
      if (this.#triggers.has(name)) return [];
      const why =
        counts === undefined
          ? 'may have reached something past the proxy: its connections cannot be counted'
          : pastProxy(counts, proxied.get(step) ?? 0);
      return why === undefined ? [] : [{ name, why, isKnown: counts !== undefined }];
    });
    return [...brought, ...ran]
      .filter(({ name }) => !/\] (?:ONBUILD )?RUN (?:--\S+ )*--network=none /.test(name))
      .map(({ name, ...found }) => ({ place: this.place(name, model), ...found }));
  }

  /**
   * Connections of each step that the proxy saw. One with its RUN's name belongs to that RUN. Any
   * other counts once, for a step of its address that opened more than the proxy has seen of it.
   * Counts decide; times only choose between several such steps. A step without counts gets what
   * came while it ran.
   */
  #proxied(model: DockerfileModel, connections: readonly Connection[]): ReadonlyMap<Step, number> {
    const ran = this.ran();
    const lines = new Map(ran.map((step) => [this.place(step.name, model)?.line, step]));
    const proxied = new Map<Step, number>();
    const unnamed = connections.filter(({ peer }) => {
      const step = peer.run === undefined ? undefined : lines.get(peer.run);
      if (step !== undefined) proxied.set(step, (proxied.get(step) ?? 0) + 1);
      return step === undefined;
    });
    for (const { peer, at } of unnamed) {
      let nearest: Step | undefined;
      for (const step of ran) {
        const { counts } = step;
        const isOpen =
          counts === undefined ||
          (counts.client === peer.client && (proxied.get(step) ?? 0) < counts.opened);
        if (isOpen && isNearer(step, nearest, at)) nearest = step;
      }
      if (nearest !== undefined) proxied.set(nearest, (proxied.get(nearest) ?? 0) + 1);
    }
    return proxied;
  }
}

/** Nearer in time to an observation; if equal, the one with a known address. */
function isNearer(step: Step, than: Step | undefined, at: number): boolean {
  if (than === undefined) return true;
  const [own, other] = [distance(step, at), distance(than, at)];
  return own === other ? than.counts === undefined && step.counts !== undefined : own < other;
}

function distance({ started, ended = Infinity }: RanStep, at: number): number {
  return Math.max(started - at, at - ended, 0);
}
