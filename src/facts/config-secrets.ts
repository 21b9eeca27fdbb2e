import type { SecretFinding } from '../model/facts.ts';
import type { ImageConfig } from '../model/oci.ts';
import { isPlaceholder, masked, secretsInText } from './secret-text.ts';

type Place = Exclude<SecretFinding['where'], 'layer'>;

const SECRET_NAME =
  /(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|SECRET_KEY|TOKEN|API_?KEY|PRIVATE_KEY|ACCESS_KEY|AUTH_?KEY|CREDENTIALS?)$/i;

/** A value that a person would keep to themselves: no flag, number, path, address or reference. */
function isSecretValue(value: string): boolean {
  if (value.length < 4 || isPlaceholder(value)) return false;
  return !/^(?:true|false|yes|no|on|off|\d{1,5}|\/.*|\.{1,2}\/.*|https?:\/\/[^@]*|\$.*|file:.*)$/i.test(
    value,
  );
}

function inText(text: string, where: Place, path: string): readonly SecretFinding[] {
  const bytes = Buffer.from(text.slice(0, 1024 * 1024), 'utf8');
  return secretsInText(bytes, '').map(({ rule, masked: value }) => ({
    rule,
    masked: value,
    where,
    path,
  }));
}

function inPair(name: string, value: string, where: Place): readonly SecretFinding[] {
  const byShape = inText(value, where, name);
  if (byShape.length > 0) return byShape;
  return SECRET_NAME.test(name) && isSecretValue(value)
    ? [{ rule: 'named-secret', masked: masked(value), where, path: name }]
    : [];
}

/** `|2 NAME=value OTHER=value /bin/sh -c ...` and `ARG NAME=value`, as build history records build arguments. */
function historyPairs(text: string): readonly [string, string][] {
  const pairs: [string, string][] = [];
  const head = /^(?:RUN )?\|\d+ (.*?)\s(?:\/bin\/|\/usr\/bin\/)?\w+ -\w*c\b/s.exec(text)?.[1] ?? '';
  const declared = /^(?:\/bin\/sh -c #\(nop\)\s+)?(?:ARG|ENV)\s+(.*)$/s.exec(text)?.[1] ?? '';
  for (const found of `${head} ${declared}`.matchAll(/(?:^|\s)([A-Za-z_]\w{0,100})=("[^"]*"|\S*)/g))
    pairs.push([found[1] ?? '', (found[2] ?? '').replace(/^"|"$/g, '')]);
  return pairs;
}

function distinct(findings: readonly SecretFinding[]): readonly SecretFinding[] {
  const key = (f: SecretFinding): string => [f.rule, f.where, f.path ?? '', f.masked].join('\n');
  return [...new Map(findings.map((f) => [key(f), f])).values()];
}

/** Secrets in an image's configuration: Env, labels, and the history with the build arguments it records. */
export function configSecrets(config: ImageConfig): readonly SecretFinding[] {
  const env = (config.config?.Env ?? []).flatMap((pair) => {
    const equals = pair.indexOf('=');
    return inPair(pair.slice(0, Math.max(0, equals)), pair.slice(equals + 1), 'env');
  });
  const labels = Object.entries(config.config?.Labels ?? {}).flatMap(([name, value]) =>
    inText(value, 'label', name),
  );
  const history = (config.history ?? []).flatMap((entry, index) => {
    const text = [entry.created_by ?? '', entry.comment ?? ''].join('\n');
    const named = historyPairs(entry.created_by ?? '').flatMap(([name, value]) =>
      inPair(name, value, 'history'),
    );
    return [...named, ...inText(text, 'history', `history[${index}]`)];
  });
  return distinct([...env, ...labels, ...history]);
}

/** Secrets among the build arguments that provenance records. */
export function buildArgumentSecrets(
  buildArgs: Readonly<Record<string, string>>,
): readonly SecretFinding[] {
  return distinct(
    Object.entries(buildArgs).flatMap(([name, value]) => inPair(name, value, 'provenance')),
  );
}
