import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { type DefaultTreeAdapterTypes, parse } from 'parse5';

type Node = DefaultTreeAdapterTypes.Node;

/** What a page asks for, and what can be linked to in it. */
interface Page {
  /** Addresses that a browser loads when it opens the page. */
  readonly loads: readonly string[];
  readonly links: readonly string[];
  readonly ids: ReadonlySet<string>;
}

/** Elements by the attributes whose addresses a browser loads without a click. */
const LOADED: Readonly<Record<string, readonly string[]>> = {
  script: ['src'],
  link: ['href'],
  img: ['src', 'srcset'],
  source: ['src', 'srcset'],
  video: ['src', 'poster'],
  audio: ['src'],
  iframe: ['src', 'srcdoc'],
  embed: ['src'],
  object: ['data'],
  use: ['href'],
  form: ['action'],
};

/** Reads a page of HTML. */
export function readPage(html: string): Page {
  const loads: string[] = [];
  const links: string[] = [];
  const ids = new Set<string>();
  const visit = (node: Node): void => {
    if ('attrs' in node) {
      for (const { name, value } of node.attrs) {
        if (name === 'id') ids.add(value);
        if (node.tagName === 'a' && name === 'href') links.push(value);
        if (LOADED[node.tagName]?.includes(name) === true) loads.push(value);
      }
    }
    if ('childNodes' in node) node.childNodes.forEach(visit);
  };
  visit(parse(html));
  return { loads, links, ids };
}

/**
 * What is wrong with a built site: links to a page, a heading or a file that it does not have, files
 * that a page loads and that are missing, and what it loads from another host. `base` is the path that it is served below.
 */
export function siteProblems(folder: string, base = '/'): readonly string[] {
  const files = (readdirSync(folder, { recursive: true }) as string[]).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );
  const pages = new Map(
    files
      .filter((name) => name.endsWith('.html') && !name.startsWith('files/'))
      .map((name) => [name, readPage(readFileSync(join(folder, name), 'utf8'))]),
  );
  const problems = [...pages].flatMap(([name, page]) => [
    ...page.loads.flatMap((address) => badLoad(name, address)),
    ...page.links.flatMap((href) => deadLink(name, href)),
  ]);
  const styles = files.filter((name) => name.endsWith('.css'));
  for (const name of styles)
    for (const [, address = ''] of readFileSync(join(folder, name), 'utf8').matchAll(
      /(?:url\(|@import )\s*["']?([^"')\s;]+)/g,
    ))
      if (isOutside(address)) problems.push(`${name} loads ${address}`);
  return problems;

  function badLoad(from: string, address: string): readonly string[] {
    if (isOutside(address)) return [`${from} loads ${address}`];
    const path = address.split(/[?#\s]/, 1)[0] ?? '';
    if (path === '' || path.startsWith('data:') || fileOf(from, decodeURI(path)) !== undefined)
      return [];
    return [`${from} lacks ${address}`];
  }

  function deadLink(from: string, href: string): readonly string[] {
    if (/^[a-z][a-z0-9+.-]*:/i.test(href)) return [];
    const [path = '', anchor] = href.split('#', 2);
    const target = path === '' ? from : fileOf(from, decodeURI(path));
    const shown = `${from}: dead link ${href}`;
    if (target === undefined) return [shown];
    if (anchor === undefined || anchor === '') return [];
    return pages.get(target)?.ids.has(decodeURIComponent(anchor)) === true ? [] : [shown];
  }

  /** The file that a server gives for a path; undefined where there is none. */
  function fileOf(from: string, path: string): string | undefined {
    if (path.startsWith('/') && !path.startsWith(base)) return undefined;
    const inside = path.startsWith('/')
      ? path.slice(base.length)
      : posix.join(posix.dirname(from), path);
    return [inside, `${inside}.html`, posix.join(inside, 'index.html')].find(
      (name) => existsSync(join(folder, name)) && statSync(join(folder, name)).isFile(),
    );
  }
}

/** Whether an address is another host's; `data:` is in the page. */
function isOutside(address: string): boolean {
  return (
    /^(?:[a-z][a-z0-9+.-]*:)?\/\//i.test(address) || /^(?!data:)[a-z][a-z0-9+.-]*:/i.test(address)
  );
}
