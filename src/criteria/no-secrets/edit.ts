import { posix } from 'node:path';
import type { Evidence } from '../../model/criterion.ts';
import { showsText } from '../../model/dockerfile.ts';
import type { FixInput, FixPlan, FixRule, ProposedEdit } from '../../model/fix.ts';
import { NOTHING } from '../edit-text.ts';
import { fromWorkFolder } from '../runtime-command.ts';
import { fitsPattern } from '../started-programs.ts';

interface Unwanted {
  readonly pattern: string;
  readonly also?: readonly string[];
  readonly what: string;
  readonly isThere: RegExp;
  /** True where programs read it at run time too. */
  readonly isRead?: boolean;
}

const MODULES: Unwanted = {
  pattern: 'node_modules',
  what: 'modules that the build installs itself',
  isThere: /^node_modules$/,
};

/**
 * Per line: what to leave out, other spellings of it (a dash for none), what it is, names that are
 * it, and whether programs may read it.
 */
const TABLE = String.raw`
.git | - | history | ^\.git$
.env | - | settings and secrets | ^\.env$ | read
.env.* | - | settings and secrets | ^\.env\.(?!example$|sample$|template$|dist$) | read
**/*.pem | *.pem | keys | \.pem$ | read
**/*.key | *.key | keys | \.key$ | read
**/id_rsa* | id_rsa id_rsa* | keys | ^id_rsa
**/id_ed25519* | id_ed25519 id_ed25519* | keys | ^id_ed25519 | read
.aws | - | credentials | ^\.aws$ | read
.ssh | - | credentials | ^\.ssh$ | read
.netrc | - | credentials | ^\.netrc$ | read
`;

/** What a build reads itself, and what scoville writes. */
const OWN_TABLE = String.raw`
Dockerfile* | Dockerfile | files of the build | ^Dockerfile
.dockerignore | *.dockerignore | files of the build | \.dockerignore$
.scoville.yaml | .scoville.* | files of the build | ^\.scoville\.ya?ml$
scoville.lock | *.lock scoville.* | files of the build | ^scoville\.lock$
seccomp.json | - | files of the build | ^seccomp\.json$
`;

/** Names that should not be in an image, and the top of the context's that match. */
function rowsOf(table: string): readonly Unwanted[] {
  return table
    .trim()
    .split('\n')
    .map((row) => {
      const [pattern = '', also = '', what = '', isThere = '', read] = row.split(' | ');
      return {
        pattern,
        also: also === '-' ? [] : also.split(' '),
        what,
        isThere: new RegExp(isThere),
        isRead: read === 'read',
      };
    });
}

const UNWANTED = rowsOf(TABLE);
const OWN = rowsOf(OWN_TABLE);

/** Words for a pattern that mean the same at the top of the context. */
function spellings(pattern: string, also: readonly string[] = []): readonly string[] {
  return [pattern, ...also].flatMap((p) => {
    const bare = p.replace(/^\*\*\//, '');
    return [p, `/${p}`, `./${p}`, `${p}/`, `${p}/**`, `**/${bare}`, `**/${bare}/`];
  });
}

/** Sources of a COPY or ADD in the context; '' for all of it. */
function sourcesOf({ keyword, instruction }: FixInput['source']['instructions'][number]) {
  return (keyword === 'COPY' || keyword === 'ADD') &&
    instruction?.flags.some(({ name }) => name === 'from') === false
    ? instruction.arguments
        .slice(0, -1)
        .map((path) => path.replace(/^\.?\/+/, '').replace(/(?<!\/)\/+$/, ''))
    : [];
}

const isRoot = (name: string): boolean => /^[.*]?$/.test(name);

/** Folders of the image to which all of the context goes. */
function rootTargets(input: FixInput): readonly string[] {
  return input.source.instructions
    .filter((one) => sourcesOf(one).some(isRoot))
    .map(({ folder, instruction }) =>
      fromWorkFolder(input, folder, instruction?.arguments.at(-1) ?? ''),
    );
}

const INSTALLS_MODULES = /\b(?:npm\s+(?:ci|install|i)|yarn(?:\s+install)?|pnpm\s+(?:install|i))\b/;
/** Commands that read the repository which the context is. */
const READS_GIT =
  /\bgit\s+(?:-C\s+\S+\s+)?(?:describe|rev-parse|log|show|status|diff|submodule|ls-files|archive)\b/;

/** What of a table is still in a context that is copied whole, and what has to stay there. */
function missingOf(
  input: FixInput,
  table: readonly Unwanted[],
  isSure = false,
): { readonly missing: readonly Unwanted[]; readonly refusals: FixPlan['refusals'] } {
  const { facts, source } = input;
  const names = source.instructions.flatMap(sourcesOf);
  const none = { missing: [], refusals: [] };
  if (facts.context === undefined || !names.some(isRoot)) return none;
  const lines = (facts.ignoreFile ?? '').split('\n').map((line) => line.trim());
  const rules = lines.filter((line) => line !== '' && !line.startsWith('#'));
  // Everything is kept out, and some of it let in again: the author knows why.
  if (rules.some((line) => /^(?:\*\*?|\*\*\/\*)$/.test(line))) return none;
  const refusals: { line: number; reason: string }[] = [];
  const missing = table.filter(({ pattern, isThere, also }) => {
    const found = facts.context?.filter((name) => isThere.test(name)) ?? [];
    const there = found.length === 0 && isSure ? [pattern] : found;
    if (there.length === 0) return false;
    const known = spellings(pattern, also);
    if (rules.some((line) => known.includes(line.replace(/^!\s*/, '')))) return false;
    if (there.every((name) => rules.includes(name) || rules.includes(`/${name}`))) return false;
    const sources = names.filter((name) => !isRoot(name)).map((name) => name.split('/')[0] ?? '');
    if (sources.some((one) => there.some((name) => one === name || fitsPattern(one, name)))) {
      refusals.push({
        line: 1,
        reason: `${there.join(', ')} stays in the context: the Dockerfile copies it by name`,
      });
      return false;
    }
    if (pattern === '.git' && readsIn(input, READS_GIT)) {
      refusals.push({ line: 1, reason: '.git stays in the context: a RUN reads it' });
      return false;
    }
    return true;
  });
  return { missing, refusals };
}

/** True where a RUN has such text. */
function readsIn({ source }: FixInput, pattern: RegExp): boolean {
  return source.instructions.some(
    ({ keyword, instruction, text }) =>
      keyword === 'RUN' &&
      instruction !== undefined &&
      (pattern.test(text) || showsText(instruction, pattern)),
  );
}

function plan(input: FixInput): FixPlan {
  const table = readsIn(input, INSTALLS_MODULES) ? [...UNWANTED, MODULES] : UNWANTED;
  const { missing, refusals } = missingOf(input, table);
  const read = missing.filter(({ isRead }) => isRead);
  const unread = missing.filter(({ isRead }) => !isRead);
  const opaque = unread.some(({ pattern }) => pattern === '.git') ? opaqueRun(input) : undefined;
  const edits = [
    addition(
      input,
      'context',
      unread,
      opaque === undefined
        ? { risk: 'low', riskReason: NOT_READ }
        : {
            risk: 'medium',
            riskReason: `${opaque} may read the history, and a build without it fails`,
          },
    ),
    addition(input, 'secrets', read, {
      risk: 'medium',
      riskReason: 'a build, or a program, that reads one of them no longer finds it',
    }),
  ];
  return { edits: edits.flatMap((edit) => edit ?? []), refusals };
}

const OWN_WHY =
  'COPY takes the whole folder into the image, and each change of one of them undoes the build cache from there on';
const NOT_READ = 'no command of the build is known to read it';

/**
 * They are kept out before they are there: a step that made one would else undo the build cache.
 * Elsewhere than beside the Dockerfile scoville writes none.
 */
function planOwn(input: FixInput): FixPlan {
  const isBeside = input.facts.context?.includes('Dockerfile') === true;
  const unread = OWN.filter(({ pattern }) => {
    const name = pattern.replace('*', '').replaceAll('.', String.raw`\.`);
    return !readsIn(input, new RegExp(String.raw`(?<![\w-])${name}`));
  });
  const { missing } = missingOf(input, unread, isBeside);
  const added = addition(input, 'context', missing, { risk: 'low', riskReason: NOT_READ });
  return added === undefined ? NOTHING : { edits: [{ ...added, why: OWN_WHY }], refusals: [] };
}

/** Commands that do not read the history of git, whatever they are given. */
const READS_NONE =
  /^(?:\[|adduser|addgroup|apk|apt|apt-get|cat|chgrp|chmod|chown|cp|cut|dnf|dpkg|echo|export|false|find|grep|groupadd|head|install|ln|ls|microdnf|mkdir|mv|npm|pnpm|printf|pwd|rm|rmdir|sed|set|sleep|tail|tar|test|touch|true|tr|unzip|useradd|usermod|yarn|yum)$/;

/** The name of a RUN command that may read files of the context; undefined if there is none. */
function opaqueRun({ source }: FixInput): string | undefined {
  for (const { keyword, commands, instruction } of source.instructions) {
    if (keyword !== 'RUN') continue;
    if (commands.length === 0) return instruction?.arguments[0] ?? 'a RUN';
    for (const { argv } of commands) {
      const [first = '', verb = ''] = argv;
      const isScript =
        /^(?:npm|pnpm|yarn)$/.test(first) && !/^(?:ci|install|i|add|--\S+)?$/.test(verb);
      const isList = /^pip[\d.]*$/.test(first) && argv.includes('-r') && !argv.includes('-e');
      if (isScript || !(READS_NONE.test(first) || isList || /^\w+=/.test(first)))
        return argv.slice(0, 2).join(' ');
    }
  }
  return undefined;
}

/** True for what was found in such a file, where a COPY of the whole context put it. */
function isOf({ pattern, isThere }: Unwanted, targets: readonly string[], one: Evidence): boolean {
  const path = one.kind === 'file' ? `/${one.path}` : '';
  return targets.some((target) => {
    const folder = posix.join(target, '/');
    const below = path.startsWith(folder) ? path.slice(folder.length) : '';
    // A pattern without it is for the top of the context.
    const name = pattern.startsWith('**/') ? posix.basename(below) : below.split('/')[0];
    return isThere.test(name ?? '');
  });
}

/** Lines at the end of the ignore file; none where nothing is missing. */
function addition(
  input: FixInput,
  key: string,
  missing: readonly Unwanted[],
  risk: Pick<ProposedEdit, 'risk' | 'riskReason'>,
): ProposedEdit | undefined {
  if (missing.length === 0) return undefined;
  const targets = rootTargets(input);
  const text = input.facts.ignoreFile ?? '';
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lead = text === '' || text.endsWith('\n') ? '' : eol;
  const added = lead + missing.map(({ pattern }) => `${pattern}${eol}`).join('');
  return {
    key,
    clears: (one) => missing.some((row) => isOf(row, targets, one)),
    title: `Keep ${missing.map(({ pattern }) => pattern).join(', ')} out of the context`,
    why: `COPY takes the whole folder into the image: ${[...new Set(missing.map(({ what }) => what))].join(', ')} too`,
    ...risk,
    file: '.dockerignore',
    line: text.split('\n').length,
    edits: [{ start: text.length, end: text.length, text: added }],
  };
}

/** Files of the build itself are kept out of it too: they serve no criterion, but the cache. */
export const ownFiles: FixRule = {
  id: 'own-files',
  title: 'Keep files of the build itself out of the context',
  why: OWN_WHY,
  needs: ['context'],
  plan: planOwn,
};

/** What has no place in an image is kept out of the build context. */
export const ignoreFile: FixRule = {
  id: 'ignore-file',
  title: 'Keep history, secrets and modules out of the context',
  criterion: 'no-secrets',
  needs: ['context'],
  plan,
};
