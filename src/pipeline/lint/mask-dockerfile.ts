import { MASK, SecretMask } from '../../attestations/masked-secrets.ts';
import { dockerfileSecretValues } from '../../facts/secrets/document-secrets.ts';
import { secretName } from '../../model/secret-names.ts';

/** `NAME=value` of a Dockerfile or a shell, `--password=value` too. A quote that is not closed lasts to the end. */
const ASSIGNED =
  /\b([A-Za-z_][\w.-]{0,100})=("(?:[^"\\]|\\[^])*(?:"|$)|'[^']*(?:'|$)|[^\s;&|"']+)/g;
/** `ENV NAME the rest of the line`. */
const OLD_ENV = /^([ \t]*ENV[ \t]+([A-Za-z_]\w{0,100})[ \t]+)([^\s=][^\r\n]*)/gim;
/** A variable's or a file's name says nothing. */
const HARMLESS = /^(["']?)(?:[$/]|\1$)/;

/** A Dockerfile as it may be shown: values of variables whose name says that they are secret, and what is a secret by its form, are masked. Lines stay where they are, but in private keys. */
export function maskDockerfile(text: string): string {
  const named = text
    .replace(OLD_ENV, (all, start: string, name: string, value: string) =>
      isKept(name, value) ? all : `${start}${MASK}`,
    )
    .replace(ASSIGNED, (all, name: string, value: string) =>
      isKept(name, value) ? all : `${name}=${MASK}`,
    );
  const values = dockerfileSecretValues(text);
  const rest = values.reduce((left, value) => left.replaceAll(value, MASK), named);
  return new SecretMask({}).text(rest);
}

function isKept(name: string, value: string): boolean {
  return secretName(name) === undefined || HARMLESS.test(value);
}
