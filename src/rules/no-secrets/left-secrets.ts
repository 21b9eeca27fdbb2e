import { secretsInFiles } from '../../facts/secrets/shown-files.ts';
import type { BuildContext } from '../../model/build-context.ts';
import type { LeftFile } from '../../model/left-behind.ts';
import { quantity } from '../../model/quantity.ts';
import type { RuleFinding } from '../shared/lint/rule.ts';

/** Of the context: enough for a project's own files, and read in about a second. */
const MOST_FILES = 4000;
const MOST_CHARACTERS = 32 * 1024 * 1024;
const MOST_SHOWN = 5;

interface Shown {
  readonly path: string;
  readonly text: string;
}

interface Read {
  files: number;
  characters: number;
  /** Files that were not read. */
  missed: number;
}

function* filesBelow(
  context: BuildContext,
  { content, path: place }: LeftFile,
  read: Read,
): Generator<Shown> {
  if (content.kind !== 'context') return;
  const open = [content.source];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const below =
      path === content.source ? '' : path.slice(content.source.length).replace(/^\//, '');
    if (content.without.some((one) => below === one || below.startsWith(`${one}/`))) continue;
    const kind = path === '' ? 'folder' : context.kind(path);
    if (kind === 'folder') {
      const names = context.names(path);
      if (names === undefined) read.missed += 1;
      // Of a repository its head says enough.
      for (const name of path.endsWith('.git') ? ['HEAD'] : (names ?? []))
        open.push(path === '' ? name : `${path}/${name}`);
    }
    if (kind !== 'file') continue;
    const isOver = read.files >= MOST_FILES || read.characters >= MOST_CHARACTERS;
    const text = isOver ? undefined : context.text(path);
    if (text === undefined) {
      read.missed += 1;
      if (isOver) return;
      continue;
    }
    read.files += 1;
    read.characters += text.length;
    yield { path: below === '' ? place : `${place === '/' ? '' : place}/${below}`, text };
  }
}

function found(files: readonly Shown[], { range, open }: LeftFile): readonly RuleFinding[] {
  const secrets = secretsInFiles(files);
  const texts = secrets.map(({ path, rule, masked }) =>
    masked === '' ? `/${path} (${rule})` : `/${path} has ${masked} (${rule})`,
  );
  const places = [...new Set(texts)];
  if (places.length === 0) return [];
  const more = places.length > MOST_SHOWN ? ` and ${places.length - MOST_SHOWN} more` : '';
  const message = `a layer has a secret: ${places.slice(0, MOST_SHOWN).join(', ')}${more}`;
  return [{ range, message, ...(open === undefined ? {} : { severity: 'info' }) }];
}

/** Secrets in files that go into a layer: from the context, here-documents and secret mounts. */
export function leftSecrets(
  files: readonly LeftFile[],
  context: BuildContext | undefined,
): readonly RuleFinding[] {
  const read: Read = { files: 0, characters: 0, missed: 0 };
  return files.flatMap((file): readonly RuleFinding[] => {
    const { content, path, range, open } = file;
    switch (content.kind) {
      case 'secret':
        return open === undefined
          ? [
              {
                range,
                message: `the secret “${content.mount}” is written to ${path}, and stays in the layer`,
              },
            ]
          : [
              {
                range,
                message: `the secret “${content.mount}” may stay in ${path}: ${open}`,
                severity: 'info',
              },
            ];
      case 'text':
        return found([{ path, text: content.text }], file);
      case 'context': {
        if (context === undefined) return [];
        read.missed = 0;
        const findings = found([...filesBelow(context, file, read)], file);
        const { missed } = read;
        if (findings.length > 0 || missed === 0) return findings;
        const message = `${quantity(missed, 'file')} or more of the context not searched for secrets`;
        return [{ range, message, severity: 'info' }];
      }
    }
  });
}
