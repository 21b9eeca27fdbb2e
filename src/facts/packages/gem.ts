import { isPlainText, type RecordReader, textOf, unreadable } from './record.ts';
import { madeBy, recordedSupplier } from './recorded-supplier.ts';

const SPECIFICATION = /(?:^|\/)specifications\/(?:default\/)?([^/]+)\.gemspec$/;
/** What RubyGems writes at the top of each installed specification, to avoid evaluating it. */
const STUB = /^# stub: (\S+) (\S+) (\S+) /m;
const NAME = /^[ \t]*\w{1,40}\.name[ \t]*=[ \t]*(["'])([^"'\n]{1,200})\1/m;
const VERSION =
  /^[ \t]*\w{1,40}\.version[ \t]*=[ \t]*(?:Gem::Version\.new[( ][ \t]*)?(["'])([^"'\n#]{1,100})\1/m;
const LICENSES = /^[ \t]*\w{1,40}\.licenses?[ \t]*=[ \t]*([^\n]{1,500})/m;
/** The first of a list, or the one that is named. */
const AUTHORS = /^[ \t]*\w{1,40}\.authors?[ \t]*=[ \t]*(?:\[[ \t]*)?(["'])([^"'\n]{1,200})\1/m;
const FILE_NAME = /^(.+?)-(\d[^-]*)(?:-(.+))?$/s;

function architectureOf(stated: string | undefined): { readonly architecture?: string } {
  return stated === undefined || stated === 'ruby' || !isPlainText(stated)
    ? {}
    : { architecture: stated };
}

/** Ruby gems by installed specification. This is a program: its text is read, nothing is run. */
export const GEM: RecordReader = {
  matches: (path) => path.endsWith('.gemspec') && SPECIFICATION.test(path),
  cap: 256 * 1024,
  read: (content, path) => {
    const text = textOf(content);
    const stub = STUB.exec(text);
    const file = FILE_NAME.exec(SPECIFICATION.exec(path)?.[1] ?? '');
    const name = stub?.[1] ?? NAME.exec(text)?.[2] ?? file?.[1];
    const version = stub?.[2] ?? VERSION.exec(text)?.[2] ?? file?.[2];
    if (!isPlainText(name) || !isPlainText(version))
      return unreadable('it does not state a name and a version');
    const stated = LICENSES.exec(text)?.[1] ?? '';
    const licenses = [...stated.matchAll(/(["'])([^"']+)\1/g)].flatMap(([, , id]) =>
      isPlainText(id) ? [id] : [],
    );
    const architecture = architectureOf(stub?.[3] ?? file?.[3]);
    const author = recordedSupplier(AUTHORS.exec(text)?.[2]);
    return {
      packages: [{ type: 'gem', name, version, licenses, ...architecture, ...madeBy(author) }],
    };
  },
};
