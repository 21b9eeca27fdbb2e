/**
 * Values that are secret under any name: tokens of forges, registries and clouds, JSON web tokens,
 * private keys. A web token begins at the first `eyJ` of a run of its letters: whoever writes many
 * of them in a row costs one look.
 */
export const SECRET_SHAPE =
  /gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|(?:AKIA|ASIA)[0-9A-Z]{16}|xox[abprs]-[\w-]{10,}|npm_[A-Za-z0-9]{30,}|dckr_pat_[\w-]{20,}|pypi-[\w-]{40,}|eyJ(?<!eyJ[\w-]*?eyJ)[\w-]{10,}\.[\w-]{10,}\.[\w-]+|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
