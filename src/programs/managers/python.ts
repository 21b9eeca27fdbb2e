import type { ManagerFamily } from './manager.ts';

const SET_PYTHON = /^[ \t]*(?:extra-index-url|index-url|find-links|url)\s*=\s*(\S+)/gm;

/** Packages of Python, and of conda, which installs programs besides. */
export const PYTHON: ManagerFamily = {
  managers: [
    {
      id: 'pip',
      programs: /^pip[\d.]*$/,
      recorded: 'pypi',
      joint: '==',
      fetches: 'pip-url',
      cache: {
        leaves: ({ words }) => words.includes('install') && !words.includes('--no-cache-dir'),
        cleaned: /\bpip[\d.]*\s+cache\s+purge\b|\.cache\/pip|PIP_NO_CACHE_DIR|\/root\/\.cache/,
        folder: /\.cache(?:\/pip)?$/,
        keptOut: { verb: /^install$/, flag: '--no-cache-dir' },
        offBy: 'PIP_NO_CACHE_DIR',
        what: 'the packages that pip fetched',
        problem:
          'pip install without --no-cache-dir leaves the packages that it fetched in the layer',
      },
    },
    { id: 'uv', programs: /^uv$/, fetches: 'pip-url' },
    { id: 'poetry', programs: /^poetry$/, fetches: 'pip-url' },
    { id: 'other', programs: /^(?:pipx|easy_install)$/, fetches: 'pip-url' },
    { id: 'conda', programs: /^(?:conda|mamba|micromamba)$/, fetches: 'package-url' },
  ],
  indexes: [
    {
      programs: /^(?:pip[\d.]*|pipx|pipenv|easy_install)$/,
      options: /^(?:-i|-f|--index-url|--extra-index-url|--find-links|--pip-args)$/,
      variables: /^PIP_(?:INDEX_URL|EXTRA_INDEX_URL|FIND_LINKS|PYPI_URL)$/,
      commands: /^pip[\d.]* config .*(?:index-url|find-links)/,
      files: ['/etc/pip.conf', '/root/.pip/pip.conf', '/root/.config/pip/pip.conf'],
      setting: SET_PYTHON,
      isHashed: true,
    },
    {
      programs: /^(?:uv|uvx|poetry|pdm)$/,
      options: /^(?:-i|-f|--index|--default-index|--index-url|--extra-index-url|--find-links)$/,
      variables: /^UV_(?:INDEX|INDEX_URL|DEFAULT_INDEX|EXTRA_INDEX_URL|FIND_LINKS)$/,
      commands: /^poetry source add /,
      files: ['uv.toml', '/etc/uv/uv.toml', '/root/.config/uv/uv.toml'],
      setting: SET_PYTHON,
      isHashed: true,
    },
  ],
  valued: {
    'pip uv uvx':
      '-r -c -i -f -t -e -b -d -w --requirement --constraint --index-url --extra-index-url --find-links --target --prefix --root --trusted-host --platform --python-version --implementation --abi --cache-dir --timeout --retries --proxy --progress-bar --upgrade-strategy --no-binary --only-binary --editable --src --config-settings --python --report --log --exclude-newer --wheel-dir --dest --group --root-user-action --build --build-option --global-option --install-option --keyring-provider --use-feature --use-deprecated --resume-retries --cert --client-cert',
    'uv uvx':
      '-p --index --default-index --with --with-editable --with-requirements --from --project --directory --extra --only-group --no-group --env-file --package --config-file',
    pipx: '-i --index-url --spec --python --pip-args --suffix --preinstall',
    pipenv:
      '-r -e -i --requirements --editable --index --python --pypi-mirror --extra-pip-args --categories',
    pdm: '-p -c -G -L --project --config --group --lockfile',
    poetry: '-C -P -E --directory --project --with --without --only --extras',
    rye: '--pyproject',
    hatch: '-e -p --env --project',
    pixi: '-e -x --environment --manifest-path',
    'conda mamba micromamba':
      '-n -p -c -f -r -a --name --prefix --root-prefix --channel --file --solver --cwd --attach',
    easy_install:
      '-d -f -s -i -b -H -S --install-dir --find-links --index-url --build-directory --script-dir --record --prefix',
  },
  local: [
    {
      programs: 'pip pipx',
      reason: 'installs are judged; the rest lists or removes',
      verbs:
        /^(?:list|freeze|check|show|cache|config|debug|uninstall|inspect|hash|ensurepath|environment|completion|install|download|wheel)(?: |$)/,
    },
    {
      programs: 'uv',
      reason: 'installs are judged; the rest makes environments, lists or removes',
      verbs:
        /^(?:venv|cache|version|self version|export|lock|tree|init|pip (?:list|freeze|check|show|uninstall|tree|compile|install|sync)|tool (?:list|dir|uninstall|install|update-shell)|python (?:list|find|dir|pin|install)|sync|add|remove)(?: |$)/,
    },
    {
      programs: 'poetry pdm pipenv hatch rye pixi flit',
      reason: 'installs are judged; the rest configures, lists or exports',
      verbs:
        /^(?:config|self (?:show|remove|lock)|export|lock|check|env|show|version|cache|remove|init|new|about|search|source|requirements|uninstall|clean|graph)(?: |$)/,
    },
    {
      programs: 'conda mamba micromamba',
      reason: 'installs are judged; the rest configures, lists or removes',
      verbs:
        /^(?:config|clean|info|list|init|activate|deactivate|remove|uninstall|update|install|create|env|shell|index|build purge|search|notices|rename|compare|tos|repoquery|upgrade)(?: |$)/,
    },
  ],
};
