import type { SecretFinding } from '../../model/facts.ts';
import type { Annotations, ImageConfig } from '../../model/oci.ts';
import { isNamedSecret } from './secret-names.ts';
import { masked, secretsInText, type Shown } from './secret-text.ts';

type Place = Exclude<SecretFinding['where'], 'layer'>;

/** Of one text, name or value; what is longer is no setting. */
const MAX_TEXT = 1024 * 1024;
/** Of a document's texts, keys among them. */
const MAX_TEXTS = 100_000;
const MAX_DEPTH = 100;

function inText(text: string, where: Place, path: string, shown: Shown): readonly SecretFinding[] {
  return secretsInText(text.slice(0, MAX_TEXT), shown).map(({ rule, masked: value }) => ({
    rule,
    masked: value,
    where,
    path,
  }));
}

function inPair(name: string, value: string, where: Place, shown: Shown): readonly SecretFinding[] {
  const byShape = inText(value, where, name, shown);
  if (byShape.length > 0) return byShape;
  const bare = value.replace(/^(["'])(.*)\1$/s, '$2');
  return isNamedSecret(name, bare)
    ? [{ rule: 'named-secret', masked: shown(bare), where, path: name }]
    : [];
}

/** `NAME=value` pairs, as a shell, ARG or ENV lists them. */
function pairs(text: string): readonly [string, string][] {
  return [
    ...text
      .slice(0, MAX_TEXT)
      .matchAll(
        /(?:^|[\s;&|])([A-Za-z_]\w{0,100})=("[^"]{0,4000}"|'[^']{0,4000}'|[^\s;&|"']{0,4000})/g,
      ),
  ].map(([, name = '', value = '']) => [name, value]);
}

/** A command's own secrets: those of known shapes, those of variables it sets, and what it hands to `-u`. */
function inCommand(
  text: string,
  where: Place,
  path: string,
  shown: Shown,
): readonly SecretFinding[] {
  const named = pairs(text).flatMap(([name, value]) =>
    inPair(name, value, where, shown).filter(({ rule }) => rule === 'named-secret'),
  );
  const login =
    /\b(?:curl|wget|docker login|helm|http)\b[^\n|;&]{0,300}?\s(?:-u|--user|-p|--password|--http-password)[\s=]+["']?([^\s"'$<{]{4,200})/g;
  const logins = [...text.slice(0, MAX_TEXT).matchAll(login)].flatMap(([, value = '']) => {
    const secret = value.slice(value.indexOf(':') + 1);
    return isNamedSecret('PASSWORD', secret) && !/^(?:root|\w+:\w*)$/.test(secret)
      ? [{ rule: 'login-in-command', masked: shown(secret), where, path }]
      : [];
  });
  return [...inText(text, where, path, shown), ...named, ...logins];
}

/** Each finding once: by rule, place and value. */
export function distinct(findings: readonly SecretFinding[]): readonly SecretFinding[] {
  const key = (f: SecretFinding): string => [f.rule, f.where, f.path ?? '', f.masked].join('\n');
  return [...new Map(findings.map((f) => [key(f), f])).values()];
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** Secrets in an image's configuration: Env, labels, the commands it runs, and the history with the build arguments it records. */
export function configSecrets(config: ImageConfig): readonly SecretFinding[] {
  return findingsOf(config, masked);
}

/** The values of these secrets as they stand there, to be found again in the text that the configuration is of: never to be shown. */
export function configSecretValues(config: ImageConfig): readonly string[] {
  return findingsOf(config, (value) => value).map((finding) => finding.masked);
}

function findingsOf(config: ImageConfig, shown: Shown): readonly SecretFinding[] {
  const inside = (config.config ?? {}) as Readonly<Record<string, unknown>>;
  const env = texts(inside['Env']).flatMap((pair) => {
    const equals = pair.indexOf('=');
    return inPair(pair.slice(0, Math.max(0, equals)), pair.slice(equals + 1), 'env', shown);
  });
  const health = inside['Healthcheck'] as { readonly Test?: unknown } | null | undefined;
  const commands = [
    ['Entrypoint', inside['Entrypoint']],
    ['Cmd', inside['Cmd']],
    ['OnBuild', inside['OnBuild']],
    ['Healthcheck', health?.Test],
  ].flatMap(([name, value]) => inCommand(texts(value).join(' '), 'config', String(name), shown));
  const history = (config.history ?? []).flatMap((entry, index) => {
    const text = [entry.created_by ?? '', entry.comment ?? ''].join('\n');
    return inCommand(text, 'history', `history[${index}]`, shown);
  });
  return distinct([
    ...env,
    ...pairSecrets(config.config?.Labels ?? {}, 'label', shown),
    ...commands,
    ...history,
  ]);
}

function pairSecrets(
  values: Readonly<Record<string, unknown>>,
  where: Place,
  shown: Shown = masked,
): readonly SecretFinding[] {
  return Object.entries(values).flatMap(([name, value]) =>
    typeof value === 'string' ? inPair(name, value, where, shown) : [],
  );
}

/** Secrets in the annotations of an index or a manifest. */
export function annotationSecrets(annotations: Annotations): readonly SecretFinding[] {
  return distinct(pairSecrets(annotations, 'annotation'));
}

/** Secrets among the build arguments that provenance records. */
export function buildArgumentSecrets(
  buildArgs: Readonly<Record<string, string>>,
): readonly SecretFinding[] {
  return distinct(pairSecrets(buildArgs, 'provenance'));
}

/**
 * Secrets in a statement's predicate, whatever its form: every text in it, each with the path of its keys. A Dockerfile in
 * base64, as BuildKit records it, is read too. Texts beyond 100,000 or 100 levels deep are not.
 */
export function provenanceSecrets(predicate: unknown): readonly SecretFinding[] {
  const found: SecretFinding[] = [];
  let left = MAX_TEXTS;
  const visit = (value: unknown, path: string, depth: number): void => {
    if (typeof value === 'string') {
      if (left-- > 0) found.push(...inProvenanceText(path, value));
    } else if (typeof value === 'object' && value !== null && depth < MAX_DEPTH)
      for (const [key, item] of Object.entries(value)) {
        if (left <= 0) return;
        visit(item, path === '' ? key : `${path}.${key}`.slice(-300), depth + 1);
      }
  };
  visit(predicate, '', 0);
  return distinct(found);
}

function inProvenanceText(path: string, value: string): readonly SecretFinding[] {
  const argument = /(?:^|\.)(?:build-arg|label):([A-Za-z_][\w.-]*)$/.exec(path)?.[1];
  if (argument !== undefined) return inPair(argument, value, 'provenance', masked);
  // BuildKit's own name for an OCI layout has the form of a user and a password before a host.
  if (/^oci-layout:\/\/[a-z0-9]+:[\w][\w.-]{0,127}@sha256:[0-9a-f]{64}$/.test(value)) return [];
  const encoded = /\.data$/.test(path) && /^[A-Za-z0-9+/]{40,}={0,2}$/.test(value);
  const plain = encoded ? Buffer.from(value, 'base64').toString('latin1') : value;
  return inCommand(plain, 'provenance', path, masked);
}
