/**
 * The texts in a value that hold a control character (C0, DEL or C1), at any depth; keys of objects
 * are not looked at.
 */
export function controlTexts(value: unknown): readonly string[] {
  const found: string[] = [];
  JSON.stringify(value, (_key, one: unknown) => {
    if (typeof one === 'string' && /[\0-\x1f\x7f-\x9f]/.test(one)) found.push(one);
    return one;
  });
  return found;
}
