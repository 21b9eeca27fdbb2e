import { instructionsOf, type RuleCheck } from '../shared/lint/rule.ts';
import { keptTools } from './kept-tools.ts';

/** Packages of build tools that the stages of the image install and that the same RUN does not take out again. */
export const noBuildToolingCheck: RuleCheck = ({ analysis, finalStages }) =>
  instructionsOf(finalStages, 'RUN')
    .flatMap((run) => keptTools(run, analysis))
    .flatMap(({ install: { range }, packages }) =>
      packages.map(({ name, purpose }) => ({
        range,
        message: `${name} stays in the image: ${purpose}`,
        word: name,
      })),
    );
