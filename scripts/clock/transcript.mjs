const seconds = (value) => `${value.toFixed(1)} s`;

/** Each command of a chain with its seconds, and the level before and after. */
export function transcriptText({ name, commands, level, answers }) {
  const rows = commands.map(({ command, seconds: spent, exitCode, before, after, points }, i) =>
    [
      `${String(i + 1).padStart(2)}. ${command}`,
      `      ${seconds(spent)}, exit ${exitCode}, level ${before ?? '-'} -> ${after ?? '-'}, ${points ?? '-'} of 23`,
    ].join('\n'),
  );
  const end = answers === undefined ? '' : answers ? ', it answers' : ', IT DOES NOT ANSWER';
  return [`\n== ${name}`, ...rows, `   level ${level ?? '-'}${end}`].join('\n');
}

/** A row for each project. */
export function tableText(chains) {
  return [
    '| project | level before | level after | commands | seconds | it answers |',
    '|---|---|---|---|---|---|',
    ...chains.map(
      ({ name, commands, level, answers, seconds: all }) =>
        `| ${name} | ${commands[0]?.after ?? '-'} | ${level ?? '-'} | ${commands.length} | ${all.toFixed(0)} | ${answers === undefined ? '-' : answers ? 'yes' : 'no'} |`,
    ),
  ].join('\n');
}

/** What led to the first result, and how long it took. */
export function firstText(firsts) {
  return firsts
    .map(({ from, image, steps }) => {
      const all = steps.reduce((sum, one) => sum + one.seconds, 0);
      const rows = steps.map(
        (one) => `    ${one.command}: ${seconds(one.seconds)}, exit ${one.exitCode}`,
      );
      return [`${from}: ${seconds(all)} to the first result on ${image}`, ...rows, ''].join('\n');
    })
    .join('');
}
