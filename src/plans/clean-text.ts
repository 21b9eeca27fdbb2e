/**
 * One line without control characters, halves of characters, and direction overrides: text from outside that a
 * terminal must not obey and a reader must not be fooled by.
 */
export function cleanText(text: string): string {
  return text
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    .replaceAll(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .replaceAll(/\p{Cs}/gu, '\ufffd')
    .trim();
}
