export interface SeenCall {
  readonly count: number;
  /** Values of the narrowed argument, 64 bits wide; undefined for none, or too many. */
  readonly values: ReadonlySet<bigint> | undefined;
}

/** The tracer's output, without order and repetition. */
export interface Trace {
  readonly calls: ReadonlyMap<string, SeenCall>;
  /** Sets of calls besides the machine's own that a process used. */
  readonly modes: ReadonlySet<CallMode>;
  /** Lines that are not strace's: the program can write into the trace too. */
  readonly unread: number;
}

type CallMode = '32 bit' | 'x32';

/** Calls whose filter may compare an argument, by its index. On s390x, clone's flags are second. */
const OBSERVED: Readonly<Record<string, number>> = {
  socket: 0,
  clone: 0,
  personality: 0,
  prctl: 0,
  ioctl: 1,
};
const LONGEST_LINE = 4096;
/** Linux has fewer than 500 calls on any machine. */
const MOST_CALLS = 1000;
/** More values are not worth a rule each. */
const MOST_VALUES = 64;
const CALL = /^\d{1,10} +([a-z_][a-z0-9_]{0,39})\(([0-9a-fx, ]{0,200})(?:\)| <unfinished \.\.\.>)/;
const MODE = /^\d{1,10} +\[ Process PID=\d{1,10} runs in (32 bit|x32|64 bit) mode\. \]$/;
/** Returns of calls, signals and ends of processes. */
const OTHER = /^\d{1,10} +(?:<\.\.\. |--- |\+\+\+ |\?\?\?\?\(|syscall_0x[0-9a-f]+\(|exit_group\()/;

interface Seen {
  count: number;
  values: Set<bigint> | undefined;
}

/**
 * Reads the output of `strace -f -e raw=all -o FILE`, in pieces of any size. It keeps a set of
 * calls, so memory does not grow with the trace. The traced program can write lines too: they add
 * no more than the calls they name would.
 */
export class TraceReader {
  readonly #calls = new Map<string, Seen>();
  readonly #modes = new Set<CallMode>();
  readonly #decoder = new TextDecoder('latin1');
  readonly #flagsOfClone: number;
  #rest = '';
  #isTooLong = false;
  #unread = 0;

  /** `architecture`: GOARCH of the traced image. */
  constructor(architecture: string) {
    this.#flagsOfClone = architecture === 's390x' ? 1 : 0;
  }

  push(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#whole(line);
    if (this.#rest.length > LONGEST_LINE) {
      this.#isTooLong = true;
      this.#rest = '';
    }
  }

  /** What was read so far, without a last line that was cut off. */
  trace(): Trace {
    return {
      calls: new Map([...this.#calls].map(([name, seen]) => [name, { ...seen }])),
      modes: new Set(this.#modes),
      unread: this.#unread,
    };
  }

  #whole(line: string): void {
    const wasCut = this.#isTooLong;
    this.#isTooLong = false;
    if (wasCut || line.length > LONGEST_LINE) {
      this.#unread++;
      return;
    }
    const [, name, args] = CALL.exec(line) ?? [];
    if (name !== undefined && args !== undefined) this.#note(name, args);
    else {
      const [, mode] = MODE.exec(line) ?? [];
      if (mode === '32 bit' || mode === 'x32') this.#modes.add(mode);
      else if (mode === undefined && !OTHER.test(line)) this.#unread++;
    }
  }

  #note(name: string, args: string): void {
    const known = this.#calls.get(name);
    if (known === undefined && this.#calls.size >= MOST_CALLS) return;
    const index = Object.hasOwn(OBSERVED, name) ? OBSERVED[name] : undefined;
    const seen = known ?? {
      count: 0,
      values: index === undefined ? undefined : new Set<bigint>(),
    };
    seen.count++;
    this.#calls.set(name, seen);
    if (index === undefined || seen.values === undefined) return;
    const value = valueOf(args.split(', ')[name === 'clone' ? this.#flagsOfClone : index]);
    if (value !== undefined) seen.values.add(value);
    if (value === undefined || seen.values.size > MOST_VALUES) seen.values = undefined;
  }
}

export function mergedTraces(traces: readonly Trace[]): Trace {
  const calls = new Map<string, SeenCall>();
  for (const [name, seen] of traces.flatMap((one) => [...one.calls])) {
    const known = calls.get(name);
    const values =
      known !== undefined && (known.values === undefined || seen.values === undefined)
        ? undefined
        : new Set([...(known?.values ?? []), ...(seen.values ?? [])]);
    const isKept = seen.values !== undefined && (values?.size ?? 0) <= MOST_VALUES;
    calls.set(name, {
      count: (known?.count ?? 0) + seen.count,
      values: isKept ? values : undefined,
    });
  }
  return {
    calls,
    modes: new Set(traces.flatMap(({ modes }) => [...modes])),
    unread: traces.reduce((sum, { unread }) => sum + unread, 0),
  };
}

function valueOf(text: string | undefined): bigint | undefined {
  return text !== undefined && /^(?:0x[0-9a-f]{1,16}|\d{1,19})$/.test(text)
    ? BigInt(text)
    : undefined;
}
