// Writes src/facts/secrets/kernel/byte-scan-wasm.ts from byte-scan.wat. A test fails while it is not current.
import { readFileSync, writeFileSync } from 'node:fs';
import loadWabt from 'wabt';

const FOLDER = 'src/facts/secrets/kernel';
const wabt = await loadWabt();
const source = readFileSync(`${FOLDER}/byte-scan.wat`, 'utf8');
const { buffer } = wabt.parseWat('byte-scan.wat', source, { simd: true }).toBinary({});
const text = Buffer.from(buffer).toString('base64');
const lines = text.match(/.{1,120}/g).map((line) => `  '${line}'`);
writeFileSync(
  `${FOLDER}/byte-scan-wasm.ts`,
  `/** byte-scan.wat as WebAssembly; by scripts/generate-kernel.mjs. */\nexport const BYTE_SCAN_WASM =\n${lines.join(' +\n')};\n`,
);
