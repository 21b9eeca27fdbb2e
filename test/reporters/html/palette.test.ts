import { describe, expect, test } from 'vitest';
import { DARK, LIGHT, type Theme, TONES } from '../../../src/reporters/html/palette.ts';
import { style } from '../../../src/reporters/html/style.ts';

/** Relative luminance (WCAG 2.2). */
function luminance(colour: string): number {
  const channel = (from: number): number => {
    const share = Number.parseInt(colour.slice(from, from + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
}

function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

test('contrast is computed as WCAG does', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5);
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
});

describe.each<[string, Theme]>([
  ['light', LIGHT],
  ['dark', DARK],
])('%s', (_name, theme) => {
  const grounds = [theme.page, theme.raised, theme.sunken];

  test('text is read on every ground (AA, 4.5)', () => {
    for (const ground of grounds)
      for (const text of [theme.ink, theme.muted, theme.accent])
        expect(contrast(text, ground), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
  });

  test.each(TONES)(
    '%s: its text on the page, its ink on its fill (4.5), its edge and shape on the page (3)',
    (name) => {
      const tone = theme[name];
      for (const ground of [theme.page, theme.raised])
        expect(contrast(tone.text, ground)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(tone.ink, tone.fill)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(tone.edge, theme.page)).toBeGreaterThanOrEqual(3);
      expect(contrast(tone.edge, theme.raised)).toBeGreaterThanOrEqual(3);
    },
  );

  test('controls and outlines stand out (3)', () => {
    for (const ground of [theme.page, theme.raised])
      expect(contrast(theme.control, ground)).toBeGreaterThanOrEqual(3);
    expect(contrast(theme.raised, theme.accent)).toBeGreaterThanOrEqual(4.5);
  });
});

test('the style names no colour that the themes do not have, and no address', () => {
  const css = style();
  const known = new Set([...css.matchAll(/(--[a-z-]+):#/g)].map((match) => match[1]));
  const used = [...css.matchAll(/var\((--[a-z-]+)\)/g)].map((match) => match[1]);
  expect(used.filter((name) => !known.has(name))).toEqual([]);
  expect(css).not.toMatch(/url\(|@import|https?:|<\//);
});
