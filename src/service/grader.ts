// eslint-disable-next-line no-restricted-imports -- run-tool.ts starts tools and waits for their end; this one is ours, lives long, and is spoken with
import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { messageOf } from '../lib/errors.ts';
import { given } from '../lib/json.ts';
import { makeFolders } from '../lib/make-folders.ts';
import type { ImageContents } from '../model/report.ts';
import type { MadeGrade, RegistryRule, ServiceSettings } from './deps.ts';
import type { SharedFacts } from './layer-facts.ts';
import type { AskError, ImageName } from './shapes.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

export interface GradeRequest {
  readonly image: ImageName;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** What is known of this digest may count; only vulnerabilities and age are looked up. */
  readonly isAgain?: boolean;
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
  /** The registry does not have the image. */
  readonly gone?: boolean;
};

export type GraderAnswer = { readonly ok: true; readonly made: Made } | GradeFailure;

/** Settings of a grader process: sent over its pipe, since they contain passwords. */
export interface GraderStart {
  readonly home: string;
  readonly registries: readonly RegistryRule[];
  readonly trust: ServiceSettings['trust'];
  readonly layerBytes: number;
  /** Bytes of memory that parsed facts may take. */
  readonly heldBytes: number;
  readonly osvUrl?: string;
}

export type ToGrader =
  | { readonly kind: 'start'; readonly start: GraderStart }
  | { readonly kind: 'grade'; readonly request: GradeRequest }
  | { readonly kind: 'facts'; readonly id: number; readonly packed?: string };

export type FromGrader =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly line: string }
  | { readonly kind: 'get-facts'; readonly id: number; readonly key: string }
  | { readonly kind: 'put-facts'; readonly key: string; readonly packed: string }
  /** Dates as text. */
  | { readonly kind: 'answer'; readonly answer: GradeFailure | SentGrade };

export interface SentGrade {
  readonly ok: true;
  readonly made: Omit<Made, 'advisoriesAt' | 'builtAt'>;
  readonly advisoriesAt?: string;
  readonly builtAt?: string;
}

export interface GraderOptions {
  readonly settings: Pick<ServiceSettings, 'registries' | 'trust' | 'bounds'>;
  /** Its caches and files; nothing of a user's own is read. */
  readonly home: string;
  readonly facts: SharedFacts;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly osvUrl?: string;
  /** The bundle of grader-process.ts; beside this code where not given. */
  readonly file?: URL;
  /** Grades after which a process is replaced. */
  readonly mostGrades?: number;
}

/** Of the service's environment: how the network is reached, and where programs are. */
const PASSED =
  /^(?:PATH|TMPDIR|LANG|TZ|SSL_CERT_(?:FILE|DIR)|NODE_EXTRA_CA_CERTS|(?:https?|no)_proxy)$/i;
const MOST_GRADES = 1000;
const WATCH_MS = 200;
const LOOK_MS = 1000;
const MIB = 1024 * 1024;
/** Of the memory of a process: what JavaScript may take, and above what it is replaced. */
const HEAP_SHARE = 0.7;
const WORN_SHARE = 0.6;

function graderFile(here: string = import.meta.url): URL {
  const found = ['./grader-process.js', '../grader-process.js']
    .map((path) => new URL(path, here))
    .find((url) => url.protocol === 'file:' && existsSync(url));
  if (found === undefined) throw new Error('grader-process.js is missing');
  return found;
}

interface Running {
  readonly child: ChildProcess;
  /** Called when it can grade: its start does not count as time of a grade. */
  ready: ((running: Running) => void) | undefined;
  /** Called with the answer, or with why there is none. */
  answered: ((answer: GraderAnswer) => void) | undefined;
  onProgress: ((line: string) => void) | undefined;
  grades: number;
  /** When its memory was last measured, and its size. */
  looked: number;
  bytes: number;
}

/**
 * Grades images in a process of its own, one at a time, since layers are hostile. A process that
 * takes too much memory or time is killed, and the grade fails. The next grade gets a new one.
 */
export class Grader {
  readonly #options: GraderOptions;
  #running: Running | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: GraderOptions) {
    this.#options = options;
  }

  /** Of the process, if there is one now. */
  get pid(): number | undefined {
    return this.#running?.child.pid;
  }

  /** Never rejects. Waits for the grade before it. An abort kills the process. */
  grade(
    request: GradeRequest,
    hooks: {
      readonly onProgress?: (line: string) => void;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<GraderAnswer> {
    const answer = this.#last.then(() => this.#grade(request, hooks));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  /** Ends the process; a grade under way fails. */
  close(): void {
    if (this.#running !== undefined) this.#end(this.#running, failed('inner', 'it was stopped'));
  }

  async #grade(
    request: GradeRequest,
    { onProgress, signal }: NonNullable<Parameters<Grader['grade']>[1]>,
  ): Promise<GraderAnswer> {
    const { seconds, memory } = this.#options.settings.bounds;
    if (signal?.aborted === true) return failed('inner', 'it was stopped');
    let running: Running;
    try {
      running = this.#running ??= await this.#start();
    } catch (error) {
      return failed('inner', `no grader: ${messageOf(error)}`);
    }
    running.onProgress = onProgress;
    const end = (failure: GradeFailure): void => {
      this.#end(running, failure);
    };
    const onAbort = (): void => {
      end(failed('inner', 'it was stopped'));
    };
    const timer = setTimeout(() => {
      end(failed('bounds', `it took more than ${seconds} seconds`));
    }, seconds * 1000);
    const watch = setInterval(() => {
      void look(running).then(() => {
        if (running.bytes > memory && running.answered !== undefined) end(tooLarge(memory));
      });
    }, WATCH_MS);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await new Promise<GraderAnswer>((resolve) => {
        running.answered = resolve;
        // It may have ended, and the signal may have come, while it was waited for.
        if (signal?.aborted === true) onAbort();
        else if (running.child.connected) send(running.child, { kind: 'grade', request });
        else end(failed('inner', 'the process that grades ended'));
      });
    } finally {
      clearTimeout(timer);
      clearInterval(watch);
      signal?.removeEventListener('abort', onAbort);
      running.answered = running.onProgress = undefined;
      running.grades += 1;
      if (this.#running === running && (await this.#isWorn(running))) this.#end(running);
    }
  }

  async #isWorn(running: Running): Promise<boolean> {
    const { settings, mostGrades = MOST_GRADES } = this.#options;
    // Most grades take some milliseconds, and change little.
    if (performance.now() - running.looked > LOOK_MS) await look(running);
    return running.grades >= mostGrades || running.bytes > settings.bounds.memory * WORN_SHARE;
  }

  async #start(): Promise<Running> {
    const { settings, home, env, osvUrl, file = graderFile() } = this.#options;
    const { registries, trust, bounds } = settings;
    await makeFolders(home);
    const child = fork(file, [], {
      // No folder of a project, so that no project's settings count.
      cwd: home,
      env: {
        ...Object.fromEntries(Object.entries(env).filter(([name]) => PASSED.test(name))),
        HOME: home,
        SCOVILLE_HOME: home,
      },
      execArgv: [`--max-old-space-size=${Math.floor((bounds.memory * HEAP_SHARE) / MIB)}`],
      // A group of its own, which ends with what it started; Ctrl-C reaches the service alone.
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const running: Running = {
      ...{
        child,
        ready: undefined,
        answered: undefined,
        onProgress: undefined,
        grades: 0,
        looked: 0,
        bytes: 0,
      },
    };
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-4000);
    });
    child.on('message', (message) => {
      this.#take(running, message as FromGrader);
    });
    child.once('error', (error) => {
      this.#end(running, failed('inner', `no grader: ${messageOf(error)}`));
    });
    child.once('exit', () => {
      // V8 ends the process itself where its heap is full.
      const isFull = /heap out of memory|Array buffer allocation failed/.test(said);
      const why = failed('bounds', 'the process that reads its layers ended while it was graded');
      this.#end(running, isFull ? tooLarge(bounds.memory) : why);
    });
    const start: GraderStart = {
      ...{ home, registries, trust, layerBytes: bounds.layerBytes },
      heldBytes: bounds.memory / 8,
      ...given({ osvUrl }),
    };
    send(child, { kind: 'start', start });
    return new Promise((ready, failing) => {
      running.ready = ready;
      child.once('exit', () => {
        failing(new Error(said.trim().split('\n').at(-1) ?? 'it ended'));
      });
      child.once('error', failing);
    });
  }

  #take(running: Running, message: FromGrader): void {
    switch (message.kind) {
      case 'ready':
        running.ready?.(running);
        return;
      case 'progress':
        running.onProgress?.(message.line);
        return;
      case 'get-facts':
        void this.#sendFacts(running.child, message.id, message.key);
        return;
      case 'put-facts':
        // If that fails, another process reads the layer again.
        this.#options.facts
          .put(message.key, Buffer.from(message.packed, 'base64'))
          .catch(() => undefined);
        return;
      case 'answer': {
        const { answer } = message;
        running.answered?.(answer.ok ? received(answer) : answer);
      }
    }
  }

  async #sendFacts(child: ChildProcess, id: number, key: string): Promise<void> {
    const found = await this.#options.facts.get(key).catch(() => undefined);
    const packed = found && Buffer.from(found).toString('base64');
    send(child, { kind: 'facts', id, ...given({ packed }) });
  }

  #end(running: Running, answer?: GradeFailure): void {
    if (this.#running === running) this.#running = undefined;
    const { child } = running;
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined)
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        child.kill('SIGKILL');
      }
    if (answer !== undefined) running.answered?.(answer);
  }
}

async function look(running: Running): Promise<void> {
  running.bytes = await residentBytes(running.child.pid);
  running.looked = performance.now();
}

function send(child: ChildProcess, message: ToGrader): void {
  // A process that ended says so by its end.
  if (child.connected) child.send(message, () => undefined);
}

function received({ made, advisoriesAt, builtAt }: SentGrade): GraderAnswer {
  const dates = {
    advisoriesAt: advisoriesAt === undefined ? undefined : new Date(advisoriesAt),
    builtAt: builtAt === undefined ? undefined : new Date(builtAt),
  };
  return { ok: true, made: { ...made, ...given(dates) } };
}

export function failed(kind: GradeFailure['kind'], message: string): GradeFailure {
  return { ok: false, kind, message };
}

function tooLarge(memory: number): GradeFailure {
  return failed('bounds', `it took more than ${Math.round(memory / MIB)} MiB of memory`);
}

/** Memory of a process, its threads included; 0 where that is not known, as on macOS. */
export async function residentBytes(pid: number | undefined): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(text)?.[1] ?? 0) * 1024;
}
