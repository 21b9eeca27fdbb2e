/** Rows as a plain table; a row without a floor has no ratio, one without a target is told for information. */
export function tableText(rows) {
  const cells = rows.map((row) => [
    row.name,
    numberText(row.thing, row.unit),
    row.floor === undefined ? '' : numberText(row.floor, row.unit),
    row.ratio === undefined ? '' : `${row.ratio.toFixed(2)}x`,
    row.target === undefined ? '' : `${row.isMost ? 'at most' : 'under'} ${row.target}x`,
    row.target === undefined ? '' : row.isMet ? 'met' : 'MISSED',
    row.note ?? '',
  ]);
  const head = ['what', 'scoville (least-most, runs)', 'floor', 'ratio', 'target', '', ''];
  const widths = head.map((text, column) =>
    Math.max(text.length, ...cells.map((row) => row[column].length)),
  );
  return [head, ...cells]
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function numberText({ median, min, max, runs }, unit) {
  const digits = unit === 's' ? 3 : 1;
  const middle = `${median.toFixed(digits)} ${unit}`;
  return runs === 1 ? middle : `${middle} (${min.toFixed(digits)}-${max.toFixed(digits)}, ${runs})`;
}

/** A row of the table: a thing, perhaps its floor, perhaps the ratio that it should keep to. */
export function row(name, unit, { thing, floor }, { target, isMost = true, note } = {}) {
  const ratio = floor === undefined ? undefined : thing.median / floor.median;
  const isMet =
    target === undefined || ratio === undefined
      ? undefined
      : isMost
        ? ratio <= target
        : ratio < target;
  return { name, unit, thing, floor, ratio, target, isMost, isMet, note };
}
