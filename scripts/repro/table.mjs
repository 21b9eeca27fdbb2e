const HEAD = [
  'Dockerfile',
  'safe',
  'aggressive',
  'deterministic',
  'what differs by safe rules',
  'left: remedy',
];

/** The rows as a Markdown table, with a line of counts below. */
export function tableText(rows) {
  const lines = [HEAD, HEAD.map(() => '---'), ...rows.map(cells)].map(
    (row) => `| ${row.join(' | ')} |`,
  );
  const safe = rows.filter((row) => row.safe === 'same').length;
  const same = rows.filter((row) => row.isSame).length;
  const steady = rows.filter((row) => row.isSame || row.deterministic === 'same').length;
  const errors = rows.flatMap(({ name, error }) =>
    error === undefined ? [] : [`${name}: ${error}`],
  );
  return [
    ...lines,
    '',
    `${rows.length} Dockerfiles: the same by safe rules ${safe}, with aggressive ones ${same}, with the same inputs ${steady}.`,
    ...errors,
  ].join('\n');
}

function cells({ name, safe, aggressive, deterministic, bySafe = [], left = [] }) {
  return [
    name,
    safe,
    aggressive ?? '',
    deterministic ?? '',
    bySafe.map(place).join('; '),
    left.map((one) => `${place(one)}: ${one.remedy ?? one.cause}`).join('; '),
  ].map((text) => text.replaceAll('|', '\\|').replaceAll('\n', ' '));
}

function place({ path, class: id, line, count }) {
  const more = count > 1 ? ` and ${count - 1} more` : '';
  const where = line === null || line === undefined ? '' : `, line ${line}`;
  return `\`${path}\`${more} (${id}${where})`;
}
