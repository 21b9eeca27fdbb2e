/** Whole escape sequences (ECMA-48): CSI with its parameters, and strings such as a window title up to their end. */
const SEQUENCE =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u0090\u0098\u009c-\u009f]*(?:\u0007|\u001b\\|\u009c)/g;
const STEERING =
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * One line of text from outside with what could steer a terminal taken out: escape sequences, control characters but tab,
 * and the marks that turn the direction of writing.
 */
export function cleanForTerminal(text: string): string {
  return text.replace(SEQUENCE, '').replace(STEERING, '');
}

/** The same for text of several lines, which stay apart. */
export function cleanLines(text: string): string {
  return text.split('\n').map(cleanForTerminal).join('\n');
}
