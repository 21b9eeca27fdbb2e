import { Environment } from '@marcbachmann/cel-js';
import { parseAllDocuments } from 'yaml';
import type { PolicyFile } from '../../src/trust/policy.ts';

/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-return -- documents of other programs, read as those do; a wrong place fails the test */

/**
 * Evaluators of the rules that the engines have for their policies, written from what their sources
 * do; what each reads of an image (tags, bundles) is part of the rule. An image says who signed
 * what in which form; cryptography is cosign's, and tested elsewhere.
 */
export interface DeployedImage {
  /** As a pod names it; engines resolve a tag to `digest` first. */
  readonly repository: string;
  readonly digest: string;
  readonly signatures: readonly { readonly by: string; readonly form: 'tag' | 'bundle' }[];
  readonly statements: readonly {
    readonly by: string;
    readonly form: 'tag' | 'bundle';
    readonly predicateType: string;
    readonly predicate: unknown;
  }[];
}

type Json = Readonly<Record<string, any>>;

/** As Kubernetes reads it: YAML 1.1. Throws where it is not YAML. */
export function documentsOf(files: readonly PolicyFile[]): readonly Json[] {
  return files.flatMap(({ text }) =>
    parseAllDocuments(text, { version: '1.1' }).map((document) => {
      const [wrong] = document.errors;
      if (wrong !== undefined) throw wrong;
      return document.toJS() as Json;
    }),
  );
}

const named = (one: DeployedImage): string => `${one.repository}:1@${one.digest}`;

/**
 * A key by its text, an identity by `subject issuer`; patterns of identities are expressions from
 * end to end, as Go finds them.
 */
function isBy(by: string, { key, keyless }: Json): boolean {
  if (key !== undefined) return key.data === by;
  return (keyless.identities as readonly Json[]).some((one) => {
    const [subject = '', issuer = ''] = by.split(' ');
    const fits = (exact: string | undefined, pattern: string | undefined, text: string): boolean =>
      exact === undefined ? new RegExp(pattern ?? '$^').test(text) : exact === text;
    return (
      fits(one['subject'], one['subjectRegExp'], subject) &&
      fits(one['issuer'], one['issuerRegExp'], issuer)
    );
  });
}

/**
 * policy-controller, pkg/webhook/validator.go: every policy whose globs match has to be met; with
 * none, the ConfigMap decides.
 */
export function policyControllerAdmits(documents: readonly Json[], one: DeployedImage): boolean {
  const deny = documents.find(({ kind }) => kind === 'ConfigMap')?.['data']['no-match-policy'];
  const name = one.repository.replace(/^docker\.io\//, 'index.docker.io/');
  const matching = documents
    .filter(({ kind }) => kind === 'ClusterImagePolicy')
    .filter(({ spec }) =>
      (spec.images as readonly { glob: string }[]).some(({ glob }) =>
        globExpression(glob).test(`${name}@${one.digest}`),
      ),
    );
  if (matching.length === 0) return deny !== 'deny';
  return matching.every(({ spec }) =>
    (spec.authorities as readonly Json[]).some((authority) => {
      const form = authority['signatureFormat'] === 'bundle' ? 'bundle' : 'tag';
      if (form === 'bundle' && authority['key'] !== undefined) return false;
      const rules = (authority['attestations'] ?? []) as readonly Json[];
      if (rules.length === 0)
        return one.signatures.some((sig) => sig.form === form && isBy(sig.by, authority));
      return rules.every((rule) =>
        one.statements.some(
          (statement) =>
            statement.form === form &&
            isBy(statement.by, authority) &&
            statement.predicateType === rule['predicateType'] &&
            regoHolds(rule['policy'].data as string, statement),
        ),
      );
    }),
  );
}

/** pkg/apis/glob/glob.go */
function globExpression(glob: string): RegExp {
  const source = glob
    .replaceAll('.', String.raw`\.`)
    .replaceAll('**', '#')
    .replaceAll('*', '[^/]*')
    .replaceAll('#', '.*');
  return new RegExp(`^${source}$`);
}

/**
 * The comparisons that our rules consist of; cosign's OPA reads the same text in
 * policy.e2e.test.ts.
 */
export function regoHolds(rego: string, input: unknown): boolean {
  const [, body = ''] = /\bif \{\n([^]*?)\n\}/.exec(rego) ?? [];
  return body.split('\n').every((line) => {
    const [, path = '', any, literal = '""'] =
      /^ {4}input((?:\.\w+|\["[^"]*"\])*?)(\[_\])? == (".*")$/.exec(line) ?? [];
    const steps = [...path.matchAll(/\.(\w+)|\["([^"]*)"\]/g)].map((m) => m[1] ?? m[2] ?? '');
    const value = steps.reduce<unknown>((at, step) => (at as Json | undefined)?.[step], input);
    const text: unknown = JSON.parse(literal);
    return any === undefined ? value === text : Array.isArray(value) && value.includes(text);
  });
}

/**
 * Kyverno's ImageValidatingPolicy, pkg/image/verification/evaluator: the CEL library runs the
 * expressions of the file.
 */
export function kyvernoAdmits(documents: readonly Json[], one: DeployedImage): boolean {
  const [document] = documents;
  const spec = document?.['spec'] as Json;
  // Only globs that take everything are written; what one leaves out would be admitted.
  if (JSON.stringify(spec['matchImageReferences']) !== '[{"glob":"*"}]') return true;
  const attestors = new Map(
    (spec['attestors'] as readonly Json[]).map((a) => [a['name'], a['cosign']]),
  );
  const bundles = [...one.signatures, ...one.statements].some(({ form }) => form === 'bundle');
  const form = bundles ? 'bundle' : 'tag';
  const types = new Map(
    ((spec['attestations'] ?? []) as readonly Json[]).map((a) => [a['name'], a['intoto'].type]),
  );
  const count = (names: readonly string[], holds: (attestor: Json) => boolean): bigint =>
    BigInt(names.filter((name) => holds(attestors.get(name) as Json)).length);
  const statementOf = (name: string, by: Json) =>
    one.statements.find(
      (s) => s.form === form && s.predicateType === types.get(name) && isBy(s.by, by),
    );
  const environment = new Environment({ unlistedVariablesAreDyn: true })
    .registerFunction('verifyImageSignatures(string, list): int', (_: string, names: string[]) =>
      count(names, (a) => one.signatures.some((s) => s.form === form && isBy(s.by, a))),
    )
    .registerFunction(
      'verifyAttestationSignatures(string, string, list): int',
      (_: string, name: string, names: string[]) =>
        count(names, (a) => statementOf(name, a) !== undefined),
    )
    .registerFunction('extractPayload(string, string): dyn', (_: string, name: string) =>
      [...attestors.values()].map((a) => statementOf(name, a as Json)).find((s) => s !== undefined),
    );
  const own = (keys: Iterable<unknown>) => Object.fromEntries([...keys].map((key) => [key, key]));
  const context = {
    images: { containers: [named(one)], initContainers: [], ephemeralContainers: [] },
    attestors: own(attestors.keys()),
    attestations: own(types.keys()),
  };
  return (spec['validations'] as readonly { expression: string }[]).every(({ expression }) => {
    try {
      return environment.evaluate(expression, context) === true;
    } catch {
      // failurePolicy: Fail
      return false;
    }
  });
}

function wildcard(pattern: string): RegExp {
  const source = pattern.replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}

/**
 * BuildKit, sourcepolicy/engine.go: the last rule that matches decides, a conversion begins again.
 * Gives what is used, or nothing.
 */
export function buildkitUses(file: PolicyFile, source: string): string | undefined {
  const { rules } = JSON.parse(file.text) as { readonly rules: readonly Json[] };
  let isDenied = false;
  for (const { action, selector, updates } of rules) {
    const expression =
      selector.match_type === 'REGEX'
        ? new RegExp(selector.identifier)
        : wildcard(selector.identifier);
    if (!expression.test(source)) continue;
    if (action === 'CONVERT' && updates.identifier !== source)
      return buildkitUses(file, updates.identifier);
    isDenied = action === 'DENY' || (action === 'CONVERT' && isDenied);
  }
  return isDenied ? undefined : source;
}
