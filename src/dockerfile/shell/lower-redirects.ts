import type { HereDocBody, Redirection } from 'unbash';
import { expandedParts, type WordReader, wordOf } from './lower-words.ts';
import type { Redirect, WordPart } from './syntax-tree.ts';

export function isRedirection(node: { readonly type: string }): node is Redirection {
  return node.type === 'Redirect' || node.type === 'HereString' || node.type === 'HereDoc';
}

export function redirectsOf(nodes: readonly Redirection[], read: WordReader): readonly Redirect[] {
  return nodes.map((node) => redirectOf(node, read));
}

function redirectOf(node: Redirection, read: WordReader): Redirect {
  const place = read.place(node);
  const { operator } = node;
  const descriptor = node.descriptor?.type === 'FileDescriptor' ? node.descriptor.value : undefined;
  if (node.type !== 'HereDoc') {
    const { target } = node;
    if (target === undefined) return read.fail(`nothing behind ${operator}`, place.start);
    return { operator, descriptor, target: wordOf(target, read) };
  }
  const { body, closing, delimiter } = node;
  if (delimiter === undefined || closing === undefined)
    return read.fail('a here-document is not closed', place.start);
  const strips = operator === '<<-';
  const parts = delimiter.quoted
    ? [{ kind: 'literal' as const, value: body.text }]
    : documentParts(body, read);
  return {
    operator: '<<',
    descriptor,
    target: { text: '', parts: [], ...place },
    body: { text: body.text, parts: strips ? withoutTabs(parts) : parts, ...read.place(body) },
  };
}

function documentParts(body: HereDocBody, read: WordReader): readonly WordPart[] {
  if (body.parts !== undefined) return expandedParts(body.parts, read);
  return [{ kind: 'literal', value: body.text.replace(/\\([$`\\])|\\\n/g, '$1') }];
}

/** The tabs that `<<-` takes off the lines. */
function withoutTabs(parts: readonly WordPart[]): readonly WordPart[] {
  return parts.map((part, at) =>
    part.kind === 'literal'
      ? { ...part, value: part.value.replace(at === 0 ? /^\t+/gm : /(?<=\n)\t+/g, '') }
      : part,
  );
}
