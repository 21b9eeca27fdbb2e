import type { PackageInstall, PackageManager } from '../../model/build-analysis.ts';
import type { Stage } from '../../model/dockerfile.ts';
import { instructionsOf, type RuleCheck } from './rule.ts';
import { runPrograms } from './run-programs.ts';

const REMOVES: readonly (readonly [PackageManager, RegExp, readonly string[]])[] = [
  [
    'apt',
    /^(?:apt|apt-get|aptitude|dpkg)$/,
    ['remove', 'purge', 'autoremove', 'autopurge', '-P', '-r'],
  ],
  ['apk', /^apk$/, ['del']],
  ['dnf', /^(?:dnf|yum|microdnf|rpm)$/, ['remove', 'erase', 'autoremove', '-e']],
];

/** Managers that take something out again in these stages: what is left then cannot be told from here. */
function removing(stages: readonly Stage[]): ReadonlySet<PackageManager> {
  const programs = instructionsOf(stages, 'RUN').flatMap(runPrograms);
  return new Set(
    REMOVES.filter(([, program, verbs]) =>
      programs.some((one) => program.test(one.program) && one.words.some((w) => verbs.includes(w))),
    ).map(([manager]) => manager),
  );
}

/** Packages of build tools that the stages of the image install and do not take out again. */
export const noBuildToolingCheck: RuleCheck = ({ analysis, finalStages, knowledge }) => {
  const removed = removing(finalStages);
  const inImage = ({ stage, manager }: PackageInstall): boolean =>
    finalStages.some(({ index }) => index === stage) && !removed.has(manager);
  return analysis.installs.filter(inImage).flatMap(({ range, manager, packages }) =>
    packages.flatMap(({ name }) => {
      const purpose = knowledge.buildPurpose(manager, name);
      if (purpose === undefined) return [];
      return [{ range, message: `${name} stays in the image: ${purpose}`, word: name }];
    }),
  );
};
