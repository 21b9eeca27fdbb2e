import { nextSteps } from '../../grading/next-steps.ts';
import type { Scored } from '../../grading/score.ts';
import { EXIT, messageOf, UserError } from '../../model/errors.ts';
import type { EventSink } from '../../model/events.ts';
import type { Scorecard } from '../../model/scorecard.ts';
import { applyWanted } from '../../pipeline/fix/apply-fixes.ts';
import { writeFixFiles } from '../../pipeline/fix/fix-files.ts';
import { type FixTask, planFixes } from '../../pipeline/fix/plan-fixes.ts';
import { type FixedFile, undoFix } from '../../pipeline/fix/undo-fix.ts';
import { build as runBuild, type BuildResult } from '../../pipeline/image-build/build.ts';
import type { ParsedBuild } from '../../plans/flags/parse-build-args.ts';
import { cleanForTerminal, cleanLines } from '../../ui/clean.ts';
import { marksOf } from '../../ui/marks.ts';
import type { CardView, ReviewWork } from '../../ui/review-model.ts';
import { reviewElement } from '../../ui/review-screen.tsx';
import { show } from '../../ui/whole-screen.ts';
import { pipelineContext } from '../context.ts';
import { editChoices, worthText } from '../fix/fix-choice.ts';
import { writtenLines } from '../fix/fix-undo.ts';
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

/** Shows a build's findings and edits full screen (`--review`); gives how the last build ended. */
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
      card: session.view(scorecard, first.judged.before),
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

/** A build that came to nothing: what it said, whole. */
interface Failure {
  readonly exitCode: number;
  readonly said: readonly string[];
}

/** The work of one screen: plans edits, writes them, builds again. */
class Session implements ReviewWork {
  readonly written: string[] = [];
  last: Judged;
  /** Of the last build, where it came to nothing. */
  failure: Failure | undefined;
  /** Written for the build that comes. */
  #unproven: readonly FixedFile[] = [];
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
    const { files } = await applyWanted(this.#task, ({ id }) => ids.includes(id));
    const written = await writeFixFiles(this.#context(), this.#task.opened, files);
    this.#unproven = written;
    this.written.push(...writtenLines(this.#task.opened, written));
    return written.map(({ name }) => `written: ${name}`);
  };

  readonly rebuild: ReviewWork['rebuild'] = async (sink) => {
    const said: string[] = [];
    const ended = await this.#build(sink, said);
    if ('judged' in ended) {
      this.failure = undefined;
      this.#unproven = [];
      const before = this.last.report?.scorecard.criteria;
      this.last = ended.judged;
      return this.view(ended.scorecard, before);
    }
    this.failure = ended;
    return { failed: [...ended.said, ...(await this.#takeBack())] };
  };

  async #build(
    sink: EventSink,
    said: string[],
  ): Promise<Failure | { readonly judged: Judged; readonly scorecard: Scorecard }> {
    const context = pipelineContext(this.#io, (event) => {
      if (event.kind === 'raw') said.push(event.text);
      sink(event);
    });
    try {
      const result = await runBuild(context, this.#parsed, this.#io.stdin);
      if (result.kind === 'buildx') return { exitCode: result.exitCode, said };
      if (result.kind !== 'planned' && result.report !== undefined)
        return { judged: result, scorecard: result.report.scorecard };
      return { exitCode: EXIT.failed, said: ['nothing was graded'] };
    } catch (error) {
      // What was picked and not proven must not stay behind a build that was stopped, either.
      if (this.#io.signal.aborted) await this.#takeBack();
      this.#io.signal.throwIfAborted();
      const exitCode = error instanceof UserError ? error.exitCode : EXIT.failed;
      return { exitCode, said: [`scoville: ${messageOf(error)}`] };
    }
  }

  /** Edits stay only where the build passes. */
  async #takeBack(): Promise<readonly string[]> {
    const files = this.#unproven;
    if (files.length === 0) return [];
    this.#unproven = [];
    await undoFix(this.#context(), this.#task?.opened.paths.Dockerfile ?? '', true);
    const line = `the edits were taken back: ${files.map(({ name }) => name).join(', ')}`;
    this.written.splice(0, this.written.length, line);
    return [line];
  }

  view(scorecard: Scorecard, before: readonly Scored[] | undefined): CardView {
    return cardView(scorecard, before, nextSteps(scorecard, { build: this.#parsed.again }));
  }

  #context(): ReturnType<typeof pipelineContext> {
    return pipelineContext(this.#io, () => undefined);
  }
}
