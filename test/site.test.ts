import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { siteProblems } from '../scripts/site/check.ts';
import { anchorOf, sitePage, siteLink } from '../scripts/site/pages.ts';
import { sidebar } from '../scripts/site/sidebar.ts';

const ROOT = resolve(import.meta.dirname, '..');

describe('pages and links', () => {
  test.each([
    ['README.md', 'index.md'],
    ['docs/README.md', 'overview.md'],
    ['docs/criteria/README.md', 'criteria/index.md'],
    ['docs/tutorials/first-image.md', 'tutorials/first-image.md'],
    ['examples/node-app/README.md', 'examples/node-app.md'],
    ['schema/scorecard-1.json', undefined],
    ['test/README.md', undefined],
  ])('%s is %s', (path, page) => {
    expect(sitePage(path)).toBe(page);
  });

  test.each([
    ['docs/faq.md', 'security.md#report-a-hole', '/security.md#report-a-hole', undefined],
    ['docs/how-to/ci-gate.md', '../ci.md', '/ci.md', undefined],
    ['docs/README.md', '../CONTRIBUTING.md', '/contributing.md', undefined],
    ['README.md', 'docs/criteria/README.md', '/criteria/index.md', undefined],
    ['README.md', 'docs/criteria/', '/criteria/index.md', undefined],
    ['README.md', 'LICENSE', '/files/LICENSE', 'LICENSE'],
    ['docs/ci.md', '../action.yml', '/files/action.yml', 'action.yml'],
    ['docs/ci.md', 'https://pre-commit.com', 'https://pre-commit.com', undefined],
    ['docs/ci.md', '#gitlab', '#gitlab', undefined],
  ])('in %s, %s is %s', (page, href, onSite, file) => {
    expect(siteLink(ROOT, page, href)).toEqual({
      href: onSite,
      ...(file === undefined ? {} : { file }),
    });
  });

  test.each([
    ['docs/faq.md', 'nothing.md'],
    ['README.md', '../elsewhere'],
    ['docs/faq.md', '../test/fixtures'],
  ])('in %s, %s fails the build', (page, href) => {
    expect(() => siteLink(ROOT, page, href)).toThrow(`${page}: `);
  });

  test('anchors are those of GitHub', () => {
    expect(anchorOf('`sign`: signing, and `--key`')).toBe('sign-signing-and---key');
  });
});

test('the navigation has the sections of docs/README.md, and folders below their index', () => {
  const sections = sidebar(ROOT);
  expect(sections.map(({ text }) => text)).toEqual([
    'Tutorials',
    'How-to',
    'Reference',
    'Explanation',
    'Help',
    'For contributors',
  ]);
  const commands = sections[2]?.items?.find(({ text }) => text === 'Commands');
  expect(commands?.items?.[0]).toEqual({
    text: 'scoville attest',
    link: '/reference/commands/attest.md',
  });
});

describe('what fails the build of a site', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'scoville-site-'));
    write('index.html', page('<h1 id="top">Home</h1><a href="/one#here">one</a>'));
    write('one.html', page('<h2 id="here">Here</h2><a href="#here">up</a><a href="/">home</a>'));
    write('assets/style.css', 'a { background: url(data:image/png;base64,AA) } b { src: url(/x) }');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  function write(name: string, text: string): void {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }

  function page(body: string, head = ''): string {
    return `<!doctype html><html><head>${head}</head><body>${body}</body></html>`;
  }

  test('a site without faults has none', () => {
    expect(siteProblems(folder)).toEqual([]);
  });

  test('it may be served below another path', () => {
    write('index.html', page('<a href="/docs/one#here">one</a><a href="/one">other site</a>'));
    write('one.html', page('<h2 id="here">Here</h2>'));
    expect(siteProblems(folder, '/docs/')).toEqual(['index.html: dead link /one']);
  });

  test.each([
    ['<a href="/three">three</a>', 'two.html: dead link /three'],
    ['<a href="/one#nowhere">one</a>', 'two.html: dead link /one#nowhere'],
    ['<a href="#nowhere">here</a>', 'two.html: dead link #nowhere'],
    ['<a href="one/">a folder that is not there</a>', 'two.html: dead link one/'],
    ['<a href="one">one</a>', undefined],
    ['<a href="https://example.com">a host, on a click</a>', undefined],
    ['<script src="https://example.com/a.js"></script>', 'two.html loads https://example.com/a.js'],
    ['<img src="//example.com/a.png">', 'two.html loads //example.com/a.png'],
    ['<img srcset="http://example.com/a.png 2x">', 'two.html loads http://example.com/a.png 2x'],
    ['<iframe src="https://example.com"></iframe>', 'two.html loads https://example.com'],
    ['<img src="/a.png">', 'two.html lacks /a.png'],
    ['<img src="/assets/style.css?1"><img src="data:image/png;base64,AA">', undefined],
  ])('%s', (body, problem) => {
    write('two.html', page(body));
    expect(siteProblems(folder)).toEqual(problem === undefined ? [] : [problem]);
  });

  test.each([
    ['@import "https://example.com/a.css";', 'https://example.com/a.css'],
    ['a { src: url("https://example.com/f.woff2") }', 'https://example.com/f.woff2'],
  ])('%s', (css, address) => {
    write('assets/style.css', css);
    expect(siteProblems(folder)).toEqual([`assets/style.css loads ${address}`]);
  });
});
