import { buildArgumentSecrets, configSecrets } from '../../facts/secrets/document-secrets.ts';
import type { Instruction } from '../../model/dockerfile.ts';
import type { SecretFinding } from '../../model/secret-facts.ts';
import { secretName } from '../../model/secret-names.ts';
import { minimalBase } from '../../rules/minimal-base/minimal-bases.ts';
import type { LintKnowledge } from '../../rules/shared/lint/rule.ts';

/** Where an image built from the instruction would hold its text, and so where criteria look for secrets. */
function secretsOf({
  keyword,
  arguments: words,
  rawArguments,
  heredocs,
}: Instruction): readonly SecretFinding[] {
  if (keyword === 'ENV') return configSecrets({ config: { Env: [...words] } }).findings;
  if (keyword === 'ARG') return buildArgumentSecrets(pairs(words)).findings;
  if (keyword === 'LABEL') return configSecrets({ config: { Labels: pairs(words) } }).findings;
  const text = [rawArguments, ...heredocs.map(({ content }) => content)].join('\n');
  return configSecrets({ history: [{ created_by: text }] }).findings;
}

function pairs(words: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    words.flatMap((word) => {
      const equals = word.indexOf('=');
      return equals < 0 ? [] : [[word.slice(0, equals), word.slice(equals + 1)]];
    }),
  );
}

function secretText({ rule, masked, path }: SecretFinding): string {
  return path === undefined || path.startsWith('history')
    ? `${masked} (${rule})`
    : `${path}=${masked} (${rule})`;
}

/** What the criteria know of names and values, for the rules of Dockerfiles. */
export const LINT_KNOWLEDGE: LintKnowledge = {
  secretName,
  secretsIn: (instruction) => [...new Set(secretsOf(instruction).map(secretText))],
  minimalBase: (reference) => {
    const found = minimalBase(reference);
    return found && { minimal: !found.excepted, reason: found.family.reason };
  },
};
