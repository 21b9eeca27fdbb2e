// How the files of end-to-end tests ended on each toolchain, as a table.

/** What vitest's JSON report says of each file. */
export function resultsOf(report) {
  return report.testResults.map(({ name, status, assertionResults, startTime, endTime }) => {
    const count = (wanted) => assertionResults.filter((one) => one.status === wanted).length;
    return {
      name,
      passed: count('passed'),
      failed: count('failed'),
      // A file that could not be loaded or set up has no tests that failed.
      isBroken: status === 'failed',
      skipped: assertionResults.length - count('passed') - count('failed'),
      seconds: Math.round((endTime - startTime) / 1000),
    };
  });
}

/** The table, and whether anything failed; a lane without a single result has failed too. `short` gives a file's name. */
export function matrixOf(lanes, short) {
  const names = [
    ...new Set(lanes.flatMap(({ results }) => results.map(({ name }) => name))),
  ].sort();
  const rows = names.map((name) => [
    short(name).replace('.e2e.test.ts', ''),
    ...lanes.map(({ results }) => cell(results.find((one) => one.name === name))),
  ]);
  const head = ['', ...lanes.map(({ name }) => name)];
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i].length)));
  const line = (row) =>
    row
      .map((text, i) => text.padEnd(widths[i]))
      .join('  ')
      .trimEnd();
  const versions = lanes.map(({ name, versions: told }) => `${name}: ${told}`);
  const failed = lanes.some(({ results }) => results.length === 0 || results.some(isBad));
  return { text: `\n${[...versions, '', line(head), ...rows.map(line)].join('\n')}\n`, failed };
}

function isBad({ failed, isBroken }) {
  return failed > 0 || isBroken;
}

function cell(result) {
  if (result === undefined) return '-';
  const { passed, failed, skipped, seconds } = result;
  const parts = [
    isBad(result) ? '✘' : '✔',
    `${passed} passed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ];
  return `${parts.join(' ')} (${seconds} s)`;
}
