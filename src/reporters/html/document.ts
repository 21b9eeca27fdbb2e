import { createHash } from 'node:crypto';
import { SYMBOLS } from './icons.ts';
import { html, Markup } from './markup.ts';
import { SCRIPT } from './script.ts';
import { style } from './style.ts';

/** A Content Security Policy source (CSP 3, 2.3.1) that allows exactly this text and no other. */
function sourceOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** A whole document that loads nothing: the browser refuses all but its own style and script. */
export function documentOf(title: string, body: Markup): string {
  const css = style();
  const policy = `default-src 'none'; style-src ${sourceOf(css)}; script-src ${sourceOf(SCRIPT)}; base-uri 'none'; form-action 'none'`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        ${new Markup(`<style>${css}</style>`)}
      </head>
      <body>
        ${SYMBOLS}
        <main>${body}</main>
        ${new Markup(`<script>${SCRIPT}</script>`)}
      </body>
    </html>`;
  return `${page.toString()}\n`;
}
