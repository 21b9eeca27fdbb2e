/** Whole escape sequences (ECMA-48): CSI with parameters; strings (a window title) to their end. */
const SEQUENCE =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u0090\u0098\u009c-\u009f]*(?:\u0007|\u001b\\|\u009c)/g;
/** Control characters except tab, line separators, and marks that change the text direction. */
const STEERING = /(?!\t)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** True where a text has control characters: no name and no version has any. */
export function hasControls(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** A line from outside that cannot steer a terminal: no escapes, controls or direction marks. */
export function withoutSteering(line: string): string {
  return line.replace(SEQUENCE, '').replace(STEERING, '');
}

/** The same for text of several lines, which stay apart. */
export function cleanText(text: string): string {
  return text.split('\n').map(withoutSteering).join('\n');
}

/** Text on one line: blanks for controls and line ends, no direction marks or half characters. */
export function oneLine(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/\p{Bidi_Control}/gu, '')
    .replaceAll(/\p{Cs}/gu, '\ufffd')
    .trim();
}

/** Words in lines of at most so many characters; a longer word has a line of its own. */
export function wrapWords(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/ +/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}
