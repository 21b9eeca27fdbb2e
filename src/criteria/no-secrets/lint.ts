import { buildArgumentSecrets, configSecrets } from '../../facts/secrets/document-secrets.ts';
import { secretsInFiles } from '../../facts/secrets/secret-collector.ts';
import { quantity } from '../../lib/text.ts';
import { assignments, type BuildContext, type Instruction } from '../../model/dockerfile.ts';
import type { LeftFile, SecretFinding } from '../../model/facts.ts';
import { listed } from '../criterion.ts';
import { criterionRule, instructionsOf, type RuleFinding } from '../lint-rule.ts';
import { noSecrets } from './verdict.ts';

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
  if (texts.length === 0) return [];
  const message = `a layer has a secret: ${listed(texts, MOST_SHOWN)}`;
  return [{ range, message, ...(open !== undefined && { severity: 'info' }) }];
}

/** Secrets in files that go into a layer: from the context, here-documents and secret mounts. */
function leftSecrets(
  files: readonly LeftFile[],
  context: BuildContext | undefined,
): readonly RuleFinding[] {
  const read: Read = { files: 0, characters: 0, missed: 0 };
  return files.flatMap((file): readonly RuleFinding[] => {
    const { content, path, range, open } = file;
    switch (content.kind) {
      case 'secret': {
        const message =
          open === undefined
            ? `the secret “${content.mount}” is written to ${path}, and stays in the layer`
            : `the secret “${content.mount}” may stay in ${path}: ${open}`;
        return [{ range, message, ...(open !== undefined && { severity: 'info' }) }];
      }
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

/** Secrets in the parts of an instruction that its image contains, where criteria look for them. */
function secretsOf({
  keyword,
  arguments: words,
  rawArguments,
  heredocs,
}: Instruction): readonly SecretFinding[] {
  if (keyword === 'ENV') return configSecrets({ config: { Env: [...words] } }).findings;
  if (keyword === 'ARG') return buildArgumentSecrets(assignments(words)).findings;
  if (keyword === 'LABEL')
    return configSecrets({ config: { Labels: assignments(words) } }).findings;
  const text = [rawArguments, ...heredocs.map(({ content }) => content)].join('\n');
  return configSecrets({ history: [{ created_by: text }] }).findings;
}

function secretText({ rule, masked, path }: SecretFinding): string {
  return path === undefined || path.startsWith('history')
    ? `${masked} (${rule})`
    : `${path}=${masked} (${rule})`;
}

const SPELLS = ['ENV', 'ARG', 'LABEL', 'RUN', 'CMD', 'ENTRYPOINT', 'HEALTHCHECK'];

/** Secrets in the Dockerfile's text: the image's history or configuration shows them to anyone. */
export const noSecretsRule = criterionRule(noSecrets, {
  bad: 'FROM alpine:3.22\nRUN DB_PASSWORD=tr0ub4dor-and-3 ./migrate\n',
  good: 'FROM alpine:3.22\nRUN --mount=type=secret,id=db DB_PASSWORD_FILE=/run/secrets/db ./migrate\n',
  check: ({ stages, left, context }) => {
    const spelled = instructionsOf(stages, ...SPELLS).flatMap((instruction) => {
      const secrets = [...new Set(secretsOf(instruction).map(secretText))];
      if (secrets.length === 0) return [];
      const message = `${instruction.keyword} spells out a secret: ${secrets.slice(0, 3).join(', ')}`;
      return [{ range: instruction.range, message }];
    });
    const lines = new Set(spelled.map(({ range }) => range.startLine));
    const written = leftSecrets(left.files, context);
    // What an instruction spells out and writes to a file is one secret.
    return [...spelled, ...written.filter(({ range }) => !lines.has(range.startLine))];
  },
});
