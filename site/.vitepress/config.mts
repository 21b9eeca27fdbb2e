import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { siteProblems } from '../../scripts/site/check.ts';
import { anchorOf, FILES, sitePage, siteLink } from '../../scripts/site/pages.ts';
import { sidebar } from '../../scripts/site/sidebar.ts';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
/** Where the site is served: `/` for a host of its own, `/scoville/` below another. */
const BASE = process.env['SITE_BASE'] ?? '/';
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' fill='%23b3261e'/%3E%3C/svg%3E";

const linked = new Set<string>();

export default defineConfig({
  title: 'Scoville',
  description: 'Build container images reproducibly, sign them, and grade how hardened they are',
  lang: 'en-US',
  base: BASE,
  srcDir: '..',
  outDir: 'dist',
  srcExclude: [
    'site/**',
    'src/**',
    'test/**',
    'templates/**',
    'scripts/**',
    'dist/**',
    '.scoville-*/**',
    'package/**',
  ],
  rewrites: (page) => sitePage(page) ?? page,
  head: [['link', { rel: 'icon', href: ICON }]],
  markdown: {
    anchor: { slugify: anchorOf },
    config(md) {
      md.core.ruler.push('site-links', ({ tokens, env }) => {
        const page = relative(ROOT, env.realPath ?? env.path);
        for (const token of tokens.flatMap(({ children }) => children ?? [])) {
          const href = token.type === 'link_open' ? token.attrGet('href') : null;
          if (href === null) continue;
          const { href: onSite, file } = siteLink(ROOT, page, href);
          if (file !== undefined) {
            linked.add(file);
            token.attrSet('target', '_blank');
          }
          token.attrSet('href', onSite);
        }
      });
    },
  },
  themeConfig: {
    nav: [
      { text: 'Start', link: '/tutorials/first-image' },
      { text: 'Documentation', link: '/overview' },
      { text: 'Commands', link: '/reference/commands/' },
      { text: 'Criteria', link: '/criteria/' },
    ],
    sidebar: sidebar(ROOT),
    outline: [2, 3],
    search: { provider: 'local' },
  },
  buildEnd({ outDir }) {
    for (const file of linked) {
      const target = join(outDir, FILES, file);
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(join(ROOT, file), target);
    }
    const problems = siteProblems(outDir, BASE);
    if (problems.length > 0) throw new Error(`the site is not right:\n${problems.join('\n')}`);
  },
});
