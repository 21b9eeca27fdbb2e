import { instructionsOf, type CheckedRule } from '../shared/lint/rule.ts';

const ONLY_LAST = ['CMD', 'ENTRYPOINT', 'HEALTHCHECK'];

export const overriddenInstruction: CheckedRule = {
  id: 'overridden-instruction',
  title: 'One CMD, ENTRYPOINT and HEALTHCHECK a stage',
  level: 'warning',
  help: 'Of several CMD, ENTRYPOINT or HEALTHCHECK in one stage only the last counts. The others do nothing, though they look as if they did.',
  remedy: 'Remove the ones that do not count',
  bad: 'FROM alpine:3.22\nCMD ["first"]\nCMD ["second"]\n',
  good: 'FROM alpine:3.22\nCMD ["second"]\n',
  check: ({ stages }) =>
    stages.flatMap((stage) =>
      ONLY_LAST.flatMap((keyword) => {
        const all = instructionsOf([stage], keyword);
        const last = all.at(-1);
        return all.slice(0, -1).map(({ range }) => ({
          range,
          message: `${keyword} of line ${last?.range.startLine ?? 0} overrides this one`,
        }));
      }),
    ),
};
