import { fileName } from './root-path.ts';
import { isPlaceholder, masked, type TextSecret } from './secret-text.ts';

interface CredentialFile {
  readonly id: string;
  readonly path: RegExp;
  /** Its first group is the secret that makes the file more than settings. */
  readonly content: RegExp;
}

const FILES: readonly CredentialFile[] = [
  {
    id: 'npmrc',
    path: /(?:^|\/)\.npmrc$|^(?:usr\/local\/)?etc\/npmrc$/,
    content: /^[^#;\n]{0,400}?(?:_authToken|_auth|_password)\s*=\s*["']?([^\s"']{4,})/gm,
  },
  {
    id: 'netrc',
    path: /(?:^|\/)[._]netrc$/,
    content: /\bpassword\s+(\S{2,})/g,
  },
  {
    id: 'docker-config',
    path: /(?:^|\/)(?:\.docker\/config\.json|\.dockercfg|\.dockerconfigjson|containers\/auth\.json)$/,
    content: /"(?:auth|identitytoken|registrytoken|password)"\s*:\s*"([^"]{4,})"/g,
  },
  {
    id: 'aws-credentials',
    path: /(?:^|\/)\.aws\/(?:credentials|config)$/,
    content: /^\s*aws_(?:secret_access_key|session_token)\s*=\s*(\S{16,})/gm,
  },
  {
    id: 'gcloud-credentials',
    path: /(?:^|\/)(?:gcloud\/)?(?:application_default_)?credentials\.json$/,
    content: /"(?:refresh_token|client_secret|private_key)"\s*:\s*"([^"]{8,})"/g,
  },
  {
    id: 'azure-credentials',
    path: /(?:^|\/)\.azure\/(?:accessTokens|msal_token_cache)\.json$/,
    content: /"(?:refreshToken|accessToken|secret)"\s*:\s*"([^"]{8,})"/g,
  },
  {
    id: 'kubeconfig',
    path: /(?:^|\/)(?:\.kube\/config|kubeconfig(?:\.ya?ml)?)$/,
    content: /\b(?:client-key-data|token|password):\s*["']?([^\s"']{8,})/g,
  },
  {
    id: 'git-credentials',
    path: /(?:^|\/)\.git-credentials$/,
    content: /:\/\/[^\s:/@]*:([^\s@]{2,})@/g,
  },
  {
    id: 'pypirc',
    path: /(?:^|\/)\.pypirc$/,
    content: /^\s*password\s*[=:]\s*(\S{2,})/gm,
  },
  {
    id: 'pgpass',
    path: /(?:^|\/)\.pgpass$/,
    content: /^(?:[^:#\n]*:){4}(\S{1,})$/gm,
  },
  {
    id: 'cargo-credentials',
    path: /(?:^|\/)\.cargo\/credentials(?:\.toml)?$/,
    content: /^\s*token\s*=\s*"([^"]{4,})"/gm,
  },
  {
    id: 'maven-settings',
    path: /(?:^|\/)\.m2\/settings\.xml$/,
    content: /<password>([^<]{2,})<\/password>/g,
  },
  {
    id: 'composer-auth',
    path: /(?:^|\/)(?:\.composer|composer)\/auth\.json$/,
    content: /"(?:password|[\w.-]+\.(?:com|org))"\s*:\s*"([^"]{4,})"/g,
  },
];

/** True for files whose name says that they hold credentials. */
export function isCredentialFile(path: string): boolean {
  return FILES.some((file) => file.path.test(path));
}

/** A git repository left in the image: one finding a repository, at its HEAD. */
export function isGitDirectoryMark(path: string): boolean {
  return /(?:^|\/)\.git\/HEAD$/.test(path);
}

function isReference(value: string): boolean {
  return /^\$|^%|^\{\{|^<|^env:/i.test(value);
}

/** Credentials in a file that is made to hold them; values that only name a variable are none. */
export function credentialsIn(path: string, text: string): readonly TextSecret[] {
  return FILES.filter((file) => file.path.test(path)).flatMap(({ id, content }) => {
    for (const match of text.matchAll(content)) {
      const value = match[1] ?? '';
      if (isReference(value) || isPlaceholder(value)) continue;
      const line = text.slice(0, match.index + match[0].length).split('\n').length;
      return [{ rule: id, masked: masked(value), line }];
    }
    return [];
  });
}

/** Names that mark a file as text that is not worth a look, or as no text at all. */
const BINARY =
  /\.(?:so|a|o|lo|jar|war|class|pyc|pyo|mo|gmo|png|jpe?g|gif|ico|webp|svgz?|ttf|otf|woff2?|eot|gz|tgz|xz|bz2|zst|zip|7z|br|wasm|node|exe|dll|dylib|pdf|mp[34]|avi|webm|db|sqlite3?|bin|dat|img|iso|deb|rpm|apk|whl|elc|ko|dtb|h|hh|hpp|map)(?:\.\d+)*$/i;

export function isBinaryName(path: string): boolean {
  return BINARY.test(fileName(path));
}
