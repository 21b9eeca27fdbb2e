import { criterionRule, instructionsOf } from '../shared/lint/rule.ts';
import { keptTools } from './kept-tools.ts';
import { noBuildTooling } from './verdict.ts';

export const noBuildToolingRule = criterionRule(noBuildTooling, {
  bad: 'FROM debian:trixie-slim\nRUN apt-get update && apt-get install -y build-essential && rm -rf /var/lib/apt/lists/*\n',
  good: 'FROM debian:trixie-slim AS build\nRUN apt-get update && apt-get install -y build-essential\nFROM debian:trixie-slim\nCOPY --from=build /out /usr/bin/app\n',
  check: ({ analysis, finalStages }) =>
    instructionsOf(finalStages, 'RUN')
      .flatMap((run) => keptTools(run, analysis))
      .flatMap(({ packages }) =>
        packages.map(({ name, purpose, range }) => ({
          range,
          message: `${name} stays in the image: ${purpose}`,
        })),
      ),
});
