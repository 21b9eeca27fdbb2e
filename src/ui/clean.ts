/** Text from outside with what could steer a terminal taken out: control characters but tab, and bidirectional overrides. */
export function cleanForTerminal(text: string): string {
  return text.replace(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '');
}
