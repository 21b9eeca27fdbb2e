import type { InstalledName } from '../../model/build-analysis.ts';
import { type InstallForm, type NameReader, named, notOf, PLACES } from './install-form.ts';

const EXACT = /^[^*<>~!]+$/;
const NAME = /^([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\]\s*)?(.*)/s;

/** One requirement (PEP 508) with its pin; undefined if it is not one (an address, a folder). */
export function requirement(text: string): InstalledName | undefined {
  const parts = NAME.exec((text.split(';')[0] ?? '').trim());
  if (parts === null || /^(?:@|:\/\/)/.test(parts[2] ?? '') || text.includes('/')) return undefined;
  const [, name = '', rest = ''] = parts;
  // Of `==1.2,>=1` the first decides: an exact pin leaves no room for the others.
  const pin = /={2,3}\s*([^,\s]+)/.exec(rest)?.[1] ?? '';
  return named(name, pin, EXACT);
}

/** Addresses are downloads; wheel and archive files were put there before. */
const ELSEWHERE = /^(?:git\+|https?:|file:)|\s@\s|@ ?(?:git\+|https?:)|\.(?:whl|tar\.gz|zip)$/;
const pipName: NameReader = (text) => {
  if (ELSEWHERE.test(text)) return undefined;
  if (/^\.{0,2}\/?$|^\.{0,2}\/|^\.\[/.test(text)) return { name: text };
  return requirement(text) ?? { name: text };
};

/** `ruff==0.5`, and `ruff@0.5.0` as uv and poetry spell it. */
const withAt: NameReader = (text) => {
  const at = text.lastIndexOf('@');
  return at > 0
    ? named(text.slice(0, at), text.slice(at + 1), /^\d[\w.]*$/)
    : (requirement(text) ?? { name: text });
};
const tool: NameReader = (text, ...rest) =>
  /^(?:git\+|https?:|\.{0,2}\/)/.test(text) ? undefined : withAt(text, ...rest);

/** `python=3` is any version of Python 3. */
const CONDA_EXACT = /^[^*<>.=]*[.=][^*<>]+$/;
const condaName: NameReader = (text) => {
  const parts = /^([^=<>!~]+)={1,2}(.+)$/.exec(text);
  return parts === null
    ? { name: text.replace(/[<>!~].*/s, '') }
    : named(parts[1] ?? '', parts[2] ?? '', text.includes('==') ? EXACT : CONDA_EXACT);
};

const pip = {
  name: pipName,
  also: '-e --editable',
  requirements: '-r --requirement',
  frozen: {
    options: '--no-index --exclude-newer',
    unless: { options: '-f --find-links', is: /^\w+:\/\// },
  },
} as const;
const uv = { programs: 'uv', manager: 'uv' } as const;
const pdm = { programs: 'pdm', manager: 'other' } as const;
const poetry = { programs: 'poetry', manager: 'poetry' } as const;
const pipenv = { programs: 'pipenv', manager: 'pipenv' } as const;
const conda = { programs: 'conda mamba micromamba', manager: 'conda', file: '-f --file' } as const;

/** What the managers of Python's packages install. */
export const PYTHON_INSTALLS: readonly InstallForm[] = [
  { ...pip, programs: 'pip pip3 pipx', manager: 'pip', verbs: 'install|download|wheel' },
  // What they run, they fetch.
  { programs: 'pipx', manager: 'pip', verbs: 'run', only: ['--spec'], from: '--spec', name: tool },
  { programs: 'pipx', manager: 'pip', verbs: 'run', unless: '--spec', name: tool, most: 1 },
  { ...uv, programs: 'uvx', verbs: '', only: ['--from'], from: '--from', name: withAt },
  { ...uv, programs: 'uvx', verbs: '', unless: '--from', name: withAt, most: 1 },
  { ...uv, ...pip, verbs: 'pip install' },
  { ...uv, ...pip, verbs: 'pip sync', requirements: 'words' },
  { ...uv, verbs: 'tool install', name: withAt, most: 1 },
  {
    ...uv,
    verbs: 'run',
    from: '--with',
    name: (text, ...rest) => text.split(',').flatMap((one) => withAt(one, ...rest) ?? []),
  },
  { ...uv, verbs: 'add', name: pipName, unnamed: 'always' },
  {
    ...uv,
    verbs: 'sync',
    unnamed: 'always',
    lock: { options: '--frozen --locked', variables: 'UV_FROZEN UV_LOCKED' },
    frozen: { options: '--exclude-newer' },
  },
  // pdm installs what its lock file says; `sync`, and `install` where it is asked to, refuse to
  // depart from it.
  { ...pdm, verbs: 'add|update', name: withAt, unnamed: 'always' },
  { ...pdm, verbs: 'sync', unnamed: 'always', lock: true },
  {
    ...pdm,
    verbs: 'install',
    unnamed: 'always',
    lock: { options: '--frozen-lockfile --no-lock --check' },
  },
  // poetry installs what its lock file says, and refuses one that does not fit, when there is one.
  {
    ...poetry,
    verbs: 'install|sync',
    unnamed: 'always',
    lock: { file: { name: 'poetry.lock', folder: '-C -P --directory --project' } },
  },
  { ...poetry, verbs: 'add|self add', name: withAt, unnamed: 'always' },
  { ...poetry, verbs: 'update|self update', unnamed: 'always' },
  { ...pipenv, verbs: 'sync', unnamed: 'always', lock: true },
  { ...pipenv, verbs: 'update|upgrade', unnamed: 'always' },
  {
    ...pipenv,
    verbs: 'install',
    name: pipName,
    unnamed: 'always',
    lock: { options: '--deploy --ignore-pipfile' },
  },
  { ...conda, verbs: 'env install|env create|env update|env upgrade', unnamed: 'always' },
  { ...conda, verbs: 'install|create|update|upgrade', name: condaName },
  { ...conda, verbs: 'update|upgrade', unnamed: 'always' },
  {
    programs: 'spacy',
    manager: 'other',
    verbs: 'download',
    name: (word) => named(word, /-\d+\.\d+\.\d+$/.exec(word)?.[0] ?? '', EXACT),
    most: 1,
  },
  {
    programs: 'easy_install',
    manager: 'other',
    verbs: '',
    name: notOf(PLACES, (word) => requirement(word) ?? { name: word }),
  },
];
