/** Exit codes: 0 met, 1 judged and short of the gate, 2 not judged or bad usage, 130 on Ctrl-C. */
export const EXIT = { met: 0, short: 1, failed: 2, interrupted: 130 } as const;

/** Something the user can fix: what happened, and the next step that fixes it. */
export class UserError extends Error {
  override readonly name = 'UserError';
  /** The one next step: a command, a flag or a place to look. */
  readonly nextStep: string | undefined;
  readonly exitCode: number;

  constructor(
    message: string,
    options: { nextStep?: string; cause?: unknown; exitCode?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.nextStep = options.nextStep;
    this.exitCode = options.exitCode ?? EXIT.failed;
  }
}

/** A tool that we started ended badly, with the tail of its stderr. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
  readonly stderrTail: string;
  readonly nextStep: string | undefined;

  constructor(
    message: string,
    details: { stderrTail: string; nextStep?: string; cause?: unknown },
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.stderrTail = details.stderrTail;
    this.nextStep = details.nextStep;
  }
}

/** The proxy on the way failed, not the server; `proxy` is its host and port, no password. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly proxy: string;
  /** `it answered 407`, or the code of the system's error. */
  readonly why: string;

  constructor(proxy: string, why: string, cause: unknown) {
    super(`no way through the proxy ${proxy}: ${why}`, { cause });
    this.proxy = proxy;
    this.why = why;
  }

  /** What to do about it. */
  get nextStep(): string {
    if (/ 407$|password/i.test(this.why)) {
      const scheme = this.why.endsWith(' 407') ? 'http' : 'socks5';
      return `put the user and password of the proxy into its address: HTTPS_PROXY=${scheme}://USER:PASSWORD@HOST:PORT`;
    }
    return /\b403$/.test(this.why)
      ? 'ask who runs the proxy to allow this host'
      : 'check HTTPS_PROXY and HTTP_PROXY, or add the host to NO_PROXY';
  }
}

/** The user pressed Ctrl-C, or a signal asked us to end. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** The message of anything thrown, on one line. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** True where the system, or a tool by its words, says that a disk or a quota is full. */
export function isDiskFull(thrown: unknown): boolean {
  return /no space left|disk quota/i.test(messageOf(thrown));
}
