/**
 * The names of the elements of an XML text in order, with `/` at their ends; throws where it is not
 * well-formed as our writers write it.
 */
export function xmlElements(text: string): readonly string[] {
  const forbidden = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.exec(text);
  if (forbidden !== null) throw new Error(`no character of XML: ${JSON.stringify(forbidden[0])}`);
  const open: string[] = [];
  const names: string[] = [];
  let at = 0;
  const tag = /<(?:\?xml [^<>]*\?|(\/?)([A-Za-z-]+)((?:\s+[A-Za-z:-]+="[^"<]*")*)\s*(\/?))>/y;
  while (at < text.length) {
    const next = text.indexOf('<', at);
    const words = text.slice(at, next < 0 ? undefined : next);
    if (/&(?!(?:amp|lt|gt|quot);)/.test(words)) throw new Error(`bare &: ${words}`);
    if (next < 0) break;
    tag.lastIndex = next;
    const found = tag.exec(text);
    if (found === null) throw new Error(`no tag: ${text.slice(next, next + 80)}`);
    at = tag.lastIndex;
    const [, closing, name, attributes = '', alone] = found;
    if (name === undefined) continue;
    if (/&(?!(?:amp|lt|gt|quot);)/.test(attributes)) throw new Error(`bare &: ${attributes}`);
    names.push((closing ?? '') + name);
    if (closing === '/') {
      if (open.pop() !== name) throw new Error(`${name} was not open`);
    } else if (alone !== '/') open.push(name);
  }
  if (open.length > 0) throw new Error(`left open: ${open.join(', ')}`);
  return names;
}
