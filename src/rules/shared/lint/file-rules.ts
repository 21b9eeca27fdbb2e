import type { LintRule } from '../../../model/lint.ts';

/** Findings about a file that is not a Dockerfile. */
export const PARSE_ERROR: LintRule = {
  id: 'parse-error',
  title: 'A Dockerfile that builds',
  level: 'error',
  help:
    'What BuildKit would refuse: an unknown instruction, flag or mount option, missing ' +
    'arguments, or an instruction before the first FROM. Also a stage name, port, signal or ' +
    'duration that is not valid, and a JSON array that contains anything but strings. Also a ' +
    'here-document that is not closed, and a `--target` that does not exist. Flags of newer ' +
    'BuildKits are accepted, and so is anything under the `# syntax` of another frontend. ' +
    'Nothing else is judged.',
  remedy: 'Fix the line',
  bad: 'FROM alpine:3.22\nRUNN echo\n',
  good: 'FROM alpine:3.22\nRUN echo\n',
};

/** Findings about a comment that should take findings back and does not. */
export const IGNORE_COMMENT: LintRule = {
  id: 'ignore-comment',
  title: 'Comments that ignore say what and why',
  level: 'warning',
  help:
    'A `# scoville: ignore=ID reason` comment without a reason (it ignores nothing), with an ' +
    'id that is not a rule, or with one that finds nothing on its line. It cannot be ignored ' +
    'itself.',
  remedy: 'Write the ids of the rules and the reason, or take the comment out',
  bad: '# scoville: ignore=latest-tag\nFROM debian\n',
  good: '# scoville: ignore=latest-tag rebuilt every night, and tested\nFROM debian\n',
};
