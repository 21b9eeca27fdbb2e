import { criterionRule } from '../shared/lint/rule.ts';
import { noElevatedFiles } from './verdict.ts';

export const noElevatedFilesRule = criterionRule(noElevatedFiles, {
  bad: 'FROM alpine:3.22\nCOPY helper /usr/bin/helper\nRUN chmod u+s /usr/bin/helper\n',
  good: 'FROM alpine:3.22\nCOPY helper /usr/bin/helper\nRUN chmod 0755 /usr/bin/helper\n',
  check: ({ left }) =>
    left.elevated.map(({ range, path, bits, open }) =>
      open === undefined
        ? { range, message: `${path} gets ${named(bits)}` }
        : { range, message: `${path} may get ${named(bits)}: ${open}`, severity: 'info' },
    ),
});

function named(bits: string): string {
  return bits === 'capabilities' ? bits : `the ${bits}`;
}
