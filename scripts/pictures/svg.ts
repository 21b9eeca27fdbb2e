import type { Frame } from './recording.ts';

const FONT_PX = 14;
const COLUMN_PX = 8.43;
const LINE_PX = 18;
const MARGIN_PX = 16;
/** How long the last frame stays, in seconds. */
const LAST_S = 6;

/** The eight colors of a terminal, on the dark ground. */
const COLORS = [
  '#7a7f87',
  '#ff7b72',
  '#7ee787',
  '#e3b341',
  '#79c0ff',
  '#d2a8ff',
  '#56d4dd',
  '#e6edf3',
];

interface Style {
  readonly bold: boolean;
  readonly dim: boolean;
  readonly color: string | undefined;
}

const PLAIN: Style = { bold: false, dim: false, color: undefined };

/**
 * A recording as a picture that moves without a script: each frame is shown from its time to the
 * next one's. A reader who wants less motion gets the last frame.
 */
export function svgOf(frames: readonly Frame[], columns: number, rows: number): string {
  const width = Math.ceil(columns * COLUMN_PX + 2 * MARGIN_PX);
  const height = rows * LINE_PX + 2 * MARGIN_PX;
  const total = (frames.at(-1)?.at ?? 0) + LAST_S;
  const percent = (at: number): string => `${((at / total) * 100).toFixed(2)}%`;
  const rules = frames.slice(0, -1).map(({ at }, i) => {
    const end = frames[i + 1]?.at ?? total;
    return `@keyframes f${i}{0%{visibility:${i === 0 ? 'visible' : 'hidden'}}${percent(at)}{visibility:visible}${percent(end)}{visibility:hidden}to{visibility:hidden}}#f${i}{animation-name:f${i}}`;
  });
  const last = frames.length - 1;
  rules.push(
    `@keyframes f${last}{0%{visibility:hidden}${percent(frames[last]?.at ?? 0)}{visibility:visible}}#f${last}{animation-name:f${last}}`,
  );
  const groups = frames.map(
    ({ text }, i) => `<g id="f${i}"${i === last ? '' : ' visibility="hidden"'}>${drawn(text)}</g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="A terminal in which scoville builds an image and shows its card">
<style>text{font:${FONT_PX}px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#e6edf3;white-space:pre}
@media (prefers-reduced-motion:no-preference){g{animation:${total.toFixed(2)}s step-end infinite}${rules.join('')}}</style>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${groups.join('\n')}
</svg>
`;
}

function drawn(text: string): string {
  let style = PLAIN;
  return text
    .split('\n')
    .map((line, row) => {
      let spans = '';
      let column = 0;
      for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
        const codes = /^\u001b\[([0-9;]*)m$/.exec(part)?.[1];
        if (codes !== undefined) style = styled(style, codes.split(';').map(Number));
        else if (part !== '') {
          if (part.trim() !== '') spans += span(part, column, style);
          column += Array.from(part).length;
        }
      }
      const y = MARGIN_PX + row * LINE_PX + FONT_PX;
      return spans === '' ? '' : `<text y="${y}">${spans}</text>`;
    })
    .join('');
}

function span(text: string, column: number, { bold, dim, color }: Style): string {
  const gap = text.length - text.trimStart().length;
  const x = (MARGIN_PX + (column + gap) * COLUMN_PX).toFixed(1);
  const set = [
    ...(bold ? [' font-weight="bold"'] : []),
    ...(dim ? [' opacity=".65"'] : []),
    ...(color === undefined ? [] : [` style="fill:${color}"`]),
  ];
  // By length: a reader's font may have other widths.
  const shown = text.trim();
  const length = (Array.from(shown).length * COLUMN_PX).toFixed(1);
  return `<tspan x="${x}" textLength="${length}" lengthAdjust="spacingAndGlyphs"${set.join('')}>${escaped(shown)}</tspan>`;
}

function styled(before: Style, codes: readonly number[]): Style {
  let style = before;
  for (const code of codes) {
    if (code === 0) style = PLAIN;
    else if (code === 1) style = { ...style, bold: true };
    else if (code === 2) style = { ...style, dim: true };
    else if (code === 22) style = { ...style, bold: false, dim: false };
    else if (code === 39) style = { ...style, color: undefined };
    else if (code >= 30 && code <= 37) style = { ...style, color: COLORS[code - 30] };
    else if (code >= 90 && code <= 97) style = { ...style, color: COLORS[code - 90] };
  }
  return style;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
