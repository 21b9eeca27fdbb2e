import { showsText } from '../../model/dockerfile.ts';
import type { FixInput, FixPlan, FixRule, ProposedEdit } from '../../model/fix.ts';
import { NOTHING } from '../edit-text.ts';

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

/** Names that should not be in an image, and the top of the context's that match. */
const UNWANTED: readonly Unwanted[] = TABLE.trim()
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

/** Words for a pattern that mean the same at the top of the context. */
function spellings(pattern: string, also: readonly string[] = []): readonly string[] {
  return [pattern, ...also].flatMap((p) => {
    const bare = p.replace(/^\*\*\//, '');
    return [p, `/${p}`, `./${p}`, `${p}/`, `${p}/**`, `**/${bare}`, `**/${bare}/`];
  });
}

/** Paths of the context that the Dockerfile copies; '' for all of it. */
function copied({ source }: FixInput): readonly string[] {
  return source.instructions.flatMap(({ keyword, instruction }) =>
    (keyword === 'COPY' || keyword === 'ADD') &&
    instruction?.flags.some(({ name }) => name === 'from') === false
      ? instruction.arguments
          .slice(0, -1)
          .map((path) => path.replace(/^\.?\/+/, '').replace(/(?<!\/)\/+$/, ''))
      : [],
  );
}

const INSTALLS_MODULES = /\b(?:npm\s+(?:ci|install|i)|yarn(?:\s+install)?|pnpm\s+(?:install|i))\b/;
/** Commands that read the repository which the context is. */
const READS_GIT =
  /\bgit\s+(?:-C\s+\S+\s+)?(?:describe|rev-parse|log|show|status|diff|submodule|ls-files|archive)\b/;

function plan(input: FixInput): FixPlan {
  const { facts, source } = input;
  const names = copied(input);
  if (facts.context === undefined || !names.some((name) => /^[.*]?$/.test(name))) return NOTHING;
  const text = facts.ignoreFile ?? '';
  const lines = text.split('\n').map((line) => line.trim());
  const rules = lines.filter((line) => line !== '' && !line.startsWith('#'));
  // Everything is kept out, and some of it let in again: the author knows why.
  if (rules.some((line) => /^(?:\*\*?|\*\*\/\*)$/.test(line))) return NOTHING;
  const runs = source.instructions.filter(({ keyword }) => keyword === 'RUN');
  const reads = (pattern: RegExp): boolean =>
    runs.some((run) => run.instruction !== undefined && showsText(run.instruction, pattern));
  const unwanted = reads(INSTALLS_MODULES) ? [...UNWANTED, MODULES] : UNWANTED;
  const refusals: { line: number; reason: string }[] = [];
  const missing = unwanted.filter(({ pattern, isThere, also }) => {
    const there = facts.context?.filter((name) => isThere.test(name)) ?? [];
    if (there.length === 0) return false;
    const known = spellings(pattern, also);
    if (rules.some((line) => known.includes(line.replace(/^!\s*/, '')))) return false;
    if (there.every((name) => rules.includes(name) || rules.includes(`/${name}`))) return false;
    if (names.some((name) => there.includes(name.split('/')[0] ?? ''))) {
      refusals.push({
        line: 1,
        reason: `${there.join(', ')} stays in the context: the Dockerfile copies it by name`,
      });
      return false;
    }
    if (pattern === '.git' && reads(READS_GIT)) {
      refusals.push({ line: 1, reason: '.git stays in the context: a RUN reads it' });
      return false;
    }
    return true;
  });
  const read = missing.filter(({ isRead }) => isRead);
  const unread = missing.filter(({ isRead }) => !isRead);
  const opaque = unread.some(({ pattern }) => pattern === '.git') ? opaqueRun(input) : undefined;
  const edits = [
    addition(
      input,
      'context',
      unread,
      opaque === undefined
        ? { risk: 'low', riskReason: 'no command of the build is known to read it' }
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

/** Lines at the end of the ignore file; none where nothing is missing. */
function addition(
  { facts }: FixInput,
  key: string,
  missing: readonly { readonly pattern: string; readonly what: string }[],
  risk: Pick<ProposedEdit, 'risk' | 'riskReason'>,
): ProposedEdit | undefined {
  if (missing.length === 0) return undefined;
  const text = facts.ignoreFile ?? '';
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lead = text === '' || text.endsWith('\n') ? '' : eol;
  const added = lead + missing.map(({ pattern }) => `${pattern}${eol}`).join('');
  return {
    key,
    title: `Keep ${missing.map(({ pattern }) => pattern).join(', ')} out of the context`,
    why: `COPY takes the whole folder into the image: ${[...new Set(missing.map(({ what }) => what))].join(', ')} too`,
    ...risk,
    file: '.dockerignore',
    line: text.split('\n').length,
    edits: [{ start: text.length, end: text.length, text: added }],
  };
}

/** What has no place in an image is kept out of the build context. */
export const ignoreFile: FixRule = {
  id: 'ignore-file',
  criterion: 'no-secrets',
  needs: ['context'],
  plan,
};
