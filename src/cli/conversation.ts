import { type PipelineContext, isCi, isSet } from '../model/context.ts';
import type { EventSink } from '../model/events.ts';
import type { Terminal } from '../ui/ink-surface.tsx';
import { lazySurface, liveLog } from '../ui/live-log.ts';
import { ciLog, ciMarks, plainLog } from '../ui/plain-log.ts';
import { cleanForTerminal, cleanLines, marksOf } from '../ui/text.ts';
import { type CommandIo, isAtTerminal } from './io.ts';
import { pathsOf } from './paths.ts';
import { isUtf8 } from './render-report.ts';
import { isTyped, terminalJob } from './terminal-job.ts';
import { toolRunner } from './tool-runner.ts';
import { VERSION } from './version.ts';

/** Without `emit` nothing is shown of what happens. */
export function pipelineContext(io: CommandIo, emit: EventSink = () => undefined): PipelineContext {
  return {
    run: toolRunner(io),
    env: io.env,
    cwd: io.cwd,
    now: io.now,
    emit,
    signal: io.signal,
    paths: pathsOf(io),
    version: VERSION,
    isPerson: isAtTerminal(io),
  };
}

type Outside = Pick<CommandIo, 'env' | 'inIsTerminal' | 'outIsTerminal' | 'errIsTerminal'>;

/** True where stderr lines may be redrawn: a terminal with a cursor, a person, not plain text. */
function canDraw({ env, errIsTerminal }: Pick<Outside, 'env' | 'errIsTerminal'>): boolean {
  return (
    errIsTerminal &&
    env['TERM'] !== 'dumb' &&
    !isSet(env, 'SCOVILLE_ACCESSIBLE') &&
    !isSet(env, 'INK_SCREEN_READER') &&
    !isCi(env)
  );
}

/** True where a screen may take keys and the whole terminal: all three streams are the terminal. */
export function canAsk(io: Outside): boolean {
  return canDraw(io) && io.inIsTerminal && io.outIsTerminal;
}

export function terminalOf(io: CommandIo): Terminal {
  return { output: process.stderr, input: process.stdin, color: io.color, signal: io.signal };
}

/** Ctrl-C comes as a key while a screen reads keys: it goes the way of a signal. */
export function interrupt(): void {
  process.kill(process.pid, 'SIGINT');
}

export async function isForPerson(
  io: CommandIo,
  asked: { readonly style: string; readonly interactive: boolean; readonly json: boolean },
): Promise<boolean> {
  const isDrawn = asked.style === 'auto' || asked.style === 'tty';
  const isPerson = isDrawn && asked.interactive && !asked.json && canAsk(io);
  if (!isPerson) return false;
  // In a script, whose next line would wait, nobody typed it.
  const job = await terminalJob(toolRunner(io), process.pid);
  return job !== undefined && isTyped(job, io.docker !== undefined);
}

interface Conversation {
  readonly sink: EventSink;
  readonly stop: () => void;
}

/** The way progress is shown; `quiet` shows warnings only, `rawjson` BuildKit's own stream. */
export type ShownAs = 'auto' | 'plain' | 'tty' | 'rawjson' | 'quiet' | 'none';

/** Picks the log: live in a terminal, lines elsewhere and where the cursor cannot move. */
export async function conversation(
  io: CommandIo,
  shownAs: ShownAs,
  interactive: boolean,
): Promise<Conversation> {
  const nothing = (): void => undefined;
  if (shownAs === 'quiet' || shownAs === 'none') return { sink: warningsOnly(io), stop: nothing };
  if (shownAs === 'rawjson') return { sink: rawOnly(io), stop: nothing };
  if (shownAs !== 'plain' && interactive && canDraw(io)) return drawn(io);
  const marks = shownAs === 'auto' && !io.errIsTerminal ? ciMarks(io.env) : undefined;
  return marks === undefined
    ? { sink: plainLog(io.writeErr), stop: nothing }
    : ciLog(io.writeErr, marks, io.now);
}

/** Runs with its progress shown on stderr; the terminal is as it was when that ends. */
export async function withProgress<T>(
  io: CommandIo,
  run: (context: PipelineContext) => Promise<T>,
  shownAs: ShownAs = 'auto',
  interactive = true,
): Promise<T> {
  const talk = await conversation(io, shownAs, interactive);
  try {
    const context = pipelineContext(io, talk.sink);
    // Nobody would see what there is to do.
    const isSilent = shownAs === 'rawjson' || shownAs === 'none';
    return await run(isSilent ? { ...context, isPerson: false } : context);
  } finally {
    talk.stop();
  }
}

async function drawn(io: CommandIo): Promise<Conversation> {
  const [{ createColors }, { fitted }] = await Promise.all([
    import('picocolors').then((colors) => colors.default),
    import('../report/text-width.ts'),
  ]);
  const marks = marksOf(isUtf8(io));
  const log = liveLog({
    surface: lazySurface({
      write: io.writeErr,
      load: async () => {
        const { inkSurface } = await import('../ui/ink-surface.tsx');
        return () => inkSurface({ stream: process.stderr, color: io.color, marks });
      },
      now: io.now,
    }),
    columns: () => (process.stderr.isTTY ? process.stderr.columns : io.columns),
    style: createColors(io.color),
    marks,
    now: io.now,
    fit: (text, columns) => fitted(text, columns, marks.ellipsis),
  });
  // A second Ctrl-C ends the process at once; the cursor must come back then too.
  process.once('exit', log.stop);
  const stop = (): void => {
    process.removeListener('exit', log.stop);
    log.stop();
  };
  return { sink: log.sink, stop };
}

function warningsOnly(io: CommandIo): EventSink {
  return (event) => {
    if (event.kind === 'raw') io.writeErr(`${cleanLines(event.text)}\n`);
    if (event.kind !== 'warning') return;
    io.writeErr(`scoville: warning: ${cleanForTerminal(event.text)}\n`);
    if (event.nextStep !== undefined) io.writeErr(`  next: ${cleanForTerminal(event.nextStep)}\n`);
  };
}

function rawOnly(io: CommandIo): EventSink {
  return (event) => {
    if (event.kind === 'build-json') io.writeErr(`${event.text}\n`);
  };
}
