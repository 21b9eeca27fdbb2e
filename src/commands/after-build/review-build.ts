import { EXIT, messageOf, UserError } from '../../model/errors.ts';
import type { EventSink } from '../../model/events.ts';
import { writeFixFiles } from '../../pipeline/fix/fix-files.ts';
import { type FixTask, planFixes } from '../../pipeline/fix/plan-fixes.ts';
import { settleWanted } from '../../pipeline/fix/settle-fixes.ts';
import { build as runBuild, type BuildResult } from '../../pipeline/image-build/build.ts';
import type { ParsedBuild } from '../../plans/flags/parse-build-args.ts';
import { cleanForTerminal, cleanLines } from '../../ui/clean.ts';
import { marksOf } from '../../ui/marks.ts';
import type { CardView, ReviewWork } from '../../ui/review-model.ts';
import { reviewElement } from '../../ui/review-screen.tsx';
import { show } from '../../ui/whole-screen.ts';
import { pipelineContext } from '../context.ts';
import { editChoices, worthText } from '../fix/fix-choice.ts';
import { cardView } from '../fix/review-card.ts';
import { interrupt, terminalOf } from '../interactivity.ts';
import type { CommandIo } from '../io.ts';
import { isUtf8 } from '../reports.ts';
import { fixRequestOf } from './ready-edits.ts';

/** A build that was judged. */
type Judged = Extract<BuildResult, { kind: 'done' | 'short' }>;

/** What a person has left behind. */
interface Reviewed {
  /** The last build that was judged. */
  readonly judged: Judged;
  /** Of a build after that one, which failed. */
  readonly exitCode?: number;
}

/** Shows findings and edits of a build on a whole screen (`--review`); gives how the last build ended. */
export async function reviewBuild(
  first: Judged,
  parsed: ParsedBuild,
  io: CommandIo,
): Promise<Reviewed> {
  const scorecard = first.report?.scorecard;
  if (scorecard === undefined) return { judged: first };
  const terminal = terminalOf(io);
  const session = new Session(first, parsed, io);
  await show(terminal, true, (done: (value: null) => void) =>
    reviewElement({
      card: cardView(scorecard, first.judged.before),
      work: session,
      marks: marksOf(isUtf8(io)),
      start: 'card',
      onEnd: () => {
        done(null);
      },
      onInterrupt: interrupt,
    }),
  );
  for (const line of session.written) io.writeErr(`${cleanForTerminal(line)}\n`);
  io.signal.throwIfAborted();
  const { last, failure } = session;
  if (failure === undefined) return { judged: last };
  io.writeErr(`${cleanLines(failure.said.join('\n'))}\n`);
  return { judged: last, exitCode: failure.exitCode };
}

/** The work of one screen: plans edits, writes them, builds again. */
class Session implements ReviewWork {
  readonly written: string[] = [];
  last: Judged;
  /** Of the last build, where it came to nothing. */
  failure: { readonly exitCode: number; readonly said: readonly string[] } | undefined;
  readonly #parsed: ParsedBuild;
  readonly #io: CommandIo;
  #task: FixTask | undefined;

  constructor(first: Judged, parsed: ParsedBuild, io: CommandIo) {
    this.last = first;
    this.#parsed = parsed;
    this.#io = io;
  }

  readonly edits: ReviewWork['edits'] = async () => {
    const request = fixRequestOf(this.#parsed, this.last.judged.settings, this.#io);
    if (request === undefined)
      throw new UserError('the Dockerfile is not in a folder of yours: it cannot be edited here');
    this.#task = await planFixes(this.#context(), request);
    return editChoices(this.#task);
  };

  readonly worth: ReviewWork['worth'] = (ids) =>
    this.#task === undefined ? undefined : worthText(this.#task, ids);

  readonly apply: ReviewWork['apply'] = async (ids) => {
    if (this.#task === undefined) throw new Error('edits are planned before they are applied');
    const { files } = await settleWanted(this.#task, ({ id }) => ids.includes(id));
    const written = await writeFixFiles(this.#context(), this.#task.opened, files);
    this.written.push(
      ...written.map(({ name, keptAt }) =>
        keptAt === undefined ? `written: ${name}` : `written: ${name}; as it was: ${keptAt}`,
      ),
    );
    return written.map(({ name }) => `written: ${name}`);
  };

  readonly rebuild = async (sink: EventSink): Promise<CardView | string> => {
    const before = this.last.report?.scorecard.criteria;
    const said: string[] = [];
    const result = await runBuild(
      pipelineContext(this.#io, (event) => {
        if (event.kind === 'raw') said.push(event.text);
        sink(event);
      }),
      this.#parsed,
      this.#io.stdin,
    ).catch((error: unknown) => {
      const exitCode = error instanceof UserError ? error.exitCode : EXIT.failed;
      this.failure = { exitCode, said: [`scoville: ${messageOf(error)}`] };
      throw error;
    });
    if (result.kind === 'buildx') {
      this.failure = { exitCode: result.exitCode, said };
      const why = said.findLast((line) => line.trim() !== '') ?? `exit code ${result.exitCode}`;
      return `the build failed: ${why}`;
    }
    this.failure = undefined;
    if (result.kind === 'planned' || result.report === undefined) return 'nothing was graded';
    this.last = result;
    return cardView(result.report.scorecard, before);
  };

  #context(): ReturnType<typeof pipelineContext> {
    return pipelineContext(this.#io, () => undefined);
  }
}
