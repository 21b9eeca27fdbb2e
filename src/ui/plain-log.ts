import { bytesText, secondsText } from '../lib/text.ts';
import type { EventSink } from '../model/events.ts';
import { PHASE_LABEL, sinkOf, STEP_LABEL } from './live-log.ts';
import { cleanForTerminal, cleanLines } from './text.ts';

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** A longer transfer reports progress after this time, then after each doubling. */
const SAY_FIRST_MS = 5000;

/**
 * Lines without cursor movement, for logs, CI and `--progress=plain`: BuildKit's steps, numbered as
 * in its plain mode, and progress of long transfers. `now` in milliseconds.
 */
export function plainLog(write: (text: string) => void, now: () => number = Date.now): EventSink {
  const line = (text: string): void => {
    write(`${cleanLines(text)}\n`);
  };
  const moved = new Map<string, { readonly done: number; readonly total: number }>();
  let said = now();
  let pause = SAY_FIRST_MS;
  return sinkOf({
    'build-line': ({ text }) => {
      line(text);
    },
    'phase-done': ({ phase, detail, seconds, cached }) => {
      const how = cached === true ? 'cached, ' : '';
      line(`scoville: ${PHASE_LABEL[phase]}: ${detail} (${how}${secondsText(seconds)})`);
    },
    'phase-started': ({ phase, detail, bytes }) => {
      said = now();
      pause = SAY_FIRST_MS;
      const size = bytes === undefined ? '' : `, ${bytesText(bytes)}`;
      if (detail !== undefined) line(`scoville: ${PHASE_LABEL[phase]}: ${detail}${size} ...`);
    },
    part: ({ part, state, detail, seconds = 0 }) => {
      const end = state === 'started' ? ' ...' : ` (${secondsText(seconds)})`;
      if (detail !== undefined) line(`scoville: ${STEP_LABEL[part]}: ${detail}${end}`);
    },
    transfer: ({ phase, digest, done, total }) => {
      moved.set(`${phase} ${digest}`, { done, total });
      if (now() - said < pause) return;
      said = now();
      pause *= 2;
      const own = [...moved].flatMap(([key, one]) => (key.startsWith(`${phase} `) ? [one] : []));
      const [all, of] = [sum(own.map((one) => one.done)), sum(own.map((one) => one.total))];
      line(`scoville: ${PHASE_LABEL[phase]}: ${bytesText(all)} of ${bytesText(of)}`);
    },
    'phase-off': ({ phase, reason }) => {
      line(`scoville: ${PHASE_LABEL[phase]}: off, ${reason}`);
    },
    notice: ({ text }) => {
      line(`scoville: ${text}`);
    },
    warning: ({ text, nextStep }) => {
      line(`scoville: warning: ${text}`);
      if (nextStep !== undefined) line(`  next: ${nextStep}`);
    },
  });
}

interface CiMarks {
  /** Begins a folded part; `seconds` is the time of day. */
  readonly open: (title: string, seconds: number) => string;
  readonly close: (seconds: number) => string;
  readonly warning: (text: string, nextStep: string | undefined) => string;
  /** The text is clean and the line is not a command to the CI system. */
  readonly line: (text: string) => string;
}

export function ciMarks(env: Readonly<Record<string, string | undefined>>): CiMarks | undefined {
  if (env['GITHUB_ACTIONS'] === 'true') return GITHUB;
  if (env['GITLAB_CI'] === 'true') return GITLAB;
  return undefined;
}

/**
 * docs.github.com, "Workflow commands": `::` at the start of a line. Clean text has no `##[`, a
 * command anywhere in a line.
 */
const GITHUB: CiMarks = {
  open: (title) => `::group::${data(title)}\n`,
  close: () => '::endgroup::\n',
  warning: (text, nextStep) =>
    `::warning title=scoville::${data(nextStep === undefined ? text : `${text}\n  next: ${nextStep}`)}\n`,
  line: (text) => text.replace(/^([^\S\n\r\u2028\u2029]*):(?=:)/gm, '$1: '),
};

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

const ERASE = '\u001b[0K';
const SECTION = 'scoville_build';

/**
 * docs.gitlab.com, "Custom collapsible sections". Clean text has no control characters, so it
 * cannot mark a section.
 */
const GITLAB: CiMarks = {
  open: (title, seconds) =>
    `${ERASE}section_start:${Math.floor(seconds)}:${SECTION}[collapsed=true]\r${ERASE}${title}\n`,
  close: (seconds) => `${ERASE}section_end:${Math.floor(seconds)}:${SECTION}\r${ERASE}\n`,
  warning: (text, nextStep) =>
    `scoville: warning: ${text}\n${nextStep === undefined ? '' : `  next: ${nextStep}\n`}`,
  line: (text) => text,
};

const MOST_ERROR_LINES = 200;

/**
 * The plain log for a CI system. The many lines of the build are folded: they matter only when it
 * fails. What buildx said at its end follows outside the fold. `now` in milliseconds.
 */
export function ciLog(
  write: (text: string) => void,
  marks: CiMarks,
  now: () => number,
): { readonly sink: EventSink; readonly stop: () => void } {
  const plain = plainLog((text) => {
    write(marks.line(text));
  });
  let errors: string[] | undefined;
  const close = (): void => {
    if (errors !== undefined) write(marks.close(now() / 1000));
    errors = undefined;
  };
  return {
    sink: (event) => {
      if (event.kind === 'phase-started' && event.phase === 'build' && errors === undefined) {
        errors = [];
        write(marks.open('docker buildx build', now() / 1000));
        return;
      }
      if (event.kind === 'raw' && errors !== undefined && errors.length < MOST_ERROR_LINES)
        errors.push(event.text);
      if (event.kind === 'phase-done' && event.phase === 'build') close();
      if (event.kind === 'warning')
        write(
          marks.warning(
            cleanForTerminal(event.text),
            event.nextStep === undefined ? undefined : cleanForTerminal(event.nextStep),
          ),
        );
      else plain(event);
    },
    stop: () => {
      const left = errors ?? [];
      close();
      for (const text of left) write(marks.line(`${cleanLines(text)}\n`));
    },
  };
}
