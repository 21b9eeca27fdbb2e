/** Text as one word of a POSIX shell, for commands that are shown to be copied. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A folder as one word that `cd` takes for nothing else: `cd -` goes elsewhere. */
export function folderWord(folder: string): string {
  return shellWord(folder.startsWith('-') ? `./${folder}` : folder);
}

/** A value without the quotes around it. */
export function unquoted(text: string): string {
  return text.replace(/^(["'])(.*)\1$/s, '$2');
}
