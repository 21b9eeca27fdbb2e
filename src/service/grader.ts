// eslint-disable-next-line no-restricted-imports -- run-tool.ts starts tools and waits for their end; this one is ours, lives long, and is spoken with
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { messageOf } from '../lib/errors.ts';
import { isObject } from '../lib/json.ts';
import { makeFolders } from '../lib/make-folders.ts';
import { type Fact, known, unknownFact, type Vulnerability } from '../model/facts.ts';
import type { ImageContents } from '../model/report.ts';
import type { Credentials } from './hands.ts';
import type { GradeRecord, MadeGrade } from './record-rows.ts';
import type { ServiceSettings } from './settings.ts';
import type { AskError, ImageName } from './shapes.ts';

export interface GradeRequest {
  readonly image: ImageName;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** For this grade alone, instead of those of settings: never kept, nor logged. */
  readonly credentials?: Credentials;
}

/** What pages, reports and Harbor show besides the scorecard; the same while nothing changes. */
export interface GradeReport {
  readonly contents: readonly ImageContents[];
}

export type Made = MadeGrade & { readonly report: GradeReport };

/** Only `registry` is worth another try. */
export type GradeFailure = AskError & {
  readonly ok: false;
  readonly kind: 'image' | 'registry' | 'bounds' | 'inner';
  readonly gone?: boolean;
};

/** Tags, as the database names them: of those whose digest is known, vulnerabilities and age. */
export type AgainRequest = Pick<GradeRequest, 'now'> & { readonly names: readonly string[] };
export type MadeAgain = ReadonlyMap<string, GradeRecord>;

export type GraderAnswer<M = Made> = { readonly ok: true; readonly made: M } | GradeFailure;

/** First settings, over its pipe since they contain passwords; then images, and facts by key. */
export type ToGrader =
  | Pick<GraderOptions, 'home' | 'settings'>
  | GradeRequest
  | AgainRequest
  | { readonly key: string; readonly packed?: Uint8Array | undefined };

/** First `ready`. The service has the database: it is asked for facts. */
export type FromGrader =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly line: string }
  | { readonly kind: 'get'; readonly key: string }
  | { readonly kind: 'put'; readonly key: string; readonly packed: Uint8Array }
  | { readonly kind: 'answer'; readonly answer: GraderAnswer<Made | MadeAgain> };

/** The table that all workers share, by keys that say the schema. */
export interface SharedFacts {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, facts: Uint8Array): Promise<void>;
}

export interface GraderOptions {
  readonly settings: Pick<ServiceSettings, 'registries' | 'trust' | 'bounds' | 'osv'>;
  /** Its caches and files; nothing of a user's own is read. */
  readonly home: string;
  readonly facts: SharedFacts;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The bundle of grader-process.ts; beside this code where not given. */
  readonly file?: URL;
}

/** Of the service's environment: how the network is reached, and where programs are. */
const PASSED =
  /^(?:PATH|TMPDIR|LANG|TZ|SSL_CERT_(?:FILE|DIR)|NODE_EXTRA_CA_CERTS|(?:https?|no)_proxy)$/i;
const BUNDLE = ['./grader-process.js', '../grader-process.js']
  .map((path) => new URL(path, import.meta.url))
  .find((url) => existsSync(url));
const WATCH_MS = 200;
const MIB = 1024 * 1024;
/** Of the memory of a process: what JavaScript may take, and above what it is replaced. */
const HEAP_SHARE = 0.7;
const WORN_SHARE = 0.6;

type HowToGrade = Pick<Running, 'onProgress'> & { readonly signal?: AbortSignal };

interface Running {
  readonly child: ChildProcess;
  /** Fulfilled when it can grade: its start does not count as time of a grade. */
  readonly ready: Promise<unknown>;
  /** Called with the answer to the grade under way, or with why there is none. */
  answered?: ((answer: GraderAnswer<Made | MadeAgain>) => void) | undefined;
  onProgress?: ((line: string) => void) | undefined;
}

/**
 * Grades images in a process of its own, since layers are hostile. A process that takes too much
 * memory or time is killed, and the grade fails. The next grade gets a new one.
 */
export class Grader {
  readonly #options: GraderOptions;
  #running: Running | undefined;

  constructor(options: GraderOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#running?.child.pid;
  }

  /** Never rejects. One at a time: the caller waits for its end. An abort kills the process. */
  grade(request: GradeRequest, how?: HowToGrade): Promise<GraderAnswer>;
  grade(request: AgainRequest): Promise<GraderAnswer<MadeAgain>>;
  async grade(
    request: GradeRequest | AgainRequest,
    { onProgress, signal }: HowToGrade = {},
  ): Promise<GraderAnswer<Made | MadeAgain>> {
    const { settings, home } = this.#options;
    const { seconds, memory } = settings.bounds;
    let running: Running;
    try {
      if (this.#running === undefined) await makeFolders(home);
      running = this.#running ??= this.#start();
      await running.ready;
    } catch (error) {
      return failed('inner', `no grader: ${messageOf(error)}`);
    }
    const { child } = running;
    const began = performance.now();
    const watch = setInterval(() => {
      if (performance.now() - began > seconds * 1000)
        this.#end(running, failed('bounds', `it took more than ${seconds} seconds`));
      else
        void residentBytes(child.pid).then((bytes) => {
          if (bytes > memory) this.#end(running, tooLarge(memory));
        });
    }, WATCH_MS);
    const stop = (): void => {
      this.#end(running, STOPPED);
    };
    signal?.addEventListener('abort', stop, { once: true });
    try {
      return await new Promise<GraderAnswer<Made | MadeAgain>>((resolve) => {
        Object.assign(running, { answered: resolve, onProgress });
        // It may have come while the process started.
        if (signal?.aborted === true) stop();
        else send(child, request);
      });
    } finally {
      clearInterval(watch);
      signal?.removeEventListener('abort', stop);
      running.answered = running.onProgress = undefined;
      if ((await residentBytes(child.pid)) > memory * WORN_SHARE) this.#end(running);
    }
  }

  /** Ends the process; a grade under way fails. */
  close(): void {
    if (this.#running !== undefined) this.#end(this.#running, STOPPED);
  }

  #start(): Running {
    const { settings, home, env, facts, file = BUNDLE ?? '' } = this.#options;
    const { memory } = settings.bounds;
    const child = fork(file, [], {
      // No folder of a project, so that no project's settings count.
      cwd: home,
      env: {
        ...Object.fromEntries(Object.entries(env).filter(([name]) => PASSED.test(name))),
        HOME: home,
        SCOVILLE_HOME: home,
      },
      execArgv: [`--max-old-space-size=${Math.floor((memory * HEAP_SHARE) / MIB)}`],
      serialization: 'advanced',
      // A group of its own, which ends with what it started; Ctrl-C reaches the service alone.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-4000);
    });
    const ready = new Promise((begun, failing) => {
      child.once('message', begun).once('error', failing);
      child.once('exit', () => {
        failing(new Error(/^\w*Error.*$/m.exec(said)?.[0] ?? 'it ended'));
      });
    });
    const running: Running = { child, ready };
    child.on('message', (message: FromGrader) => {
      if (message.kind === 'progress') running.onProgress?.(message.line);
      else if (message.kind === 'answer') running.answered?.(message.answer);
      // If that fails, another process reads the layer again.
      else if (message.kind === 'put') facts.put(message.key, message.packed).catch(nothing);
      else if (message.kind === 'get') {
        const { key } = message;
        const found = facts.get(key).catch(() => undefined);
        void found.then((packed) => send(child, { key, packed }));
      }
    });
    child.on('error', () => {
      this.#end(running);
    });
    child.once('exit', () => {
      // V8 ends the process itself where its heap is full.
      const isFull = /heap out of memory|Array buffer allocation failed/.test(said);
      const why = failed('bounds', 'the process that reads its layers ended while it was graded');
      this.#end(running, isFull ? tooLarge(memory) : why);
    });
    send(child, { home, settings });
    return running;
  }

  #end(running: Running, failure?: GradeFailure): void {
    if (this.#running === running) this.#running = undefined;
    const { child } = running;
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined)
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        child.kill('SIGKILL');
      }
    if (failure !== undefined) running.answered?.(failure);
  }
}

/** A process that ended says so by its end. */
function send(child: ChildProcess, message: ToGrader): boolean {
  return child.send(message, nothing);
}

const nothing = (): void => undefined;

export function failed(kind: GradeFailure['kind'], message: string): GradeFailure {
  return { ok: false, kind, message };
}

const STOPPED = failed('inner', 'it was stopped');

function tooLarge(memory: number): GradeFailure {
  return failed('bounds', `it took more than ${Math.round(memory / MIB)} MiB of memory`);
}

/** Memory of a process, its threads included; 0 where that is not known, as on macOS. */
export async function residentBytes(pid: number | undefined): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
}

/** What it wrote into a report; of a grade that came as a verdict there is none. */
export function contentsOf(report: unknown): GradeReport['contents'] {
  return isObject(report) ? ((report as Partial<GradeReport>).contents ?? []) : [];
}

/** Of all platforms, each once; unknown where one was not scanned. */
export function vulnerabilitiesOf(report: unknown): Fact<readonly Vulnerability[]> {
  const found = new Map<string, Vulnerability>();
  const contents = contentsOf(report);
  if (contents.length === 0) return unknownFact('the grade came without its contents');
  for (const { facts } of contents) {
    const fact = facts.vulnerabilities;
    if (!fact.known) return fact;
    if (fact.value.notScanned !== undefined) return unknownFact(fact.value.notScanned);
    for (const one of fact.value.vulnerabilities)
      found.set(`${one.id} ${one.package} ${one.version}`, one);
  }
  return known([...found.values()], 'scanner');
}
