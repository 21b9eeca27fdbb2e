import { managerNamed } from '../../programs/managers.ts';
import { lineFindings } from '../shared/lint/line-findings.ts';
import { criterionRule } from '../shared/lint/rule.ts';
import { judgeInstall, pinnedPackages } from './verdict.ts';

/** Installs that the criterion would fail, or could not decide. */
export const pinnedPackagesRule = criterionRule(pinnedPackages, {
  bad: 'FROM node:22-slim\nRUN npm install --global typescript\n',
  good: 'FROM node:22-slim\nRUN npm install --global typescript@5.9.3\n',
  check: ({ analysis }) =>
    analysis.installs.flatMap((install) =>
      lineFindings([judgeInstall(install)]).map((found) =>
        // Archives drop old versions: a version named alone breaks the build one day, so this
        // weighs less.
        managerNamed(install.manager)?.isOfSystem === true
          ? { ...found, severity: 'info' as const }
          : found,
      ),
    ),
});
