import { existsSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';

/** Pages outside docs/, and the two that have another name on the site than in the repository. */
const NAMES: Readonly<Record<string, string>> = {
  'README.md': 'index.md',
  'docs/README.md': 'overview.md',
  'CONTRIBUTING.md': 'contributing.md',
  'CHANGELOG.md': 'changes.md',
  'examples/node-app/README.md': 'examples/node-app.md',
  'examples/service/README.md': 'examples/service.md',
};

/** Where files that pages link to are on the site. */
export const FILES = 'files';

/**
 * The path of a page on the site, for its path in the repository (`docs/faq.md` gives `faq.md`);
 * undefined for what is not a page of the site.
 */
export function sitePage(path: string): string | undefined {
  const named = NAMES[path];
  if (named !== undefined) return named;
  if (!path.startsWith('docs/') || !path.endsWith('.md')) return undefined;
  return path.slice('docs/'.length).replace(/(^|\/)README\.md$/, '$1index.md');
}

/** What a link of a page means on the site. */
export interface SiteLink {
  readonly href: string;
  /** A file of the repository that has to be on the site for it. */
  readonly file?: string;
}

/**
 * A link of a page in the repository, as it is on the site: pages by their path there, other files
 * below `/files/`. Links to hosts and within the page stay. Throws where there is no such file.
 */
export function siteLink(root: string, page: string, href: string): SiteLink {
  if (/^(?:[a-z][a-z0-9+.-]*:|#|\/\/)/i.test(href)) return { href };
  const [path = '', anchor] = href.split('#', 2);
  const target = posix.normalize(posix.join(posix.dirname(page), decodeURIComponent(path)));
  const hash = anchor === undefined ? '' : `#${anchor}`;
  if (target.startsWith('..') || !existsSync(join(root, target)))
    throw new Error(`${page}: dead link ${href}`);
  const file = statSync(join(root, target)).isDirectory()
    ? posix.join(target, 'README.md')
    : target;
  const onSite = sitePage(file);
  if (onSite !== undefined) return { href: `/${onSite}${hash}` };
  if (!existsSync(join(root, file))) throw new Error(`${page}: no page for the folder ${href}`);
  return { href: `/${FILES}/${file}`, file };
}

/** The anchor of a heading, as GitHub makes it: links in the pages work on both. */
export function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\- _]/gu, '')
    .replaceAll(' ', '-');
}
