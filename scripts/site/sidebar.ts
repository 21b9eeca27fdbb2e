import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { sitePage } from './pages.ts';

/** An entry of the navigation; one with items opens and closes. */
interface SidebarItem {
  readonly text: string;
  readonly link?: string;
  readonly collapsed?: boolean;
  readonly items?: readonly SidebarItem[];
}

/** Folders whose pages are listed below their index. */
const FOLDERS = /^docs\/(?:reference\/commands|criteria|decisions)\/README\.md$/;

/** The navigation: the sections of docs/README.md, with the pages that each lists. */
export function sidebar(root: string): readonly SidebarItem[] {
  const text = readFileSync(join(root, 'docs/README.md'), 'utf8');
  const sections = text.split(/^## /m).slice(1);
  return sections.map((section) => {
    const [title = ''] = section.split('\n', 1);
    const links = [...section.matchAll(/\[([^\]]+)\]\(([^)#]+\.md)[^)]*\)/g)];
    const items = links.flatMap(([, label = '', href = '']) => item(root, label, href));
    return { text: title.replace(/:.*/, ''), collapsed: false, items };
  });
}

function item(root: string, label: string, href: string): readonly SidebarItem[] {
  const path = posix.normalize(posix.join('docs', href));
  const page = sitePage(path);
  if (page === undefined) return [];
  const entry = { text: plain(label), link: `/${page}` };
  if (!FOLDERS.test(path)) return [entry];
  const folder = posix.dirname(path);
  const below = readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .sort()
    .map((name) => ({
      text: titleOf(readFileSync(join(root, folder, name), 'utf8')),
      link: `/${sitePage(posix.join(folder, name)) ?? ''}`,
    }));
  return [{ ...entry, collapsed: true, items: below }];
}

/** The first heading of a page. */
function titleOf(text: string): string {
  return plain(/^# (.+)$/m.exec(text)?.[1] ?? '');
}

function plain(markdown: string): string {
  return markdown.replaceAll('`', '');
}
