import { resolve } from 'node:path';
import { isThere } from '../../oci/blobs/disk.ts';
import type { PipelineContext } from '../../pipeline/context.ts';
import { type SigningChoice, signingFile } from '../../pipeline/sign/signing-choice.ts';
import { isKeyUri } from '../../tools/cosign/key-uri.ts';
import { choiceElement } from '../../ui/choice.tsx';
import { marksOf } from '../../ui/marks.ts';
import { textElement } from '../../ui/text-field.tsx';
import { show } from '../../ui/whole-screen.ts';
import { interrupt, terminalOf } from '../interactivity.ts';
import type { CommandIo } from '../io.ts';
import { isUtf8 } from '../reports.ts';

const OPTIONS: readonly { value: SigningChoice['with']; label: string; detail: string }[] = [
  { value: 'own-key', label: 'make a key', detail: 'of your own, on this machine' },
  { value: 'keyless', label: 'sign keylessly', detail: 'with your identity, kept in a public log' },
  { value: 'key', label: 'name a key', detail: 'a file, or a KMS or PKCS#11 URI' },
  { value: 'nothing', label: 'not now', detail: 'build without signatures' },
];

/** Asks how to sign; the answer is kept once it has worked. Throws Interrupted if stopped. */
export async function askFirstKey(context: PipelineContext, io: CommandIo): Promise<SigningChoice> {
  const terminal = terminalOf(io);
  const kind = await show(terminal, false, (done: (value: SigningChoice['with']) => void) =>
    choiceElement({
      question: 'No signing key yet. How do you want to sign images?',
      options: OPTIONS,
      marks: marksOf(isUtf8(io)),
      note: `up, down and enter, or a number; the answer is kept in ${signingFile(context)} once it worked`,
      onAnswer: done,
      onInterrupt: interrupt,
    }),
  );
  io.signal.throwIfAborted();
  return kind === 'key' ? { with: 'key', key: await askKey(io) } : { with: kind ?? 'own-key' };
}

async function askKey(io: CommandIo): Promise<string> {
  for (let wrong = ''; ;) {
    const answer = await show(terminalOf(io), false, (done: (value: string) => void) =>
      textElement({
        question: `${wrong}The key, a file or a URI (awskms://, gcpkms://, azurekms://, hashivault://, pkcs11:)`,
        problem: (text) => (text === '' ? 'a file or a URI' : undefined),
        onAnswer: done,
        onInterrupt: interrupt,
      }),
    );
    io.signal.throwIfAborted();
    if (answer === undefined || isKeyUri(answer)) return answer ?? '';
    const path = resolve(io.cwd, answer.replace(/^~(?=\/)/, io.homeDir));
    if (await isThere(path)) return path;
    wrong = `${path}: no such file. `;
  }
}
