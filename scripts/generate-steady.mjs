// Writes src/plans/reproduce/preload/steady-bytes.ts and the files that it imports from the .c files beside it, with Debian's gcc and gcc-aarch64-linux-gnu. A test fails while they are not current.
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { COMPILERS, compiled, compilerVersion, FOLDER, SOURCES } from './steady/compile.mjs';

const packed = (source, compiler) => {
  const text = gzipSync(compiled(compiler, source), { level: 9 }).toString('base64');
  return text
    .match(/.{1,180}/g)
    .map((line) => `'${line}'`)
    .join(' +\n');
};
for (const [name, compiler] of COMPILERS) {
  const libraries = SOURCES.map((source) => `'${source}': ${packed(source, compiler)}`);
  writeFileSync(
    `${FOLDER}/steady-${name}.ts`,
    `/** For ${name}; by scripts/generate-steady.mjs. */
export const ${name.toUpperCase()} = { ${libraries.join(',\n')} };
`,
  );
}
const names = COMPILERS.map(([name]) => name);
writeFileSync(
  `${FOLDER}/steady-bytes.ts`,
  `${names
    .toSorted()
    .map((name) => `import { ${name.toUpperCase()} } from './steady-${name}.ts';`)
    .join('\n')}

/**
 * Each .c file beside this one as a shared library, gzip in base64, by processor as Node.js names
 * it; by scripts/generate-steady.mjs.
 */
export const STEADY_BYTES: Readonly<Record<string, Readonly<Record<${SOURCES.map((one) => `'${one}'`).join(' | ')}, string>>>> = {
${names.map((name) => `${name}: ${name.toUpperCase()},`).join('\n')}
};

/** What compiled them. */
export const STEADY_COMPILER = '${compilerVersion('gcc')}';
`,
);
