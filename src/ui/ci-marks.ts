/** How a CI system's log folds lines and marks what counts. */
export interface CiMarks {
  /** Begins a folded part; `seconds` is the time of day. */
  readonly open: (title: string, seconds: number) => string;
  readonly close: (seconds: number) => string;
  readonly warning: (text: string, nextStep: string | undefined) => string;
  /** A clean line in which nothing is a command to the CI system. */
  readonly line: (text: string) => string;
}

/** The CI system that runs us and whose log has marks of its own; undefined elsewhere. */
export function ciMarks(env: Readonly<Record<string, string | undefined>>): CiMarks | undefined {
  if (env['GITHUB_ACTIONS'] === 'true') return GITHUB;
  if (env['GITLAB_CI'] === 'true') return GITLAB;
  return undefined;
}

/**
 * docs.github.com, "Workflow commands": `::` at the start of a line. Clean text has no `##[`, which
 * was a command anywhere in a line.
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
 * docs.gitlab.com, "Custom collapsible sections". The control characters that mark a section do not
 * occur in clean text.
 */
const GITLAB: CiMarks = {
  open: (title, seconds) =>
    `${ERASE}section_start:${Math.floor(seconds)}:${SECTION}[collapsed=true]\r${ERASE}${title}\n`,
  close: (seconds) => `${ERASE}section_end:${Math.floor(seconds)}:${SECTION}\r${ERASE}\n`,
  warning: (text, nextStep) =>
    `scoville: warning: ${text}\n${nextStep === undefined ? '' : `  next: ${nextStep}\n`}`,
  line: (text) => text,
};
