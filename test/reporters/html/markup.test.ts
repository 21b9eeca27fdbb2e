import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeBlock, html, Markup, slug } from '../../../src/reporters/html/markup.ts';
import { elementsOf, textOf } from './page-tree.ts';

describe('html', () => {
  test('values are escaped, markup of ours is not, undefined is nothing', () => {
    const inner = html`<b>${'<i>'}</b>`;
    expect(html`<p class="${'"x'}">${inner}${undefined}${3}${['a', inner]}</p>`.toString()).toBe(
      '<p class="&quot;x"><b>&lt;i&gt;</b>3a<b>&lt;i&gt;</b></p>',
    );
  });

  test('the indentation of the source is not written', () => {
    expect(
      html`<ul>
        <li>${'a\n  b'}</li>
      </ul>`.toString(),
    ).toBe('<ul>\n<li>a b</li>\n</ul>');
  });

  test('an object that looks like markup is none', () => {
    const fake = { toString: () => '<script>' } as unknown as string;
    expect(() => html`${fake}`.toString()).toThrow();
    expect(new Markup('<br>').toString()).toBe('<br>');
  });

  test('whatever the text is, it makes no element', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const page = `<!doctype html><html><head><title>x</title></head><body><p title="${html`${text}`.toString()}">${html`${text}`.toString()}</p></body></html>`;
        expect(elementsOf(page).map(({ tagName }) => tagName)).toEqual([
          'html',
          'head',
          'title',
          'body',
          'p',
        ]);
      }),
    );
  });
});

describe('codeBlock', () => {
  test('lines and their indentation stay, so that it can be copied', () => {
    const page = `<!doctype html><title>x</title>${codeBlock('trust:\n  images: [a]\r\n\t<b>').toString()}`;
    const code = elementsOf(page).find(({ tagName }) => tagName === 'code');
    expect(code === undefined ? '' : textOf(code)).toBe('trust:\n  images: [a]\n<b>');
  });

  test('no more than a hundred lines', () => {
    expect(codeBlock('a\n'.repeat(5000)).toString().split('\n')).toHaveLength(100);
  });
});

test('a slug is letters, digits and hyphens', () => {
  expect(slug('p', 'linux/arm64/v8', '')).toBe('p-linux-arm64-v8-');
  expect(slug('<"\u202e>')).toBe('-');
});
