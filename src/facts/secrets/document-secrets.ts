import type { FoundSecrets, SecretFinding } from '../../model/secret-facts.ts';
import { unquoted } from '../../model/shell-word.ts';
import { commandSecrets } from './command-secrets.ts';
import { secretsInPiece } from './content-scan.ts';
import { isNamedSecret } from './named-secret.ts';
import { ScanBudget } from './scan-budget.ts';
import type { FoundSecret } from './secret-text.ts';
import { markOf, masked } from './secret-value.ts';

interface Found {
  readonly rule: string;
  readonly value: string;
  readonly place: DocumentText['place'];
}

/** Regular expressions of V8 give up on a quoted word of twice as much. */
const LONGEST_COMMANDS = 4 * 1024 * 1024;

/** Lists of words within a Dockerfile: alone they are read as such. */
function listsIn(text: string): readonly string[] {
  const ended = text.split(']').slice(0, -1);
  return ended.flatMap((part) => {
    const start = part.search(/\[\s{0,99}"/);
    return start < 0 ? [] : [`${part.slice(start)}]`];
  });
}

/** Shapes by number of the text. Searches all texts at once, as one by one would cost more. */
function shapes(
  texts: readonly DocumentText[],
  budget: ScanBudget,
): ReadonlyMap<number, readonly FoundSecret[]> {
  const starts: number[] = [];
  let length = 0;
  const parts = texts.map(({ text }) => {
    const bytes = Buffer.from(`${text}\n\n`, 'utf8');
    starts.push(length);
    length += bytes.length;
    return bytes;
  });
  const found = new Map<number, FoundSecret[]>();
  let at = 0;
  const all = secretsInPiece(Buffer.concat(parts), false, budget);
  for (const secret of [...all].sort((a, b) => a.at - b.at)) {
    while ((starts[at + 1] ?? Infinity) <= secret.at) at += 1;
    // What is not ASCII came as bytes.
    const value = Buffer.from(secret.value, 'latin1').toString('utf8');
    found.set(at, [...(found.get(at) ?? []), { ...secret, value }]);
  }
  return found;
}

function isReadable(budget: ScanBudget): (text: string) => boolean {
  return ({ length }) => {
    if (length > LONGEST_COMMANDS) budget.gap('a text in it is too long to be read as commands');
    return length <= LONGEST_COMMANDS;
  };
}

function search(document: unknown, placeOf: PlaceOf, budget: ScanBudget): readonly Found[] {
  const texts = documentTexts(document, placeOf, () => {
    budget.gap('it nests too deep');
  });
  const byShape = shapes(texts, budget);
  return texts.flatMap(({ text, place, name }, index): readonly Found[] => {
    const own = (byShape.get(index) ?? []).map(({ rule, value }) => ({ rule, value, place }));
    const bare = unquoted(text);
    if (own.length === 0 && name !== undefined && isNamedSecret(name, bare))
      return [{ rule: 'named-secret', value: bare, place: { ...place, path: name } }];
    // A label that shows how to run the image is not run itself.
    const runs = place.where === 'label' ? [] : [text, ...decoded(text)].filter(isReadable(budget));
    const commands = runs.flatMap(commandSecrets).map((secret) => {
      const path = secret.name ?? place.path;
      return { ...secret, place: path === undefined ? place : { ...place, path } };
    });
    const shown = new Set(own.map(({ value }) => value));
    return [...own, ...commands.filter(({ value }) => !shown.has(value))];
  });
}

/** A Dockerfile as BuildKit records it, whole, in base64. */
function decoded(text: string): readonly string[] {
  if (!/^[A-Za-z0-9+/]{40,}={0,2}$/.test(text)) return [];
  const plain = Buffer.from(text, 'base64').toString('utf8');
  return /[\0-\x08\ufffd]/.test(plain.slice(0, 100)) ? [] : [plain];
}

/**
 * What was found as it may be shown, each once by rule, place and value. A value in the name of
 * the place is masked there too.
 */
function findings(found: readonly Found[]): readonly SecretFinding[] {
  const shown = found.map(({ rule, value, place: { where, path } }): SecretFinding => ({
    rule,
    masked: masked(value),
    mark: markOf(value),
    where,
    ...(path === undefined ? {} : { path: path.replaceAll(value, masked(value)) }),
  }));
  const key = (f: SecretFinding): string => [f.rule, f.where, f.path ?? '', f.masked].join('\n');
  return [...new Map(shown.map((f) => [key(f), f])).values()];
}

/** Findings of several documents, each once. */
export function joined(all: readonly FoundSecrets[]): FoundSecrets {
  const key = (f: SecretFinding): string => JSON.stringify(f);
  return {
    findings: [...new Map(all.flatMap((one) => one.findings).map((f) => [key(f), f])).values()],
    gaps: all.flatMap(({ gaps }) => gaps),
  };
}

function documentSecrets(document: unknown, name: string, placeOf: PlaceOf): FoundSecrets {
  const budget = new ScanBudget();
  const found = findings(search(document, placeOf, budget));
  return { findings: found, gaps: budget.gaps().map((reason) => ({ path: name, reason })) };
}

const inConfig: PlaceOf = ([first = '', second = '', third = '', ...rest]) => {
  if (first === 'history') return { where: 'history', path: `history[${second}]` };
  if (first !== 'config')
    return { where: 'config', path: [first, second, third, ...rest].filter(Boolean).join('.') };
  if (second === 'Labels') return { where: 'label', path: third };
  return { where: second === 'Env' ? 'env' : 'config', path: second };
};

function as(where: SecretFinding['where']): PlaceOf {
  return (keys) => ({ where, path: keys.join('.').slice(-300) });
}

/** Secrets in all of an image's configuration: Env, labels, commands, history, unknown fields. */
export function configSecrets(config: unknown): FoundSecrets {
  return documentSecrets(config, 'the configuration', inConfig);
}

/** Secrets in an index or a manifest: annotations of it and of what it lists, embedded data. */
export function manifestSecrets(document: unknown): FoundSecrets {
  return documentSecrets(document, 'the manifest', (keys) => ({
    where: 'annotation',
    path: keys.at(-2) === 'annotations' ? (keys.at(-1) ?? '') : keys.join('.').slice(-300),
  }));
}

export function buildArgumentSecrets(buildArgs: Readonly<Record<string, string>>): FoundSecrets {
  return documentSecrets(buildArgs, 'the build arguments', as('provenance'));
}

/**
 * Secrets in a statement's predicate of any form, such as provenance or an SBOM. Also reads a
 * Dockerfile in base64, as BuildKit records it.
 */
export function statementSecrets(predicate: unknown): FoundSecrets {
  return documentSecrets(predicate, 'an attestation', as('provenance'));
}

/** Values of secrets in a Dockerfile, longest first, to mask them in its text: never show them. */
export function dockerfileSecretValues(text: string): readonly string[] {
  const history = [text, ...listsIn(text)].map((run) => ({ created_by: run }));
  const found = search(
    { history },
    inConfig,
    new ScanBudget({ tries: Infinity, findings: Infinity }),
  );
  return [...new Set(found.map(({ value }) => value))]
    .filter((value) => value !== '')
    .sort((a, b) => b.length - a.length);
}

type Place = Pick<SecretFinding, 'where' | 'path'>;

interface DocumentText {
  readonly text: string;
  readonly place: Place;
  /** What it is the value of. */
  readonly name?: string;
}

type PlaceOf = (keys: readonly string[]) => Place;

/** Deeper than that no document of an image nests that was read from JSON. */
const MAX_DEPTH = 200;

/**
 * Every text of a document, its keys too, whatever fields there are. An array of texts is a command
 * or a list of `NAME=value`: it is given as one text, and the variables of an `Env` each by name.
 * `tooDeep` is called where nesting ends the search.
 */
function documentTexts(
  document: unknown,
  placeOf: PlaceOf,
  tooDeep: () => void,
): readonly DocumentText[] {
  const found: DocumentText[] = [];
  const visit = (value: unknown, keys: readonly string[]): void => {
    if (keys.length > MAX_DEPTH) tooDeep();
    else if (typeof value === 'string') {
      const key = keys.at(-1) ?? '';
      // `build-arg:NAME` and `label:NAME`, as BuildKit has them.
      found.push({ text: value, place: placeOf(keys), name: key.slice(key.lastIndexOf(':') + 1) });
    } else if (Array.isArray(value)) array(value, keys);
    else if (typeof value === 'object' && value !== null)
      for (const [key, item] of Object.entries(value)) {
        if (key.length >= 16) found.push({ text: key, place: placeOf([...keys, key]) });
        visit(item, [...keys, key]);
      }
  };
  const array = (items: readonly unknown[], keys: readonly string[]): void => {
    const texts = items.filter((item) => typeof item === 'string');
    if (keys.at(-1) === 'Env')
      for (const pair of texts) {
        const equals = Math.max(0, pair.indexOf('='));
        const name = pair.slice(0, equals);
        const { where } = placeOf(keys);
        found.push({ text: pair.slice(equals + 1), place: { where, path: name }, name });
        found.push({ text: name, place: { where, path: name } });
      }
    else if (texts.length > 0) found.push({ text: texts.join(' '), place: placeOf(keys) });
    items.forEach((item, index) => {
      if (typeof item !== 'string') visit(item, [...keys, String(index)]);
    });
  };
  visit(document, []);
  return found;
}
