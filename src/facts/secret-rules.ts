/** A shape that a secret has. */
export interface SecretRule {
  readonly id: string;
  /** Bytes that every match holds; the scan looks for these first. At least three characters, ASCII. */
  readonly keywords: readonly string[];
  /** The whole match, or its first group, is the secret. Bounded, without nested repetition. */
  readonly pattern: RegExp;
  /** Only in files by these names: too common elsewhere in examples and tests. */
  readonly onlyIn?: RegExp;
}

const SETTINGS_FILE =
  /(?:^|\/)(?:\.env(?:\.[\w-]+)?|\.git\/config|\.npmrc|\.pypirc|pip\.conf|auth\.conf|sources\.list|[^/]+\.(?:conf|cfg|ini|ya?ml|toml|properties|env|json|xml|sources|list))$/;

function token(id: string, keywords: readonly string[], pattern: RegExp): SecretRule {
  return { id, keywords, pattern };
}

/** Each by the issuer's documented format; what has no marker of its own is left to credential files. */
export const SECRET_RULES: readonly SecretRule[] = [
  token(
    'private-key',
    ['PRIVATE KEY'],
    // A body must follow: source code that knows the header is no key. `\n` may be spelled out in JSON.
    /-----BEGIN (?:[A-Z0-9]{2,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----(?:\s|\\n|\\r)+((?:[\w-]+: [^\n]{0,200}\n){0,5}\s{0,4}[A-Za-z0-9+/=]{40,})/g,
  ),
  token(
    'aws-access-key-id',
    ['AKIA', 'ASIA', 'ABIA', 'ACCA'],
    /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g,
  ),
  token(
    'aws-secret-access-key',
    ['secret_access_key', 'SECRET_ACCESS_KEY', 'SecretAccessKey', 'secretAccessKey'],
    /secret_?access_?key["']?\s{0,4}[=:]\s{0,4}["']?([A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/gi,
  ),
  token(
    'github-token',
    ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    /\bgh[pousr]_[A-Za-z0-9]{36,255}\b/g,
  ),
  token(
    'github-fine-grained-token',
    ['github_pat_'],
    /\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b/g,
  ),
  token(
    'gitlab-token',
    ['glpat-', 'gldt-', 'glrt-', 'glcbt-'],
    /\bgl(?:pat|dt|rt|cbt)-[A-Za-z0-9_-]{20,64}/g,
  ),
  token(
    'slack-token',
    ['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xapp-'],
    /\b(?:xox[abprs]|xapp)-\d[\w-]{14,250}/g,
  ),
  token(
    'slack-webhook',
    ['hooks.slack.com'],
    /hooks\.slack\.com\/services\/T[A-Z0-9]{6,12}\/B[A-Z0-9]{6,12}\/[A-Za-z0-9]{20,32}/g,
  ),
  token('npm-token', ['npm_'], /\bnpm_[A-Za-z0-9]{36}\b/g),
  token('pypi-token', ['pypi-AgEI'], /\bpypi-AgEI[A-Za-z0-9_-]{50,500}/g),
  token('google-api-key', ['AIza'], /\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/g),
  token('stripe-key', ['sk_live_', 'rk_live_'], /\b[rs]k_live_[A-Za-z0-9]{24,247}\b/g),
  token('sendgrid-key', ['SG.'], /\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}(?![\w-])/g),
  token('openai-key', ['T3BlbkFJ'], /\bsk-[A-Za-z0-9_-]{20,100}T3BlbkFJ[A-Za-z0-9_-]{20,100}/g),
  token('anthropic-key', ['sk-ant-'], /\bsk-ant-(?:api|admin|oat)\d\d-[A-Za-z0-9_-]{80,120}/g),
  token(
    'shopify-token',
    ['shpat_', 'shpca_', 'shppa_', 'shpss_'],
    /\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b/g,
  ),
  token('docker-hub-token', ['dckr_pat_', 'dckr_oat_'], /\bdckr_[op]at_[A-Za-z0-9_-]{27,32}/g),
  token('hugging-face-token', ['hf_'], /\bhf_[A-Za-z]{34}\b/g),
  token('digitalocean-token', ['dop_v1_', 'doo_v1_', 'dor_v1_'], /\bdo[opr]_v1_[a-f0-9]{64}\b/g),
  token('vault-token', ['hvs.'], /\bhvs\.[A-Za-z0-9_-]{24,200}/g),
  token('azure-storage-key', ['AccountKey='], /AccountKey=([A-Za-z0-9+/]{86}==)/g),
  token('linear-key', ['lin_api_'], /\blin_api_[A-Za-z0-9]{40}\b/g),
  token('1password-service-account', ['ops_eyJ'], /\bops_eyJ[A-Za-z0-9_-]{100,2000}/g),
  token('age-key', ['AGE-SECRET-KEY-1'], /\bAGE-SECRET-KEY-1[A-Z0-9]{58}\b/g),
  {
    id: 'password-in-url',
    keywords: ['://'],
    pattern:
      /\b(?:https?|ftp|postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?):\/\/[^\s:/?#@"'<>{}$]{1,64}:([^\s:/?#@"'<>{}$]{4,128})@[\w.-]{1,253}/g,
    onlyIn: SETTINGS_FILE,
  },
];
