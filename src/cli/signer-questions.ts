import { resolve } from 'node:path';
import type { ReactElement } from 'react';
import { isThere } from '../image/disk.ts';
import type { PipelineContext } from '../model/context.ts';
import { PasswordNeeded } from '../trust/cosign.ts';
import { ConsentNeeded, keepConsent } from '../trust/keyless.ts';
import { isKeyUri } from '../trust/keys.ts';
import { type SigningChoice, signingFile } from '../trust/signer.ts';
import { show } from '../ui/ink-surface.tsx';
import {
  choiceElement,
  type ChoiceProps,
  textElement,
  type TextFieldProps,
} from '../ui/questions.tsx';
import { marksOf } from '../ui/text.ts';
import { interrupt, terminalOf } from './conversation.ts';
import type { CommandIo } from './io.ts';
import { pathsOf } from './paths.ts';
import { isUtf8 } from './render-report.ts';

const WAYS: readonly { value: SigningChoice['with']; label: string; detail: string }[] = [
  { value: 'own-key', label: 'make a key', detail: 'of your own, on this machine' },
  { value: 'keyless', label: 'sign keylessly', detail: 'with your identity, kept in a public log' },
  { value: 'key', label: 'name a key', detail: 'a file, or a KMS or PKCS#11 URI' },
  { value: 'nothing', label: 'not now', detail: 'build without signatures' },
];

/** Asks how to sign; the answer is kept once it has worked. Throws Interrupted if stopped. */
export async function askFirstKey(context: PipelineContext, io: CommandIo): Promise<SigningChoice> {
  const kind = await choose(io, {
    question: 'No signing key yet. How do you want to sign images?',
    options: WAYS,
    note: `up, down and enter, or a number; the answer is kept in ${signingFile(context)} once it worked`,
  });
  return kind === 'key' ? { with: 'key', key: await askKey(io) } : { with: kind ?? 'own-key' };
}

async function askKey(io: CommandIo): Promise<string> {
  for (let wrong = ''; ;) {
    const answer = await type(io, {
      question: `${wrong}The key, a file or a URI (awskms://, gcpkms://, azurekms://, hashivault://, pkcs11:)`,
      problem: (text) => (text === '' ? 'a file or a URI' : undefined),
    });
    if (answer === undefined || isKeyUri(answer)) return answer ?? '';
    const path = resolve(io.cwd, answer.replace(/^~(?=\/)/, io.homeDir));
    if (await isThere(path)) return path;
    wrong = `${path}: no such file. `;
  }
}

/** Asks for what a signer needs; undefined for nothing, or a refusal. Throws Interrupted. */
export async function answerSigner(error: unknown, io: CommandIo): Promise<CommandIo | undefined> {
  if (error instanceof PasswordNeeded) {
    const password = await type(io, {
      question: error.question,
      hidden: true,
      problem: (text) => (text === '' ? 'the password of the key' : undefined),
    });
    return password === undefined
      ? undefined
      : { ...io, env: { ...io.env, COSIGN_PASSWORD: password } };
  }
  if (!(error instanceof ConsentNeeded)) return undefined;
  const answer = await choose<'no' | 'yes'>(io, {
    question: error.question,
    options: [
      { value: 'no', label: 'no', detail: 'end here: --key FILE signs with a key' },
      { value: 'yes', label: 'yes', detail: 'and do not ask again for this' },
    ],
  });
  if (answer !== 'yes') return undefined;
  await keepConsent({ paths: pathsOf(io) }, error.disclosure);
  return io;
}

type Asked<Props> = Omit<Props, 'onAnswer' | 'onInterrupt' | 'marks'>;

function choose<T>(io: CommandIo, asked: Asked<ChoiceProps<T>>): Promise<T | undefined> {
  const marks = marksOf(isUtf8(io));
  return answered<T>(io, (onAnswer) =>
    choiceElement({ ...asked, marks, onAnswer, onInterrupt: interrupt }),
  );
}

function type(io: CommandIo, asked: Asked<TextFieldProps>): Promise<string | undefined> {
  return answered<string>(io, (onAnswer) =>
    textElement({ ...asked, onAnswer, onInterrupt: interrupt }),
  );
}

async function answered<T>(
  io: CommandIo,
  element: (done: (value: T) => void) => ReactElement,
): Promise<T | undefined> {
  const answer = await show(terminalOf(io), false, element);
  io.signal.throwIfAborted();
  return answer;
}
