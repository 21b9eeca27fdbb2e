import { gzipSync, zipSync } from 'fflate';
import type { Item } from '../../facts/support.ts';
import { entry, tarOf } from '../../fakes/tar-bytes.ts';
import type { Draw } from './random.ts';

/**
 * What an image holds of a planted secret: a file or what it is called, or a document of the image.
 */
export type Planted =
  | { readonly kind: 'file'; readonly item: Item }
  | { readonly kind: 'config' | 'manifest' | 'statement'; readonly document: object };

/** A place and spelling; `plant` gives undefined where a text of that form cannot be there. */
export interface Place {
  readonly name: string;
  readonly plant: (text: string, draw: Draw) => Planted | undefined;
}

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
const isLine = (text: string): boolean => !text.includes('\n');
/** The value without its name, the name or a usual one. */
const split = (text: string): readonly [string, string] => {
  const [, name = 'value', value = text] = /^([A-Za-z_][\w]*)=([^]*)$/.exec(text) ?? [];
  return [name, value];
};

function file(
  name: string,
  path: string,
  content: (text: string, draw: Draw) => string | Uint8Array | undefined,
): Place {
  return {
    name,
    plant: (text, draw) => {
      const made = content(text, draw);
      return made === undefined ? undefined : { kind: 'file', item: { path, content: made } };
    },
  };
}

function document(
  kind: 'config' | 'manifest' | 'statement',
  name: string,
  content: (text: string) => object | undefined,
): Place {
  return {
    name,
    plant: (text) => {
      const made = content(text);
      return made === undefined ? undefined : { kind, document: made };
    },
  };
}

const CONFIG = { architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] } };

function config(name: string, content: (text: string) => object | undefined): Place {
  return document('config', name, (text) => {
    const made = content(text);
    return made === undefined ? undefined : { ...CONFIG, ...made };
  });
}

/** A file that holds one line beside its content. */
function inName(name: string, item: (text: string) => Item | undefined): Place {
  return {
    name,
    plant: (text) => {
      const made = isLine(text) ? item(text) : undefined;
      return made === undefined ? undefined : { kind: 'file', item: made };
    },
  };
}

const NOTHING = 'nothing of note here\n';
/** With a name, where it has none. */
const named = (text: string): string => (text.includes('=') ? text : `X=${text}`);
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const filler = (draw: Draw, lines: number): string =>
  Array.from(
    { length: lines },
    (_, at) => `2024-01-01 line ${at} all is well ${draw.hex(6)}\n`,
  ).join('');

function zip(members: Readonly<Record<string, Uint8Array>>, level: 0 | 6): Uint8Array {
  return zipSync(members, { level, mtime: new Date('2024-01-01') });
}

function tar(files: Readonly<Record<string, string>>): Uint8Array {
  return tarOf(
    Object.entries(files).map(([name, text]) => ({
      entry: entry({ name, size: bytes(text).length }),
      content: bytes(text),
    })),
  );
}

const elf = (draw: Draw): Buffer =>
  Buffer.concat([Buffer.from('7f454c4602010100', 'hex'), Buffer.alloc(56), draw.bytes(512)]);

export const PLACES: readonly Place[] = [
  file('env-file', 'app/.env', (text) => {
    if (!isLine(text)) return `KEY="${text}"\n`;
    const [name, value] = split(text);
    return `PORT=80\n${name === 'value' ? 'API_TOKEN' : name}=${value}\n`;
  }),
  file('text', 'srv/notes.txt', (text) => `remember\n\n${text}\n\nthat was it\n`),
  file('json', 'app/config/production.json', (text) => {
    const [name, value] = split(text);
    return JSON.stringify({ port: 80, [name]: value, x: [true] }, null, 2);
  }),
  file('yaml', 'app/deploy.yml', (text) => {
    const [name, value] = split(text);
    return isLine(text)
      ? `a: 1\nsettings:\n  ${name}: ${value}\n`
      : `key: |\n  ${text.replaceAll('\n', '\n  ')}\n`;
  }),
  file('javascript', 'app/src/index.js', (text) => {
    const [name, value] = split(text);
    return `'use strict';\nconst ${name.replace(/\W/g, '_')} = ${JSON.stringify(value)};\nrun();\n`;
  }),
  file('python', 'app/settings.py', (text) => {
    const [name, value] = split(text);
    return `import os\n${name.toUpperCase()} = '''${value}'''\n`;
  }),
  file(
    'shell',
    'usr/local/bin/start.sh',
    (text) =>
      `#!/bin/sh\nexport ${isLine(text) ? (text.includes('=') ? text : `X='${text}'`) : `X="${text}"`}\nexec app\n`,
  ),
  file('properties', 'app/application.properties', (text) => {
    const [name, value] = split(text);
    return isLine(text)
      ? `server.port=80\n${name.toLowerCase().replaceAll('_', '.')}=${value}\n`
      : undefined;
  }),
  file('xml', 'app/web.xml', (text) => {
    const [name, value] = split(text);
    return `<?xml version="1.0"?>\n<config ${name}="${isLine(value) ? value : ''}">${value}</config>\n`;
  }),
  file('log', 'var/log/app.log', (text, d) => `${filler(d, 300)}got ${text} ok\n${filler(d, 300)}`),
  file('history', 'root/.bash_history', (text) =>
    isLine(text)
      ? `ls\ncd /srv\nexport ${text.includes('=') && !text.includes('://') ? text : `X=${text}`}\n`
      : undefined,
  ),
  file('compose', 'srv/docker-compose.yml', (text) => {
    const [name, value] = split(text);
    return isLine(text)
      ? `services:\n  a:\n    environment:\n      - ${name}=${value}\n`
      : undefined;
  }),
  file('terraform-state', 'srv/terraform.tfstate', (text) => {
    const [name, value] = split(text);
    return JSON.stringify({
      version: 4,
      resources: [{ instances: [{ attributes: { [name]: value } }] }],
    });
  }),
  file('jupyter', 'home/me/a.ipynb', (text) =>
    JSON.stringify({ cells: [{ source: [`x = 1\n`, `${text}\n`] }] }),
  ),
  file('utf16le', 'srv/settings.reg', (text) =>
    Buffer.from(`Windows\r\n"x"="${text}"\r\n`, 'utf16le'),
  ),
  file('utf16be', 'srv/be.txt', (text) => Buffer.from(`some text\n${text}\n`, 'utf16le').swap16()),
  file('utf16-marked', 'srv/bom.txt', (text) =>
    Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(`a\n${text}\n`, 'utf16le')]),
  ),
  file('utf16-in-program', 'app/tool.exe', (text, d) =>
    Buffer.concat([
      Buffer.from('4d5a9000', 'hex'),
      d.bytes(301),
      Buffer.from(text, 'utf16le'),
      Buffer.alloc(3),
      d.bytes(99),
    ]),
  ),
  file(
    'base64-yaml',
    'srv/secret.yaml',
    (text) => `apiVersion: v1\nkind: Secret\ndata:\n  x: ${base64(text)}\n`,
  ),
  file('base64-lines', 'srv/blob.b64', (text) =>
    (
      Buffer.from(`# settings\n${text}\nend\n`)
        .toString('base64')
        .match(/.{1,76}/g) ?? []
    ).join('\n'),
  ),
  file('base64-twice', 'srv/twice.txt', (text) => `v=${base64(`data: ${base64(text)}\n`)}\n`),
  file('hex', 'srv/dump.txt', (text) => `dump: ${Buffer.from(text).toString('hex')}\n`),
  file('elf', 'usr/bin/tool', (text, d) =>
    Buffer.concat([elf(d), Buffer.alloc(4), bytes(text), Buffer.alloc(4), d.bytes(64)]),
  ),
  file('elf-side-by-side', 'usr/bin/gotool', (text, d) =>
    Buffer.concat([
      elf(d),
      Buffer.alloc(4),
      bytes(`invalid argumentnot found${text}unexpected EOFtimeout`),
      Buffer.alloc(4),
    ]),
  ),
  file('pyc', 'app/__pycache__/settings.cpython-313.pyc', (text, d) =>
    Buffer.concat([
      Buffer.from('f30d0d0a00000000', 'hex'),
      d.bytes(8),
      Buffer.from([0xe3, 0, 0, 0, 0, 0xda, 1, 0x61]),
      Buffer.from(
        text.length < 256 ? [0x7a, text.length] : [0x75, text.length & 255, text.length >> 8, 0, 0],
      ),
      bytes(text),
      Buffer.from([0x4e, 0x29, 2, 0xda, 4]),
      bytes('name'),
    ]),
  ),
  file('class', 'app/Settings.class', (text) =>
    Buffer.concat([
      Buffer.from('cafebabe00000041001d', 'hex'),
      Buffer.from([1, 0, 4]),
      bytes('Code'),
      Buffer.from([1, text.length >> 8, text.length & 255]),
      bytes(text),
      Buffer.from([1, 0, 3]),
      bytes('()V'),
    ]),
  ),
  file('sqlite', 'srv/app.db', (text, d) =>
    Buffer.concat([
      bytes('SQLite format 3\0'),
      Buffer.alloc(84),
      d.bytes(200),
      bytes(`settingstoken${text}2024-01-01`),
      Buffer.alloc(100),
    ]),
  ),
  file('mo', 'usr/share/locale/de/LC_MESSAGES/app.mo', (text) =>
    Buffer.concat([Buffer.from('de12049500000000', 'hex'), Buffer.alloc(20), bytes(`\0${text}\0`)]),
  ),
  file('png-name', 'srv/logo.png', (text) => `not a picture at all\n${text}\n`),
  file('gzip', 'srv/dump.sql.gz', (text, d) =>
    gzipSync(bytes(`${filler(d, 40)}${text}\n${filler(d, 40)}`)),
  ),
  file('tar-gz', 'srv/backup.tgz', (text, d) =>
    gzipSync(tar({ 'app/readme': filler(d, 3), 'app/settings.txt': `${text}\n` })),
  ),
  file('tar', 'srv/backup.tar', (text) => tar({ 'app/settings.txt': `${text}\n` })),
  file('jar', 'app/lib/app.jar', (text, d) =>
    zip(
      {
        'META-INF/MANIFEST.MF': bytes('Manifest-Version: 1.0\n'),
        'a.txt': bytes(filler(d, 20)),
        'application.properties': bytes(`${text}\n`),
      },
      6,
    ),
  ),
  file('zip-stored', 'srv/stored.zip', (text) => zip({ 'settings.txt': bytes(`x\n${text}\n`) }, 0)),
  file('wheel', 'srv/app-1.0-py3-none-any.whl', (text) =>
    zip(
      {
        'app/settings.py': bytes(`"""${text}"""\n`),
        'app-1.0.dist-info/METADATA': bytes('Name: app\n'),
      },
      6,
    ),
  ),
  file('nested-jar', 'app/app.war', (text) =>
    zip({ 'WEB-INF/lib/inner.jar': zip({ 'conf/a.txt': bytes(`${text}\n`) }, 6) }, 0),
  ),
  file('gzip-in-zip', 'srv/logs.zip', (text) =>
    zip({ 'a.log.gz': gzipSync(bytes(`${text}\n`)) }, 0),
  ),
  file('late', 'srv/big.sql', (text, d) => filler(d, 60).repeat(1300) + `${text}\n`),
  file(
    'behind-fakes',
    'var/log/proxy.log',
    (text) => `${'ghp_ AKIA sk_live_ glpat- xoxb- '.repeat(4100)}\n${text}\n`,
  ),
  file('escaped-json', 'srv/a.json', (text) =>
    JSON.stringify({ body: JSON.stringify({ v: text }) }),
  ),
  inName('file-name', (text) =>
    text.includes('/') ? undefined : { path: `srv/${text}.txt`, content: NOTHING },
  ),
  inName('link-target', (text) => ({ path: 'srv/link', type: 'symlink', linkname: `/x/?${text}` })),
  inName('xattr', (text) => {
    return { path: 'srv/attr', content: NOTHING, pax: { 'SCHILY.xattr.user.note': text } };
  }),
  config('env', (text) => {
    const variable = text.includes('=') && /^[A-Z_]+=/i.test(text) ? text : `X=${text}`;
    return isLine(text) ? { config: { Env: ['PATH=/bin', variable] } } : undefined;
  }),
  config('label', (text) => ({ config: { Labels: { [split(text)[0]]: split(text)[1] } } })),
  config('label-key', (text) => ({ config: { Labels: { [text]: 'yes' } } })),
  config('cmd', (text) => ({ config: { Cmd: ['sh', '-c', `app ${text}`] } })),
  config('shell', (text) => ({ config: { Shell: ['/bin/sh', '-c', text] } })),
  config('healthcheck', (text) => ({
    config: { Healthcheck: { Test: ['CMD-SHELL', `curl -H ${text} x`] } },
  })),
  config('onbuild', (text) => ({ config: { OnBuild: [`ENV ${named(text)}`] } })),
  config('author', (text) => ({ author: `me ${text}` })),
  config('container-config', (text) => ({ container_config: { Env: [named(text)] } })),
  config('history', (text) => ({
    history: [{ created_by: `RUN ${named(text)} make # buildkit` }],
  })),
  config('history-comment', (text) => ({ history: [{ comment: `note: ${text}` }] })),
  config('history-author', (text) => ({ history: [{ author: text }] })),
  config('unknown-field', (text) => ({ 'com.acme.note': { deep: [{ x: text }] } })),
  document('manifest', 'annotation', (text) => ({
    annotations: { [split(text)[0]]: split(text)[1] },
  })),
  document('manifest', 'descriptor-annotation', (text) => ({
    layers: [{ annotations: { note: text } }],
  })),
  document('manifest', 'descriptor-data', (text) => ({
    config: { data: base64(`{"note":"${text}"}`) },
  })),
  document('statement', 'provenance', (text) => ({
    buildDefinition: { externalParameters: { request: { args: { 'build-arg:X': text } } } },
  })),
  document('statement', 'provenance-dockerfile', (text) => ({
    metadata: { source: { infos: [{ data: base64(`FROM scratch\nRUN echo "${text}"\n`) }] } },
  })),
  document('statement', 'sbom', (text) => ({ packages: [{ name: 'a', downloadLocation: text }] })),
];
