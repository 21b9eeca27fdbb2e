import {
  CONFIG_CALLS,
  CONFIG_MODULES,
  LOADING_MODULES,
  NODE_MODULES,
  REFUSED_WORDS,
  VITE_NAMES,
} from '../../../programs/bundlers.ts';
import { type ScriptToken, scriptTokens } from './script-tokens.ts';

/** A configuration that only puts values and known plugins together. */
export interface PlainConfig {
  /** Packages that it loads. */
  readonly modules: readonly string[];
}

function isAllowed(module: string): boolean {
  return CONFIG_MODULES.has(module) || NODE_MODULES.has(module);
}

class NotPlain extends Error {}

/** Walks over the tokens once; whatever is not known ends it. */
class ConfigReader {
  readonly #tokens: readonly ScriptToken[];
  readonly #modules = new Set<string>();
  /** Names that an import or a `require` gave. */
  readonly #bound = new Set<string>();
  /** Of those, the ones that load what their options name. */
  readonly #loading = new Set<string>();
  /** Names of functions that the configuration itself has. */
  readonly #own = new Set<string>();
  #at = 0;

  constructor(tokens: readonly ScriptToken[]) {
    this.#tokens = tokens;
  }

  #text(offset = 0): string {
    const token = this.#tokens[this.#at + offset];
    return token === undefined || token.kind === 'string' ? '' : token.text;
  }

  #string(offset: number): string | undefined {
    const token = this.#tokens[this.#at + offset];
    return token?.kind === 'string' ? token.text : undefined;
  }

  read(): PlainConfig {
    for (; this.#at < this.#tokens.length; this.#at += 1) {
      const token = this.#tokens[this.#at];
      if (token === undefined) break;
      if (token.kind === 'string' && REFUSED_WORDS.has(token.text)) throw new NotPlain(token.text);
      else if (token.kind === 'word') this.#word(token.text);
      else if (token.text === '[') this.#bracket();
      else if (token.text === '(' && /^[)\]]$/.test(this.#text(-1))) throw new NotPlain('a call');
      else if (token.text === ']' && this.#text(1) === ':') throw new NotPlain('a computed name');
    }
    return { modules: [...this.#modules] };
  }

  /** A list, not a member by a name that is put together. */
  #bracket(): void {
    const before = this.#tokens[this.#at - 1];
    const isMember =
      before !== undefined &&
      (before.kind === 'string' ||
        (before.kind === 'word' && !/^(?:return|default|in|of)$/.test(before.text)) ||
        /^[)\]}]$/.test(before.text) ||
        (before.text === '.' && this.#text(-2) === '?'));
    if (isMember) throw new NotPlain('a computed name');
  }

  #word(word: string): void {
    const before = this.#text(-1);
    if (word === 'import' && before !== '.') {
      this.#import();
      return;
    }
    if (word === 'require' && this.#text(1) === '(' && before !== '.') {
      this.#required(this.#string(2), this.#text(3));
      return;
    }
    // What an import has is taken with it: this is `export … from`.
    if (word === 'from' && this.#string(1) !== undefined) throw new NotPlain('export from');
    if (word === 'module' && this.#text(1) === '.' && this.#text(2) === 'exports') return;
    if (word === 'process' || word === 'console') {
      if (
        before === '.' ||
        this.#text(1) !== '.' ||
        !/^(?:env|cwd|platform|log|warn|info)$/.test(this.#text(2))
      )
        throw new NotPlain(word);
      return;
    }
    if (REFUSED_WORDS.has(word) && !(word === 'async' && before === 'export'))
      throw new NotPlain(word);
    // Options of plugins that name a file, or a package, which is loaded.
    const [key, sign, value] = [word, this.#text(1), this.#string(2)];
    if (key === 'config' && sign === ':' && !/^(?:const|let|var)$/.test(before))
      throw new NotPlain(key);
    if (key === 'preset' && (value === undefined || !/^(?:default|lite|advanced)$/.test(value)))
      throw new NotPlain(key);
    if (this.#loading.has(word)) this.#isPlaced();
    if (before === '.' && this.#text(-2) === '.' && !this.#bound.has(word) && sign !== '(')
      throw new NotPlain(`...${word}`);
    // A list of plugins or presets by name is loaded by name.
    if (/^(?:plugins|presets)$/.test(word)) this.#plugins();
    if (/^(?:function|const|let)$/.test(before) && this.#tokens[this.#at - 1]?.kind === 'word')
      this.#own.add(word);
    const isCall =
      this.#text(1) === '(' ||
      (this.#text(1) === '?' && this.#text(2) === '.' && this.#text(3) === '(');
    const isKnown = CONFIG_CALLS.has(word) || this.#bound.has(word) || this.#own.has(word);
    if (isCall && !isKnown && !this.#isMethod()) throw new NotPlain(`${word}()`);
  }

  /** A plugin that would load what its options name stands in a list, or is called without any but those of an object. */
  #isPlaced(): void {
    const next = this.#text(1);
    const isCalled = next === '(' && /^[){]$/.test(this.#text(2));
    const isListed = /^[,\]]$/.test(next) && this.#opener() === '[';
    const isKey = next === ':' && this.#text(2) === '{';
    if (!isCalled && !isListed && !isKey) throw new NotPlain(this.#text());
  }

  /** The bracket that is open here. */
  #opener(): string {
    let depth = 0;
    for (let at = this.#at - 1; at >= 0; at -= 1) {
      const token = this.#tokens[at];
      if (token?.kind !== 'sign') continue;
      if (/^[)\]}]$/.test(token.text)) depth += 1;
      else if (/^[([{]$/.test(token.text) && depth-- === 0) return token.text;
    }
    return '';
  }

  /** `manualChunks(id) {`: a function of the object, not a call. */
  #isMethod(): boolean {
    if (this.#text(-1) === '.') return false;
    let depth = 0;
    for (let offset = 1; offset < 200; offset += 1) {
      const text = this.#text(offset);
      if (text === '(') depth += 1;
      else if (text === ')') depth -= 1;
      if (depth === 0) return this.#text(offset + 1) === '{' && /^[{,;]$/.test(this.#text(-1));
    }
    return false;
  }

  #plugins(): void {
    const sign = this.#text(1) === ':' ? this.#text(2) : '';
    let depth = 0;
    for (let offset = 2; sign === '[' || sign === '{'; offset += 1) {
      const token = this.#tokens[this.#at + offset];
      if (token === undefined) throw new NotPlain('plugins');
      if (token.kind === 'sign' && /^[[{(]$/.test(token.text)) depth += 1;
      else if (token.kind === 'sign' && /^[\]})]$/.test(token.text)) depth -= 1;
      if (depth === 0) return;
      const isName = depth === 1 && token.kind !== 'sign' && token.kind !== 'other';
      if (sign === '{' && isName && this.#text(offset + 1) === ':') this.#load(token.text);
      if (sign === '{' && depth === 1 && token.text === '.') throw new NotPlain('plugins');
      // Also the first of a pair: ['plugin', {...}].
      if (
        sign === '[' &&
        token.kind === 'string' &&
        /^[[,]$/.test(this.#text(offset - 1)) &&
        depth < 3
      )
        this.#load(token.text);
    }
  }

  #load(module: string): void {
    if (!isAllowed(module)) throw new NotPlain(`the module ${module.slice(0, 60)}`);
    if (!NODE_MODULES.has(module)) this.#modules.add(module);
  }

  #required(module: string | undefined, close: string): void {
    if (module === undefined || close !== ')') throw new NotPlain('require');
    this.#load(module);
    const names: string[] = [];
    let at = this.#at - 1;
    const isNamed = this.#tokens[at]?.text === '=' && this.#tokens[at - 1]?.text === '}';
    if (this.#tokens[at]?.text === '=')
      for (at -= 1; at >= 0; at -= 1) {
        const token = this.#tokens[at];
        if (token?.kind === 'word' && /^(?:const|let|var)$/.test(token.text)) break;
        if (token?.kind === 'word') names.push(token.text);
      }
    this.#bind(module, names, isNamed);
    // Its first call is that of the module: require('a')(options).
    this.#at += 3;
    const isCalled = this.#text(1) === '(';
    if (isCalled && LOADING_MODULES.has(module) && !/^[){]$/.test(this.#text(2)))
      throw new NotPlain(`${module}()`);
    if (isCalled) this.#at += 1;
    if (this.#text(1) === '.' && this.#text(2) !== 'default') throw new NotPlain(this.#text(2));
  }

  #import(): void {
    const isType = this.#text(1) === 'type' && this.#text(2) !== ',' && this.#text(2) !== 'from';
    if (this.#text(1) === '.') {
      if (this.#text(2) !== 'meta' || !/^(?:url|dirname|filename)$/.test(this.#text(4)))
        throw new NotPlain('import.meta');
      this.#at += 4;
      return;
    }
    const names: string[] = [];
    let offset = 1;
    for (; this.#string(offset) === undefined; offset += 1) {
      const token = this.#tokens[this.#at + offset];
      if (token === undefined || !/^(?:[\w$]+|[{},*])$/.test(token.text))
        throw new NotPlain('import');
      if (token.kind === 'word') names.push(token.text);
    }
    const module = this.#string(offset) ?? '';
    this.#at += offset;
    if (isType) return;
    this.#load(module);
    this.#bind(module, names, this.#tokens[this.#at - offset + 1]?.text === '{');
    const isAll = this.#tokens.slice(this.#at - offset, this.#at).some(({ text }) => text === '*');
    if (isAll && !NODE_MODULES.has(module)) throw new NotPlain(`all of ${module}`);
  }

  #bind(module: string, names: readonly string[], isNamed: boolean): void {
    const isVite = module === 'vite' || module === 'vitest/config';
    if (isVite && !isNamed) throw new NotPlain(`all of ${module}`);
    for (const name of names) {
      if (REFUSED_WORDS.has(name) || (isVite && !VITE_NAMES.has(name) && name !== 'from'))
        throw new NotPlain(name);
      this.#bound.add(name);
      if (LOADING_MODULES.has(module) && name !== 'from' && !isNamed) this.#loading.add(name);
    }
  }
}

/** What a configuration of a bundler (`vite.config.ts`, `tailwind.config.js`) loads, where it does no more; else the name of what it does more. */
export function plainConfig(text: string): PlainConfig | { readonly refused: string } {
  const tokens = scriptTokens(text.replace(/^\uFEFF/, ''));
  if (tokens === undefined) return { refused: 'text that is not read' };
  try {
    return new ConfigReader(tokens).read();
  } catch (thrown) {
    if (thrown instanceof NotPlain) return { refused: thrown.message };
    throw thrown;
  }
}
