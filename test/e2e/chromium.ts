import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { until } from './until.ts';

interface Answer {
  readonly id?: number;
  readonly method?: string;
  /** The page that tells it. */
  readonly sessionId?: string;
  readonly params?: unknown;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

const FLAGS = [
  ...['--headless=new', '--no-sandbox', '--disable-gpu', '--remote-debugging-pipe'],
  '--hide-scrollbars',
  // What a browser asks its maker for on its own.
  ...['--no-first-run', '--disable-background-networking', '--disable-component-update'],
];

/** Ends a wait for what never comes. */
const inTime = () => ({ signal: AbortSignal.timeout(120_000) });

/**
 * A headless Chromium that shows pages of ours, spoken to over two pipes (Chrome DevTools
 * Protocol).
 */
export class Chromium {
  readonly #folder = mkdtempSync(join(tmpdir(), 'scoville-chromium-'));
  readonly #child: ChildProcess;
  readonly #in: Writable;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  /** An event for each that a page tells. */
  readonly #tells = new EventEmitter();
  #session: string | undefined;
  #last = 0;
  /** What the browser told since the page was opened. */
  readonly told: { readonly method: string; readonly params: unknown }[] = [];

  constructor() {
    this.#child = spawn('chromium', [...FLAGS, `--user-data-dir=${this.#folder}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    });
    this.#in = this.#child.stdio[3] as Writable;
    this.#read(this.#child.stdio[4] as Readable);
  }

  #read(out: Readable): void {
    let text = '';
    out.setEncoding('utf8').on('data', (chunk: string) => {
      const messages = (text + chunk).split('\0');
      text = messages.pop() ?? '';
      for (const message of messages) {
        const answer = JSON.parse(message) as Answer;
        if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
        // Pages that were open before may still have something to tell.
        else if (answer.method !== undefined && answer.sessionId === this.#session) {
          this.told.push({ method: answer.method, params: answer.params });
          this.#tells.emit(answer.method, answer.params);
        }
      }
    });
  }

  async send(method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> {
    const id = (this.#last += 1);
    const answer = new Promise<Answer>((done) => this.#waiting.set(id, done));
    this.#in.write(`${JSON.stringify({ id, method, params, sessionId: this.#session })}\0`);
    const { result, error } = await answer;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  /** Shows a page in a window of that width, in the scheme of colours that a reader may prefer. */
  async open(page: string, width: number, scheme: 'light' | 'dark', hash = ''): Promise<void> {
    const path = join(this.#folder, 'page.html');
    writeFileSync(path, page);
    await this.visit(`file://${path}${hash}`, width, scheme);
  }

  /** Shows what is at an address, as `open` shows a page. */
  async visit(url: string, width: number, scheme: 'light' | 'dark'): Promise<void> {
    this.#session = undefined;
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    this.#session = String(sessionId);
    this.told.length = 0;
    for (const domain of ['Page', 'Log', 'Runtime', 'Network']) await this.send(`${domain}.enable`);
    await this.send('Page.setLifecycleEventsEnabled', { enabled: true });
    this.told.length = 0;
    const size = { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 };
    await this.send('Emulation.setDeviceMetricsOverride', size);
    const features = [{ name: 'prefers-color-scheme', value: scheme }];
    await this.send('Emulation.setEmulatedMedia', { features });
    const loaded = once(this.#tells, 'Page.loadEventFired', inTime());
    await this.send('Page.navigate', { url });
    await loaded;
  }

  /** Waits until an expression is true in the page. */
  until(expression: string): Promise<void> {
    return until(expression, async () => (await this.value(expression)) === true);
  }

  /** Waits until the page has asked for nothing for half a second. */
  async idle(): Promise<void> {
    const isIdle = ({ method, params }: (typeof this.told)[number]): boolean =>
      method === 'Page.lifecycleEvent' && (params as { name: string }).name === 'networkIdle';
    while (!this.told.some(isIdle)) await once(this.#tells, 'Page.lifecycleEvent', inTime());
  }

  /** The value of an expression in the page. */
  async value(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { readonly value?: unknown }).value;
  }

  /** Addresses that were asked for, and what the console and the policy complained of. */
  complaints(): readonly string[] {
    const wanted = /^(Log\.entryAdded|Runtime\.(exceptionThrown|consoleAPICalled))$/;
    return this.told.filter(({ method }) => wanted.test(method)).map((one) => JSON.stringify(one));
  }

  requests(): readonly string[] {
    return this.told
      .filter(({ method }) => method === 'Network.requestWillBeSent')
      .map(
        ({ params }) => (params as { request: { url: string } }).request.url.split('#')[0] ?? '',
      );
  }

  /** The page as a PNG. */
  async picture(): Promise<Buffer> {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(String(data), 'base64');
  }

  async close(): Promise<void> {
    this.#session = undefined;
    const ended = once(this.#child, 'close');
    await this.send('Browser.close').catch(() => undefined);
    await ended;
    // Helpers of the browser's outlive it by a moment, and write.
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}
