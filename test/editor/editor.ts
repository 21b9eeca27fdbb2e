import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import {
  type ApplyWorkspaceEditParams,
  type CodeAction,
  createProtocolConnection,
  type Hover,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  type Range,
  StreamMessageReader,
  StreamMessageWriter,
  type TextEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { lsp } from '../../src/editor/lsp.ts';
import { fakeIo } from '../cli/command-io.ts';

const CAPABILITIES = {
  workspace: {
    applyEdit: true,
    workspaceEdit: { documentChanges: true, resourceOperations: ['create'] },
  },
  textDocument: { hover: { contentFormat: ['markdown'] } },
};

/** An editor with documents, as a script: it speaks to a server over two streams. */
export class Editor {
  readonly connection: ProtocolConnection;
  readonly shown: string[] = [];
  readonly applied: WorkspaceEdit[] = [];
  readonly #published = new Map<string, PublishDiagnosticsParams>();
  #waiting: (() => void)[] = [];

  constructor(from: NodeJS.ReadableStream, to: NodeJS.WritableStream) {
    const reader = new StreamMessageReader(from);
    this.connection = createProtocolConnection(reader, new StreamMessageWriter(to));
    this.connection.onNotification(
      'textDocument/publishDiagnostics',
      (params: PublishDiagnosticsParams) => {
        this.#published.set(params.uri, params);
        for (const go of this.#waiting.splice(0)) go();
      },
    );
    this.connection.onNotification('window/showMessage', ({ message }: { message: string }) => {
      this.shown.push(message);
    });
    this.connection.onRequest('workspace/applyEdit', ({ edit }: ApplyWorkspaceEditParams) => {
      this.applied.push(edit);
      return { applied: true };
    });
    this.connection.listen();
  }

  async initialize(capabilities: object = CAPABILITIES): Promise<unknown> {
    const params = { processId: process.pid, rootUri: null, capabilities };
    const answer = await this.connection.sendRequest('initialize', params);
    await this.connection.sendNotification('initialized', {});
    return answer;
  }

  async open(uri: string, text: string, languageId = 'dockerfile'): Promise<void> {
    const textDocument = { uri, languageId, version: 1, text };
    await this.connection.sendNotification('textDocument/didOpen', { textDocument });
  }

  /** The whole text anew, as what was typed. */
  async type(uri: string, version: number, text: string): Promise<void> {
    const textDocument = { uri, version };
    const changes = { textDocument, contentChanges: [{ text }] };
    await this.connection.sendNotification('textDocument/didChange', changes);
  }

  /** What was found in this version of a document. */
  async found(uri: string, version: number): Promise<PublishDiagnosticsParams['diagnostics']> {
    for (;;) {
      const last = this.#published.get(uri);
      if (last?.version === version) return last.diagnostics;
      await new Promise<void>((go) => this.#waiting.push(go));
    }
  }

  hover(uri: string, line: number, character: number): Promise<Hover | null> {
    const params = { textDocument: { uri }, position: { line, character } };
    return this.connection.sendRequest('textDocument/hover', params);
  }

  actions(
    uri: string,
    range: Range,
    diagnostics: readonly object[],
    only?: readonly string[],
  ): Promise<CodeAction[]> {
    const context = { diagnostics, ...(only === undefined ? {} : { only }) };
    const params = { textDocument: { uri }, range, context };
    return this.connection.sendRequest('textDocument/codeAction', params);
  }

  async shutDown(): Promise<void> {
    await this.connection.sendRequest('shutdown');
  }
}

/** The server of `scoville lsp` in this process, whose home is `home`. */
export function editorHere(
  cwd: string,
  home: string,
): { editor: Editor; end: () => Promise<number> } {
  const [toServer, toEditor] = [new PassThrough(), new PassThrough()];
  const { io } = fakeIo({
    stdin: toServer,
    writeOut: (text) => void toEditor.write(text),
    cwd,
    env: { SCOVILLE_HOME: home, PATH: process.env['PATH'] },
    now: () => Date.now(),
  });
  const ended = lsp([], io);
  const editor = new Editor(toEditor, toServer);
  return {
    editor,
    end: async () => {
      toServer.end();
      return ended;
    },
  };
}

export function uriOf(path: string): string {
  return pathToFileURL(path).href;
}

/** A text with the edits of one document applied. */
export function edited(text: string, edits: readonly TextEdit[]): string {
  const document = TextDocument.create('file:///Dockerfile', 'dockerfile', 1, text);
  return TextDocument.applyEdits(document, [...edits]);
}

/** The edits of each file, by the last part of its address; a file that is made is `+NAME`. */
export function editsByName(edit: WorkspaceEdit | undefined): Record<string, TextEdit[]> {
  const found = (edit?.documentChanges ?? []).map((change): [string, TextEdit[]] => {
    if ('kind' in change) {
      const uri = 'uri' in change ? change.uri : change.newUri;
      return [`+${uri.split('/').at(-1) ?? ''}`, []];
    }
    return [change.textDocument.uri.split('/').at(-1) ?? '', change.edits as TextEdit[]];
  });
  return Object.fromEntries(found);
}
