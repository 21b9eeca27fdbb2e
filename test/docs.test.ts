import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandTable } from '../scripts/command-pages.ts';

const ROOT = resolve(import.meta.dirname, '..');
const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', 'fixtures']);

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** All Markdown files, from the root, without hidden folders. */
function pages(folder = ROOT): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.') && !NOT_OURS.has(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return pages(path);
      return entry.name.endsWith('.md') ? [relative(ROOT, path)] : [];
    });
}

/** Text without code blocks and code spans: what stands there is no link and no heading. */
function prose(text: string): string {
  return text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '`');
}

/** Targets of Markdown links that lead into this repository. */
function links(text: string): readonly string[] {
  return [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^[a-z]+:/i.test(target));
}

/** The anchors that GitHub gives the headings of a page. */
function anchors(text: string): readonly string[] {
  const withoutBlocks = text.replace(/^```[\s\S]*?^```/gm, '');
  return [...withoutBlocks.matchAll(/^#+\s+(.+)$/gm)].map((match) =>
    (match[1] ?? '')
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- _]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** What is wrong with a link of a page; undefined where it leads somewhere. */
function brokenLink(page: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#', 2);
  const target = path === '' ? join(ROOT, page) : resolve(ROOT, dirname(page), path);
  const shown = `${page}: ${link}`;
  if (relative(ROOT, target).startsWith('..') || !existsSync(target)) return shown;
  if (anchor === undefined || !target.endsWith('.md')) return undefined;
  return anchors(readFileSync(target, 'utf8')).includes(anchor) ? undefined : shown;
}

/** The first column of a table's rows. */
function firstColumn(text: string): readonly string[] {
  return [...text.matchAll(/^\| ([^|]*?) \|/gm)].map((match) => match[1] ?? '');
}

function section(text: string, heading: string): string {
  return text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
}

describe('links', () => {
  test('the reader of links finds what is broken', () => {
    expect(links('[a](b.md#c) `[x](y)` [d](https://e) \n```\n[f](g)\n```\n')).toEqual(['b.md#c']);
    expect(brokenLink('README.md', 'docs/nothing.md')).toBe('README.md: docs/nothing.md');
    expect(brokenLink('README.md', 'docs/faq.md#nothing')).toBe('README.md: docs/faq.md#nothing');
    expect(brokenLink('README.md', '../elsewhere')).toBe('README.md: ../elsewhere');
  });

  test.each(pages())('of %s lead to a file, and to a heading in it', (page) => {
    const broken = links(read(page)).map((link) => brokenLink(page, link));
    expect(broken.filter((problem) => problem !== undefined)).toEqual([]);
  });

  test('every page of docs is in its index', () => {
    const index = links(read('docs/README.md')).map((link) => join('docs', link));
    const expected = pages(join(ROOT, 'docs'))
      .filter((page) => !/^docs\/(README|criteria\/|decisions\/|reference\/commands\/)/.test(page))
      .concat(
        'docs/criteria/README.md',
        'docs/decisions/README.md',
        'docs/reference/commands/README.md',
      );
    expect(expected.filter((page) => !index.includes(page))).toEqual([]);
    const records = readdirSync(join(ROOT, 'docs/decisions')).filter((n) => /^\d{4}-/.test(n));
    expect(links(read('docs/decisions/README.md'))).toEqual(records.sort());
  });
});

describe('what users rely on is described', () => {
  test('every command is in the table of README', () => {
    expect(read('README.md')).toContain(commandTable((name) => `\`scoville ${name}\``));
  });

  test('README names the commands to start with, which exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect(read('README.md')).toContain('npm run quickstart');
    expect(read('README.md')).toContain('npm test');
    const named = ['README.md', 'CONTRIBUTING.md'].flatMap((page) =>
      [...read(page).matchAll(/npm run ([a-z0-9:]+)/g)].map((match) => match[1] ?? ''),
    );
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  test('docs/architecture.md has a row for every room', () => {
    const rooms = readdirSync(join(ROOT, 'src')).map((n) => (n.endsWith('.ts') ? n : `${n}/`));
    const rows = firstColumn(section(read('docs/architecture.md'), 'Rooms'));
    expect(rooms.filter((room) => !rows.includes(`\`${room}\``))).toEqual([]);
  });
});
