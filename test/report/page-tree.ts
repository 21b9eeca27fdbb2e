import { type DefaultTreeAdapterTypes, parse } from 'parse5';

type Node = DefaultTreeAdapterTypes.ChildNode;
export type Element = DefaultTreeAdapterTypes.Element;

/** A page as a browser reads it; throws where the text is not what the standard wants. */
export function elementsOf(page: string): readonly Element[] {
  const errors: string[] = [];
  const document = parse(page, {
    sourceCodeLocationInfo: true,
    onParseError: ({ code, startLine, startCol }) => {
      errors.push(`${code} at ${startLine}:${startCol}`);
    },
  });
  if (errors.length > 0) throw new Error(errors.slice(0, 5).join('\n'));
  const found: Element[] = [];
  const visit = (node: Node): void => {
    if (!('tagName' in node)) return;
    found.push(node);
    node.childNodes.forEach(visit);
  };
  document.childNodes.forEach(visit);
  return found;
}

export function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((one) => one.name === name)?.value;
}

export function descendants(element: Element): readonly Element[] {
  return element.childNodes.flatMap((node) =>
    'tagName' in node ? [node, ...descendants(node)] : [],
  );
}

export function textOf(node: Node): string {
  if ('value' in node) return node.value;
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
}

/**
 * What keeps a page from being one file that loads nothing, names each place once, and links only
 * where something is.
 */
export function flawsOf(elements: readonly Element[]): readonly string[] {
  const ids = elements.flatMap((element) => attribute(element, 'id') ?? []);
  const flaws = ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `id twice: ${id}`);
  for (const element of elements) {
    const { tagName } = element;
    if (
      ['img', 'link', 'iframe', 'object', 'embed', 'base', 'form', 'audio', 'video'].includes(
        tagName,
      )
    )
      flaws.push(`element: ${tagName}`);
    for (const { name, value } of element.attrs) {
      if (/^on|^style$|^src/.test(name)) flaws.push(`attribute: ${tagName} ${name}`);
      if (name !== 'href') continue;
      if (value.startsWith('#')) {
        if (!ids.includes(value.slice(1))) flaws.push(`leads nowhere: ${value}`);
      } else if (tagName !== 'a' || !/^https:\/\/(github\.com|www\.cve\.org)\//.test(value))
        flaws.push(`leads outside: ${tagName} ${value}`);
    }
  }
  return flaws;
}
