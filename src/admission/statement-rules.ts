import type { PredicateCheck, StatementRule } from './admitted-image.ts';
import { stringLiteral } from './literals.ts';

/** Rego; policy-controller asks `data.sigstore.isCompliant`. OPA before 1.0 needs the import. */
export function regoRule(
  { predicateType, checks }: StatementRule,
  [room, verdict]: readonly [string, string],
): string {
  return [
    `package ${room}`,
    '',
    'import future.keywords.if',
    '',
    `default ${verdict} := false`,
    '',
    `${verdict} if {`,
    `    input.predicateType == ${stringLiteral(predicateType)}`,
    ...checks.map((check) => `    ${regoCheck(check)}`),
    '}',
    '',
  ].join('\n');
}

function regoCheck({ path, is, text }: PredicateCheck): string {
  const place = `input.predicate${steps(path)}`;
  return is === 'equal'
    ? `${place} == ${stringLiteral(text)}`
    : `${place}[_] == ${stringLiteral(text)}`;
}

/**
 * A rule in CUE, as cosign reads it: it unifies the statement with this and asks for no error. So a
 * field that only has a value here would be there for a statement that lacks it: each is required
 * (`!`).
 */
export function cueRule({ predicateType, checks }: StatementRule): string {
  const hasList = checks.some(({ is }) => is === 'containing');
  return [
    ...(hasList ? ['import "list"', ''] : []),
    `predicateType!: ${stringLiteral(predicateType)}`,
    ...checks.map(({ path, is, text }) => {
      const literal = stringLiteral(text);
      const place = path.map((step) => `${stringLiteral(step)}!: `).join('');
      return `predicate!: ${place}${is === 'equal' ? literal : `list.MatchN(>0, ${literal})`}`;
    }),
    '',
  ].join('\n');
}

/** A rule's conditions in CEL; `payload` gives the statement. */
export function celChecks({ checks }: StatementRule, payload: string): readonly string[] {
  return checks.map(({ path, is, text }) => {
    const place = `${payload}.predicate${steps(path)}`;
    const literal = stringLiteral(text);
    return is === 'equal' ? `${place} == ${literal}` : `${place}.exists(e, e == ${literal})`;
  });
}

function steps(path: readonly string[]): string {
  return path.map((step) => `[${stringLiteral(step)}]`).join('');
}

/** A JMESPath condition for ClusterPolicy, compared as a whole: its operators take wildcards. */
export function jmespathCondition({ path, is, text }: PredicateCheck): {
  readonly key: string;
  readonly operator: 'Equals';
  readonly value: true;
} {
  const place = path.join('.');
  const raw = `'${text}'`;
  const expression = is === 'equal' ? `${place} == ${raw}` : `contains(${place}, ${raw})`;
  return { key: `{{ ${expression} }}`, operator: 'Equals', value: true };
}
