/** Outside text for error messages: quoted, cut, control and direction characters spelled out. */
export function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 200)).replace(
    /[\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
