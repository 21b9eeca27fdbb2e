import type { EventSink } from '../model/events.ts';
import type { PipelineContext } from '../pipeline/context.ts';
import { ciLog } from '../ui/ci-log.ts';
import { ciMarks } from '../ui/ci-marks.ts';
import { cleanForTerminal, cleanLines } from '../ui/clean.ts';
import { lazySurface } from '../ui/lazy-surface.ts';
import { liveLog } from '../ui/live-log.ts';
import { marksOf } from '../ui/marks.ts';
import { plainLog } from '../ui/plain-log.ts';
import { pipelineContext } from './context.ts';
import { canDraw } from './interactivity.ts';
import type { CommandIo } from './io.ts';
import { isUtf8 } from './reports.ts';

/** How a command's progress is shown on stderr, and how to leave the terminal as it was. */
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
    import('../reporters/terminal/text-width.ts'),
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
