import type { SourceRange } from '../../model/dockerfile.ts';
import type { CheckedRule } from '../shared/lint/rule.ts';

export const unreadShell: CheckedRule = {
  id: 'unread-shell',
  title: 'Shell that can be judged',
  level: 'info',
  help:
    'A RUN whose script is not read: PowerShell, cmd, another language in a here-document, or shell that no parser accepts. What it installs and downloads is not ' +
    'known, and the criteria that judge it stay unknown. Nothing else is said of it.',
  remedy: 'Take the part that installs and downloads into a RUN of its own, in POSIX shell',
  bad: 'FROM alpine:3.22\nRUN if true; then echo done\n',
  good: 'FROM alpine:3.22\nRUN if true; then echo done; fi\n',
  check: ({ analysis: { unread, installs, downloads } }) => {
    const at = ({ startLine, startColumn }: SourceRange): string => `${startLine}:${startColumn}`;
    const judged = new Set([...installs, ...downloads].map(({ range }) => at(range)));
    // Of a line the first is said. What is known to be held, or is judged by another rule, is not.
    const piped = downloads.flatMap((one) => (one.pipedToShell ? [one.range.startLine] : []));
    const open = unread.filter(
      ({ range, held }) =>
        held !== true && !judged.has(at(range)) && !piped.includes(range.startLine),
    );
    const byLine = new Map(open.toReversed().map((one) => [one.range.startLine, one]));
    return [...byLine.values()].map(({ range, reason }) => ({
      range,
      message: `not read: ${reason}`,
    }));
  },
};
