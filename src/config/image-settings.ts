import { TEXT, type SettingField, type SettingType } from './setting-spec.ts';

type Fields = Readonly<Record<string, SettingField>>;

export const URL_TEXT: SettingType = {
  kind: 'string',
  pattern: /^https?:\/\/[^\s@]+$/,
  expects: 'an http or https address without user and password',
};

const image: Fields = {
  title: text(TEXT, 'Name of the image for people.', 'the repository name of the first tag'),
  description: text(TEXT, 'What is in the image.', 'none'),
  authors: text(TEXT, 'Who is responsible for the image, a name or an address.', 'none'),
  vendor: text(TEXT, 'The organization that distributes the image.', 'none'),
  licenses: text(TEXT, 'License of the software, an SPDX expression.', 'none'),
  source: text(URL_TEXT, 'Where the source is.', 'the git remote, without credentials'),
  url: text(URL_TEXT, 'Where to read about the image.', 'none'),
  documentation: text(URL_TEXT, 'Where its documentation is.', 'none'),
  version: text(TEXT, 'Version of the software.', 'the git tag of the commit'),
  annotations: {
    type: {
      kind: 'map',
      keyPattern: /^[^\s=]{1,256}$/,
      keyExpects: 'an annotation key without spaces and =',
      of: TEXT,
    },
    help: 'More annotations, any key.',
    byDefault: 'none',
  },
};

const secrets: Fields = {
  use: {
    type: { kind: 'choice', choices: ['none', 'by-file'] },
    help: '`none`: it takes none. `by-file`: it reads them from files at run time.',
    byDefault: 'not declared',
  },
  files: {
    type: {
      kind: 'list',
      of: { kind: 'string', pattern: /^\/./, expects: 'an absolute path inside the container' },
    },
    help: 'The files that it reads them from.',
    byDefault: 'none',
  },
};

function text(type: SettingType, help: string, byDefault: string): SettingField {
  return { type, help, byDefault };
}

/** What a project says of the image that is built from it: of no other image it counts. */
export const IMAGE_SETTINGS: Fields = {
  image: {
    type: { kind: 'object', fields: image },
    scope: 'image',
    help: 'What the image says about itself: OCI annotations and the same labels.',
  },
  secrets: {
    type: { kind: 'object', fields: secrets },
    scope: 'image',
    help: 'How the program in the image takes its secrets.',
  },
};
