import { describe, expect, test } from 'vitest';
import css from '../../src/report/html/page.css?raw';

const TONES = ['cool', 'mild', 'warm', 'spicy', 'hot', 'calm'];

/** The colors that the style sets, light first, by name. */
const [LIGHT, DARK] = [...css.matchAll(/:root\s*\{([^}]*)\}/g)].map(([, text = '']) =>
  Object.fromEntries(
    [...text.matchAll(/--([\w-]+):\s*(#\w{6})/g)].map(([, name = '', color = '']) => [name, color]),
  ),
);

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

describe.each([
  ['light', LIGHT],
  ['dark', DARK],
])('%s', (_name, theme = {}) => {
  const color = (name: string): string => theme[name] ?? '';
  const grounds = ['page', 'raised', 'sunken'].map(color);

  test('text is read on every ground (AA, 4.5)', () => {
    for (const ground of grounds)
      for (const text of ['ink', 'muted', 'accent'].map(color))
        expect(contrast(text, ground), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
  });

  test.each(TONES)(
    '%s: its text on the page, its ink on its fill (4.5), its edge and shape on the page (3)',
    (name) => {
      for (const ground of [color('page'), color('raised')])
        expect(contrast(color(`${name}-text`), ground)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(color(`${name}-ink`), color(`${name}-fill`))).toBeGreaterThanOrEqual(4.5);
      expect(contrast(color(`${name}-edge`), color('page'))).toBeGreaterThanOrEqual(3);
      expect(contrast(color(`${name}-edge`), color('raised'))).toBeGreaterThanOrEqual(3);
    },
  );

  test('controls and outlines stand out (3)', () => {
    for (const ground of [color('page'), color('raised')])
      expect(contrast(color('control'), ground)).toBeGreaterThanOrEqual(3);
    expect(contrast(color('raised'), color('accent'))).toBeGreaterThanOrEqual(4.5);
  });
});

test('the style names no colour that the themes do not have, and no address', () => {
  const known = new Set([...css.matchAll(/(--[a-z-]+):\s*#/g)].map((match) => match[1]));
  const used = [...css.matchAll(/var\((--[a-z-]+)\)/g)].map((match) => match[1]);
  expect(used.filter((name) => !known.has(name))).toEqual([]);
  expect(css).not.toMatch(/url\(|@import|https?:|<\//);
});
