import { createHash } from 'node:crypto';
import { createElement, isValidElement, type ReactElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { shownText } from '../text.ts';
import SYMBOLS from './icons.svg?raw';
import SCRIPT from './page.client.js?raw';
import STYLE from './page.css?raw';

export { SCRIPT, STYLE };

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** What is inside an element: lists may be nested; nothing for null, undefined and booleans. */
export type Content =
  ReactElement | string | number | boolean | null | undefined | readonly Content[];

/** An element: name and classes (`p.muted`), attributes where it has any, content. */
export function h(name: string, first?: Attributes | Content, ...rest: Content[]): ReactElement {
  const [tag = '', ...classes] = name.split('.');
  const hasAttributes =
    typeof first === 'object' && first !== null && !Array.isArray(first) && !isValidElement(first);
  const attributes = hasAttributes ? (first as Attributes) : {};
  const content = hasAttributes ? rest : [first as Content, ...rest];
  const own = classes.length === 0 ? {} : { className: classes.join(' ') };
  return createElement(tag, { ...own, ...attributes }, ...content.flat<Content[], 9>(9));
}

/** People do not read longer lines, so values are cut. */
const LONGEST = 2000;
const MOST_LINES = 100;

/** Ours, in the head and at the end of a page: never text from an image. */
interface Frame {
  readonly policy?: string;
  readonly style: string;
  readonly script?: string;
}

/**
 * A whole document that loads nothing: the browser refuses all but its own style and script. React
 * escapes each value; its output is cleaned and cut here, in one place.
 */
export function documentOf(title: string, body: Content): string {
  const sources = `style-src ${sourceOf(STYLE)}; script-src ${sourceOf(SCRIPT)}`;
  return framed(title, h('main', body), {
    policy: `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; ${sources}; base-uri 'none'; form-action 'none'">\n`,
    style: `<style>${STYLE}</style>`,
    script: `<script>${SCRIPT}</script>\n`,
  });
}

/** A document with its style and script as the frame says; the service gives both addresses. */
export function framed(
  title: string,
  body: ReactElement,
  { policy = '', style, script = '' }: Frame,
): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
${policy}<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
${markupOf(h('title', title))}
${style}
</head>
<body>
${SYMBOLS}${markupOf(body)}
${script}</body>
</html>
`;
}

/** A Content Security Policy source (CSP 3, 2.3.1) for exactly this text. */
function sourceOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Markup without characters from an image that hide or turn text. */
export function markupOf(element: ReactElement): string {
  // React escapes quotes and angle brackets in values, so these are its own.
  return renderToStaticMarkup(element)
    .replace(/(?<==")[^"<>]+/g, bounded)
    .replace(/(?<=>)[^<>]+/g, bounded);
}

/** Fast path: most texts are names and numbers, and a page has a hundred thousand. */
const PLAIN = /^[\w /.,+-]{0,100}$/;

/** An attribute's value or the text between two tags. Line ends and indentation stay. */
function bounded(text: string): string {
  if (PLAIN.test(text)) return text;
  return text
    .split(/\r?\n/)
    .slice(0, MOST_LINES)
    .map((line) => {
      const indent = /^ {0,40}/.exec(line)?.[0] ?? '';
      const clean = shownText(line.slice(indent.length));
      if (clean.length <= LONGEST) return indent + clean;
      // Does not cut an entity or a surrogate pair.
      return `${indent}${clean.slice(0, LONGEST - 1).replace(/(?:&[#\w]{0,8}|[\ud800-\udbff])$/, '')}…`;
    })
    .join('\n');
}
