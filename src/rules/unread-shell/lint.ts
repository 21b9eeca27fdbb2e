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
  check: ({ analysis }) =>
    analysis.unread.map(({ range, reason }) => ({ range, message: `not read: ${reason}` })),
};
