import type { FixInput, FixPlan, FixRule } from '../../model/fix-rule.ts';
import { NOTHING } from './proposal.ts';
import { showsText } from './run-text.ts';

/** What has no place in an image, and where it is one of those at the top of the context. */
const UNWANTED: readonly {
  readonly pattern: string;
  readonly also?: readonly string[];
  readonly what: string;
  readonly isThere: RegExp;
}[] = [
  { pattern: '.git', what: 'history', isThere: /^\.git$/ },
  { pattern: '.env', what: 'settings and secrets', isThere: /^\.env$/ },
  {
    pattern: '.env.*',
    what: 'settings and secrets',
    isThere: /^\.env\.(?!example$|sample$|template$|dist$)/,
  },
  { pattern: '**/*.pem', also: ['*.pem'], what: 'keys', isThere: /\.pem$/ },
  { pattern: '**/*.key', also: ['*.key'], what: 'keys', isThere: /\.key$/ },
  { pattern: '**/id_rsa*', also: ['id_rsa', 'id_rsa*'], what: 'keys', isThere: /^id_rsa/ },
  {
    pattern: '**/id_ed25519*',
    also: ['id_ed25519', 'id_ed25519*'],
    what: 'keys',
    isThere: /^id_ed25519/,
  },
  { pattern: '.aws', what: 'credentials', isThere: /^\.aws$/ },
  { pattern: '.ssh', what: 'credentials', isThere: /^\.ssh$/ },
  { pattern: '.netrc', what: 'credentials', isThere: /^\.netrc$/ },
];

/** Words for a pattern that mean the same at the top of the context. */
function spellings(pattern: string, also: readonly string[] = []): readonly string[] {
  return [pattern, ...also].flatMap((p) => {
    const bare = p.replace(/^\*\*\//, '');
    return [p, `/${p}`, `./${p}`, `${p}/`, `${p}/**`, `**/${bare}`, `**/${bare}/`];
  });
}

/** Whether the whole context is copied, and what is copied by name. */
function copied({ source }: FixInput): {
  readonly all: boolean;
  readonly names: readonly string[];
} {
  const names = source.instructions
    .filter(
      ({ keyword, instruction }) =>
        (keyword === 'COPY' || keyword === 'ADD') && instruction !== undefined,
    )
    .flatMap(({ instruction }) => {
      if (instruction === undefined || instruction.flags.some(({ name }) => name === 'from'))
        return [];
      return instruction.arguments
        .slice(0, -1)
        .map((path) => path.replace(/^\.?\/+/, '').replace(/\/+$/, ''));
    });
  return { all: names.some((name) => name === '' || name === '.' || name === '*'), names };
}

const INSTALLS_MODULES = /\b(?:npm\s+(?:ci|install|i)|yarn(?:\s+install)?|pnpm\s+(?:install|i))\b/;
/** Commands that read the repository which the context is. */
const READS_GIT =
  /\bgit\s+(?:-C\s+\S+\s+)?(?:describe|rev-parse|log|show|status|diff|submodule|ls-files|archive)\b/;

function plan(input: FixInput): FixPlan {
  const { facts, source } = input;
  const { all, names } = copied(input);
  if (facts.context === undefined || !all) return NOTHING;
  const text = facts.ignoreFile ?? '';
  const lines = text.split('\n').map((line) => line.trim());
  const rules = lines.filter((line) => line !== '' && !line.startsWith('#'));
  // Everything is kept out, and some of it let in again: whoever writes that knows.
  if (rules.some((line) => /^(?:\*\*?|\*\*\/\*)$/.test(line))) return NOTHING;
  const runs = source.instructions.filter(({ keyword }) => keyword === 'RUN');
  const reads = (pattern: RegExp): boolean =>
    runs.some(
      (run) =>
        run.instruction !== undefined &&
        showsText({ ...run, instruction: run.instruction }, pattern),
    );
  const modules = reads(INSTALLS_MODULES)
    ? [
        {
          pattern: 'node_modules',
          what: 'modules that the build installs itself',
          isThere: /^node_modules$/,
        },
      ]
    : [];
  const refusals: { line: number; reason: string }[] = [];
  const missing = [...UNWANTED, ...modules].filter((one) => {
    const { pattern, isThere, also = [] } = { also: undefined, ...one };
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
  if (missing.length === 0) return { edits: [], refusals };
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lead = text === '' || text.endsWith('\n') ? '' : eol;
  return {
    edits: [
      {
        key: 'context',
        title: `Keep ${missing.map(({ pattern }) => pattern).join(', ')} out of the context`,
        why: `COPY takes the whole folder into the image: ${[...new Set(missing.map(({ what }) => what))].join(', ')} too`,
        risk: 'low',
        riskReason: 'a build that reads one of them no longer finds it',
        file: '.dockerignore',
        line: lines.length,
        edits: [
          {
            start: text.length,
            end: text.length,
            text: lead + missing.map(({ pattern }) => `${pattern}${eol}`).join(''),
          },
        ],
      },
    ],
    refusals,
  };
}

/** What has no place in an image is kept out of the build context. */
export const ignoreFile: FixRule = {
  id: 'ignore-file',
  title: 'Keep history, secrets and modules out of the context',
  help:
    'Where a COPY takes the whole context: adds `.git`, `.env`, `.env.*`, keys (`*.pem`, `*.key`, `id_rsa*`, `id_ed25519*`), `.aws`, `.ssh` and `.netrc` to the `.dockerignore`, of these what lies at the top of ' +
    'the context, and `node_modules` where the build installs modules itself. Left alone: what the Dockerfile copies by name, `.git` where a RUN reads it, and files that keep everything out and let in what they name.',
  criterion: 'no-secrets',
  needs: ['context'],
  plan,
};
