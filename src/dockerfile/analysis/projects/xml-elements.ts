/** An element of XML, by lower-case names. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text in it, without that of its children. */
  readonly text: string;
}

const LARGEST = 262_144;
const DEEPEST = 32;
const MARKUP =
  /<(?:!--[^]*?-->|(\/?)([A-Za-z_][\w.:-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>)/g;
const ATTRIBUTE = /\s([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

function plain(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&');
}

interface Open {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  text: string;
}

function attributesOf(text: string): ReadonlyMap<string, string> | undefined {
  const found = new Map<string, string>();
  for (const [, name = '', double, single] of text.matchAll(ATTRIBUTE)) {
    if (found.has(name.toLowerCase())) return undefined;
    found.set(name.toLowerCase(), plain(double ?? single ?? ''));
  }
  return found;
}

/**
 * The root of an XML file of elements, attributes and text alone. Undefined for whatever else XML
 * can say (a document type, CDATA, characters by number), so that nothing is read otherwise than
 * another reader does.
 */
export function xmlRoot(file: string): XmlElement | undefined {
  const text = file.replace(/^\uFEFF/, '').replace(/^\s*<\?xml [^?<>]*\?>/, '');
  if (text.length > LARGEST || /<!(?!--)|<\?|&(?!(?:lt|gt|quot|apos|amp);)|\0/.test(text))
    return undefined;
  const top: Open = { name: '', attributes: new Map(), children: [], text: '' };
  const stack: Open[] = [top];
  let end = 0;
  for (const found of text.matchAll(MARKUP)) {
    const [whole, close, name, given = '', isEmpty] = found;
    const here = stack.at(-1);
    if (here === undefined || stack.length > DEEPEST) return undefined;
    const between = text.slice(end, found.index);
    // A `<` that is no markup of this reader.
    if (between.includes('<')) return undefined;
    here.text += plain(between);
    end = found.index + whole.length;
    if (name === undefined) continue;
    if (close === '/') {
      const closed = stack.pop();
      if (closed === undefined || closed.name !== name || given !== '') return undefined;
      stack.at(-1)?.children.push({ ...closed, name: name.toLowerCase() });
      continue;
    }
    const attributes = attributesOf(given);
    if (attributes === undefined) return undefined;
    const opened: Open = { name, attributes, children: [], text: '' };
    if (isEmpty === '/') here.children.push({ ...opened, name: name.toLowerCase() });
    else stack.push(opened);
  }
  const rest = text.slice(end);
  const isWhole = stack.length === 1 && !`${top.text}${rest}`.trim();
  return isWhole && top.children.length === 1 ? top.children[0] : undefined;
}
