import type { SourceRange } from '../../model/dockerfile.ts';
import { isRemovedAgain } from './removed-packages.ts';
import { instructionsOf, type RuleCheck } from './rule.ts';

function holds(outer: SourceRange, { startLine }: SourceRange): boolean {
  return outer.startLine <= startLine && startLine <= outer.endLine;
}

/** Packages of build tools that the stages of the image install and that the same RUN does not take out again. */
export const noBuildToolingCheck: RuleCheck = ({ analysis, finalStages, knowledge }) => {
  const runs = instructionsOf(finalStages, 'RUN');
  const inImage = analysis.installs.filter(({ stage }) =>
    finalStages.some(({ index }) => index === stage),
  );
  return inImage.flatMap((install) =>
    install.packages.flatMap(({ name }) => {
      const { range, manager } = install;
      const purpose = knowledge.buildPurpose(manager, name);
      const run = runs.find((one) => holds(one.range, range));
      if (purpose === undefined || (run !== undefined && isRemovedAgain(install, name, run)))
        return [];
      return [{ range, message: `${name} stays in the image: ${purpose}`, word: name }];
    }),
  );
};
