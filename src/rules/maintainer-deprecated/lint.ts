import { instructionsOf, type CheckedRule } from '../shared/lint/rule.ts';

export const maintainerDeprecated: CheckedRule = {
  id: 'maintainer-deprecated',
  title: 'Authors by label',
  level: 'info',
  help: 'MAINTAINER has been deprecated since Docker 1.13, and no tool reads it. The criterion `annotations` looks for the OCI key.',
  remedy: 'LABEL org.opencontainers.image.authors="..."',
  bad: 'FROM alpine:3.22\nMAINTAINER someone@example.com\n',
  good: 'FROM alpine:3.22\nLABEL org.opencontainers.image.authors="someone@example.com"\n',
  check: ({ stages }) =>
    instructionsOf(stages, 'MAINTAINER').map(({ keyword, range: { startLine, startColumn } }) => ({
      range: {
        startLine,
        startColumn,
        endLine: startLine,
        endColumn: startColumn + keyword.length,
      },
      message: 'MAINTAINER is deprecated and read by no tool',
    })),
};
