const META = /[*?[\]\\]/;

/**
 * Which folders of a context a `.dockerignore` surely leaves out with all that is in them, by paths
 * relative to the context. Only patterns that are plain paths, or one behind a leading `**` and a
 * slash, are understood, and a folder that an exception (`!`) may reach into is not left out: a
 * caller that goes by this may send more than needed to BuildKit, which applies the file in full
 * (moby/patternmatcher), and never less.
 */
export function ignoredFolders(text: string): (folder: string) => boolean {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const plain = new Set<string>();
  const anywhere = new Set<string>();
  const exceptions: string[] = [];
  for (const line of lines) {
    if (line.startsWith('!')) exceptions.push(cleaned(line.slice(1).trim()));
    else {
      const pattern = cleaned(line);
      const tail = pattern.startsWith('**/') ? pattern.slice(3) : undefined;
      if (tail !== undefined && tail !== '' && !META.test(tail)) anywhere.add(tail);
      else if (pattern !== '' && pattern !== '..' && !META.test(pattern)) plain.add(pattern);
    }
  }
  return (folder) =>
    (plain.has(folder) || [...anywhere].some((tail) => `/${folder}`.endsWith(`/${tail}`))) &&
    !exceptions.some((exception) => mayMeet(exception, folder));
}

/** Go's filepath.Clean, and without the slash in front. */
function cleaned(pattern: string): string {
  const parts: string[] = [];
  for (const part of pattern.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}

/** False only where the exception can be about nothing in the folder, nor about the folder. */
function mayMeet(exception: string, folder: string): boolean {
  const parts = exception.split('/');
  const meta = parts.findIndex((part) => META.test(part));
  const known = parts.slice(0, meta < 0 ? parts.length : meta).join('/');
  if (known === '') return true;
  return `${known}/`.startsWith(`${folder}/`) || `${folder}/`.startsWith(`${known}/`);
}
