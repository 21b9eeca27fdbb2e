/** What JSON lets through and a terminal would obey, or a reader be fooled by: see `clean-text.ts`. A line end is JSON's own. */
const UNSAFE =
  /(?![\n\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/gu;

/** JSON, indented, ending with a line end; characters that must not reach a terminal are spelled out, so that nothing is lost. */
export function jsonText(value: object): string {
  return `${spelledOut(JSON.stringify(value, undefined, 2))}\n`;
}

/** The same on one line, and with no line end. */
export function jsonLine(value: object): string {
  return spelledOut(JSON.stringify(value));
}

function spelledOut(text: string): string {
  return text.replace(UNSAFE, (found) =>
    // A character beyond the first plane is two units, each spelled out.
    [...Array(found.length).keys()]
      .map((at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
