import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { h, markupOf } from '../../src/report/html/document.ts';
import { codeBlock } from '../../src/report/html/parts.ts';
import { elementsOf, textOf } from './page-tree.ts';

const inPage = (markup: string): string =>
  `<!doctype html><html><head><title>x</title></head><body>${markup}</body></html>`;

describe('markupOf', () => {
  test('values are escaped, elements are not, and nothing is nothing', () => {
    const page = markupOf(h('p', { title: '"x' }, h('b', '<i>'), undefined, [[3], false]));
    expect(page).toBe('<p title="&quot;x"><b>&lt;i&gt;</b>3</p>');
  });

  test('whatever the text is, it makes no element and hides none', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const page = inPage(markupOf(h('p', { title: text }, text)));
        const names = elementsOf(page).map(({ tagName }) => tagName);
        expect(names).toEqual(['html', 'head', 'title', 'body', 'p']);
        expect(page).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u200b-\u200f\u202a-\u202e]/);
      }),
    );
  });

  test.each([
    ['a CI command', '##vso[task.setvariable]x', '##vso [task.setvariable]x'],
    ['a text turned around', 'a\u202eb', 'a\ufffdb'],
    ['marks on marks', `a${'\u0301'.repeat(9)}`, `a${'\u0301'.repeat(4)}`],
  ])('%s is cleaned', (_, text, clean) => {
    expect(markupOf(h('p', text))).toBe(`<p>${clean}</p>`);
  });

  test('a line is cut, never within an entity', () => {
    const text = markupOf(h('p', `${'x'.repeat(1996)}<<<`));
    expect(text).toBe(`<p>${'x'.repeat(1996)}…</p>`);
    const long = '<'.repeat(9000);
    expect(markupOf(h('p', { title: long }, 'x'))).toMatch(/^<p title="(?:&lt;){1,500}…">x<\/p>$/);
    expect(markupOf(h('p', long))).toMatch(/^<p>(?:&lt;){1,500}…<\/p>$/);
  });
});

describe('codeBlock', () => {
  test('lines and their indentation stay, so that it can be copied', () => {
    const page = inPage(markupOf(codeBlock('trust:\n  images: [a]\r\n<b>')));
    const code = elementsOf(page).find(({ tagName }) => tagName === 'code');
    expect(code === undefined ? '' : textOf(code)).toBe('trust:\n  images: [a]\n<b>');
  });

  test('no more than a hundred lines', () => {
    expect(markupOf(codeBlock('a\n'.repeat(5000))).split('\n')).toHaveLength(100);
  });
});
