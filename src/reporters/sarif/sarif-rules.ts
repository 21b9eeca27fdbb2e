import { type CriterionResult, type Level, SPEC_URL } from '../../model/criterion.ts';

/** Lower levels are what every image should meet. */
const FAIL_LEVELS: Readonly<Record<Level, 'error' | 'warning'>> = {
  1: 'error',
  2: 'error',
  3: 'warning',
  4: 'warning',
  5: 'warning',
};

/** GitHub ranks alerts by it: critical over 9.0, high from 7.0, medium from 4.0, low below. */
const SECURITY_SEVERITIES: Readonly<Record<Level, string>> = {
  1: '8.0',
  2: '7.0',
  3: '5.0',
  4: '4.0',
  5: '2.0',
};

/** A failing criterion's level in SARIF; what is not known is a note. */
export function sarifLevel({
  outcome,
  level,
}: Pick<CriterionResult, 'outcome' | 'level'>): 'error' | 'warning' | 'note' {
  return outcome === 'fail' ? FAIL_LEVELS[level] : 'note';
}

/** What a rule is called, for people and in SARIF's own spelling (3.49.7). */
export function sarifName({ id, title }: { readonly id: string; readonly title: string }) {
  const name = id.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return { id, name, shortDescription: { text: title } };
}

/** A criterion as a rule (SARIF 2.1.0, 3.49), all of it from its result. */
export function sarifRule(result: CriterionResult) {
  const { id, title, vector, level, spec, remedies } = result;
  const helps = remedies.map(({ title: what, detail, example }) =>
    [
      `${what}.`,
      detail,
      ...(example === undefined ? [] : [`\n\n    ${example.replace(/\n/g, '\n    ')}`]),
    ].join(' '),
  );
  const help = helps.join('\n\n');
  return {
    ...sarifName({ id, title }),
    fullDescription: {
      text: `${title} (Container Hardening Priorities, ${vector}, level ${level}).`,
    },
    help: { text: help === '' ? title : help, ...(help === '' ? {} : { markdown: help }) },
    helpUri: spec === undefined ? SPEC_URL : `${SPEC_URL}${spec}`,
    defaultConfiguration: { level: FAIL_LEVELS[level] },
    properties: {
      vector,
      level,
      tags: ['security', 'container', vector, `chps-level-${level}`],
      precision: 'high',
      'security-severity': SECURITY_SEVERITIES[level],
    },
  };
}
