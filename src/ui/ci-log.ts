import type { EventSink } from '../model/events.ts';
import type { CiMarks } from './ci-marks.ts';
import { cleanForTerminal, cleanLines } from './clean.ts';
import { plainLog } from './plain-log.ts';

const MOST_ERROR_LINES = 200;

/**
 * The plain log for a CI system: the lines of the build folded away, since there are many and they
 * count only when it fails. Then what buildx said of its end follows outside the fold. `now` gives
 * milliseconds.
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
