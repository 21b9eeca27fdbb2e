/** Package managers that are code, not programs (`site-packages/pip`, `node_modules/npm`). */
const NODE_MANAGERS = /(?:^|\/)node_modules\/(?:npm|yarn|pnpm|corepack|bun)\/package\.json$/;
const PYTHON_MANAGERS =
  /(?:^|\/)(?:site|dist)-packages\/(?:pip|uv|poetry|pipenv|conda|pdm|hatch)\/__init__\.py$/;
const OTHER_MANAGERS =
  /(?:^|\/)(?:composer\.phar|ensurepip\/_bundled\/pip-[^/]+\.whl|opt\/yarn-[^/]+\/package\.json)$/;

/** How all of them end: what does not is ruled out without its whole path. */
const MANAGER_ENDINGS = ['package.json', '__init__.py', 'composer.phar', '.whl'];

/** False for names, and paths, of which no folder makes a manager's file. */
export function mayBeManagerFile(name: string): boolean {
  return MANAGER_ENDINGS.some((ending) => name.endsWith(ending));
}

/** True for files that make a language's package manager known. */
export function isManagerFile(path: string): boolean {
  if (!mayBeManagerFile(path)) return false;
  return NODE_MANAGERS.test(path) || PYTHON_MANAGERS.test(path) || OTHER_MANAGERS.test(path);
}
