import type { Evidence } from '../model/criterion.ts';
import { parseReference } from '../model/reference.ts';
import { shortDigest } from './text.ts';

/** A piece of evidence, taken apart. Its texts are not cleaned. */
interface EvidenceParts {
  /** A word for its kind. */
  readonly kind: string;
  /** The exact thing: a path, an instruction, an id. */
  readonly what: string;
  readonly about: readonly string[];
  /** Where it is, in short: `Dockerfile:5`, `/etc/passwd`. */
  readonly place?: string;
  /** Equal for the same finding in a later image: without line numbers, digests or versions. */
  readonly key: string;
  /** Lines of the Dockerfile, else a file of the image, else the name of a part. */
  readonly lines?: readonly [start: number, end: number];
  readonly file?: string | undefined;
  readonly name?: string;
}

/** The image's name without tag and digest, which change with each build. */
export function imagePath(image: string): string {
  const read = parseReference(image);
  return read.ok ? `${read.value.registry}/${read.value.repository}` : image;
}

const said = (...texts: readonly (string | undefined)[]): readonly string[] =>
  texts.filter((text) => text !== undefined && text !== '') as readonly string[];

export function evidenceParts(one: Evidence): EvidenceParts {
  switch (one.kind) {
    case 'file': {
      const { path, detail, layer } = one;
      const about = said(detail, layer && `layer ${shortDigest(layer)}`);
      return {
        kind: 'File',
        what: path,
        about,
        place: `/${path}`,
        key: `file ${path}`,
        file: path,
      };
    }
    case 'package': {
      const { name, version, detail, path } = one;
      const about = said(detail, path);
      const key = `package ${name}`;
      return { kind: 'Package', what: `${name} ${version}`, about, key, file: path, name };
    }
    case 'dockerfile': {
      const { startLine, endLine, text, detail } = one;
      const named = { what: text, about: said(detail), key: `line ${text}` };
      if (one.inHistory)
        return { kind: 'History', ...named, place: `history:${startLine}`, name: 'history' };
      const start = Math.max(1, startLine);
      const lines = [start, Math.max(start, endLine)] as const;
      return { kind: 'Dockerfile', ...named, place: `Dockerfile:${startLine}`, lines };
    }
    case 'attestation': {
      const { predicateType: name, digest, detail } = one;
      const short = digest && shortDigest(digest);
      const place = short === undefined ? {} : { place: short };
      return {
        kind: 'Attestation',
        what: name,
        about: said(detail, short),
        ...place,
        key: name,
        name,
      };
    }
    case 'image': {
      const { reference: name, detail, line = 0 } = one;
      const key = `image ${imagePath(name)}`;
      const parts = { kind: 'Image', what: name, about: said(detail), key };
      if (line < 1) return { ...parts, name };
      return { ...parts, place: `Dockerfile:${line}`, lines: [line, line] };
    }
    case 'config': {
      const { field: name, value, detail } = one;
      const key = `config ${name}`;
      return {
        kind: 'Config',
        what: `${name}: ${value}`,
        about: said(detail),
        place: name,
        key,
        name,
      };
    }
    case 'vulnerability': {
      const { id, severity, package: name, version, fixedIn } = one;
      const fix = fixedIn === undefined ? 'no fix' : `fixed in ${fixedIn}`;
      const about = [severity, `${name} ${version}`, fix];
      return { kind: 'CVE', what: id, about, key: `${id} ${name}`, name };
    }
    case 'note':
      return { kind: 'Seen', what: one.text, about: [], key: 'image', name: 'image' };
  }
}

/** A piece of evidence on one line: `line 3: RUN x (why)`. Not cleaned. */
export function evidenceText(one: Evidence): string {
  const { what, about } = evidenceParts(one);
  const text = about.length === 0 ? what : `${what} (${about.join(', ')})`;
  if (one.kind !== 'dockerfile') return text;
  const { startLine, endLine } = one;
  return `${startLine === endLine ? `line ${startLine}` : `lines ${startLine}-${endLine}`}: ${text}`;
}
