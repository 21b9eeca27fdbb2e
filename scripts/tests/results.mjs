// What vitest's JSON report says: what failed, what passes when it is run again, and what took long.
import { relative } from 'node:path';

/** Every failure by file and name; a file that could not be set up has one, without a test's name. */
export function failuresOf(report, root) {
  return report.testResults.flatMap(({ name, status, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults.filter((one) => one.status === 'failed');
    if (failed.length > 0) return failed.map(({ fullName }) => ({ file, test: fullName.trim() }));
    return status === 'failed' ? [{ file, test: '' }] : [];
  });
}

/** Which of the failures came again, and which did not: a file that fails in another way has failed too. */
export function sortedFailures(first, again, root) {
  const later = failuresOf(again, root);
  const isAgain = ({ file }) => later.some((one) => one.file === file);
  return { failed: [...first.filter(isAgain)], flaky: first.filter((one) => !isAgain(one)) };
}

export function nameOf({ file, test }) {
  return test === '' ? file : `${file}: ${test}`;
}

/** The files that took longest, with their seconds. */
export function slowestOf(report, root, count) {
  return report.testResults
    .map(({ name, startTime, endTime }) => ({
      file: relative(root, name),
      seconds: Math.round((endTime - startTime) / 1000),
    }))
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, count);
}
