import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  type CodeAction,
  CodeActionKind,
  type CodeActionParams,
  createConnection,
  type DataCallback,
  type Diagnostic,
  DidChangeWatchedFilesNotification,
  type ExecuteCommandParams,
  type InitializeParams,
  type InitializeResult,
  MarkupKind,
  MessageType,
  ShowMessageNotification,
  StreamMessageReader,
  StreamMessageWriter,
  TextDocuments,
  TextDocumentSyncKind,
  type WorkspaceEdit,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { buildContext } from '../build/context-source.ts';
import { pipelineContext } from '../cli/conversation.ts';
import { explained } from '../cli/explain.ts';
import { command } from '../cli/flags.ts';
import type { CommandIo } from '../cli/io.ts';
import { projectSettings } from '../cli/operands.ts';
import { VERSION } from '../cli/version.ts';
import { FIX_RULES, LINT_RULES } from '../criteria/catalogue.ts';
import { planEdits } from '../fix/compose.ts';
import { applyWanted, type FixTask, planFixes } from '../fix/plan.ts';
import { EXIT, messageOf, UserError } from '../lib/errors.ts';
import { given, isObject } from '../lib/json.ts';
import { declared, isDockerfileName, lintDockerfile } from '../lint/lint.ts';
import { isWithin, type LintFinding, type PlannedEdit } from '../model/fix.ts';
import { explanationText } from '../report/command-texts.ts';
import { cleanLines } from '../ui/text.ts';
import {
  type Beside,
  changeTo,
  diagnosticOf,
  explanationMarkdown,
  fileProblem,
  quickFixes,
  remoteFixes,
  touches,
  workspaceEdit,
} from './answers.ts';
import { LSP } from './flags.ts';
import { streamsOf } from './streams.ts';

/** Characters of a Dockerfile, as many as BuildKit reads. */
const LARGEST = 2 ** 20;
/** Time without a key after which findings are looked for. */
const PAUSE_MS = 150;
const FIX_COMMAND = 'scoville.fix';
const FIX_ALL = `${CodeActionKind.SourceFixAll}.scoville`;
const COLUMNS = 80;

/**
 * The library would watch the editor's process, and keep this one up for that. The end of stdin
 * says the same.
 */
class EditorReader extends StreamMessageReader {
  override listen(callback: DataCallback): ReturnType<StreamMessageReader['listen']> {
    return super.listen((message) => {
      const params = 'params' in message ? message.params : undefined;
      if (!isObject(params) || !('processId' in params)) callback(message);
      else {
        const own = { ...message, params: { ...params, processId: null } };
        callback(own);
      }
    });
  }
}

export const lsp = command(LSP, async (_flags, _operands, io) => {
  const { input, output, ended } = streamsOf(io);
  const writer = new StreamMessageWriter(output);
  const editor = new Editor(createConnection(new EditorReader(input), writer), io);
  await ended;
  return editor.isShutDown ? EXIT.met : EXIT.short;
});

type Connection = ReturnType<typeof createConnection>;

/** What a document was found to be, at one version of its text. */
interface Plan {
  readonly version: number;
  readonly task: Promise<FixTask | undefined>;
}

/** One editor: its documents, and the answers to what it asks about them. */
class Editor {
  isShutDown = false;
  readonly #connection: Connection;
  readonly #io: CommandIo;
  readonly #documents = new TextDocuments(TextDocument);
  readonly #waiting = new Map<string, NodeJS.Timeout>();
  readonly #seen = new Set<string>();
  readonly #plans = new Map<string, Plan>();
  #takesMarkdown = false;
  #createsFiles = false;
  #watchesFiles = false;

  constructor(connection: Connection, io: CommandIo) {
    this.#connection = connection;
    this.#io = io;
    connection.onInitialize((asked) => this.#initialize(asked));
    connection.onInitialized(() => this.#watch());
    connection.onShutdown(() => {
      this.isShutDown = true;
    });
    connection.onDidChangeWatchedFiles(() => {
      this.#plans.clear();
      for (const document of this.#documents.all()) this.#soon(document, 0);
    });
    connection.onHover(({ textDocument: { uri }, position }) =>
      this.#hover(uri, { start: position, end: position }),
    );
    connection.onCodeAction((asked) => this.#actions(asked));
    connection.onExecuteCommand((asked) => this.#execute(asked));
    this.#documents.onDidChangeContent(({ document }) => {
      this.#soon(document, this.#seen.has(document.uri) ? PAUSE_MS : 0);
      this.#seen.add(document.uri);
    });
    this.#documents.onDidClose(({ document: { uri } }) => {
      clearTimeout(this.#waiting.get(uri));
      this.#waiting.delete(uri);
      this.#seen.delete(uri);
      this.#plans.delete(uri);
      void connection.sendDiagnostics({ uri, diagnostics: [] });
    });
    this.#documents.listen(connection);
    connection.listen();
  }

  #initialize({ capabilities: { workspace, textDocument } }: InitializeParams): InitializeResult {
    const { documentChanges, resourceOperations } = workspace?.workspaceEdit ?? {};
    const formats = textDocument?.hover?.contentFormat ?? [];
    this.#takesMarkdown = formats.includes(MarkupKind.Markdown);
    this.#createsFiles =
      documentChanges === true && resourceOperations?.includes('create') === true;
    this.#watchesFiles = workspace?.didChangeWatchedFiles?.dynamicRegistration === true;
    return {
      serverInfo: { name: 'scoville', version: VERSION },
      capabilities: {
        textDocumentSync: TextDocumentSyncKind.Incremental,
        hoverProvider: true,
        codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, FIX_ALL] },
        executeCommandProvider: { commands: [FIX_COMMAND] },
      },
    };
  }

  /** Settings, lock and ignore files change what is found. */
  async #watch(): Promise<void> {
    if (!this.#watchesFiles) return;
    const globPattern = '**/{.scoville.yaml,.scoville.yml,scoville.lock,*.dockerignore}';
    const watchers = [{ globPattern }];
    // An editor that refuses sees the change at the next key.
    await this.#connection.client
      .register(DidChangeWatchedFilesNotification.type, { watchers })
      .catch(() => undefined);
  }

  /** The document where it is a Dockerfile: editors may send others too. */
  #dockerfile(uri: string): TextDocument | undefined {
    const document = this.#documents.get(uri);
    const name = decodeURIComponent(uri.split('/').at(-1) ?? '');
    const isOne = /^(?:docker|container)file$/i.test(document?.languageId ?? '');
    return isOne || isDockerfileName(name) ? document : undefined;
  }

  #soon({ uri }: TextDocument, wait: number): void {
    clearTimeout(this.#waiting.get(uri));
    const timer = setTimeout(() => {
      this.#waiting.delete(uri);
      this.#publish(uri).catch((thrown: unknown) => {
        this.#connection.console.error(cleanLines(messageOf(thrown)));
      });
    }, wait);
    this.#waiting.set(uri, timer);
  }

  async #publish(uri: string): Promise<void> {
    const document = this.#dockerfile(uri);
    if (document === undefined) return;
    const { version } = document;
    const diagnostics = await this.#diagnostics(document);
    // What was typed meanwhile has its own turn.
    if (this.#documents.get(uri)?.version !== version) return;
    await this.#connection.sendDiagnostics({ uri, version, diagnostics });
  }

  async #diagnostics(document: TextDocument): Promise<Diagnostic[]> {
    try {
      return (await this.#findings(document)).map(diagnosticOf);
    } catch (thrown) {
      if (!(thrown instanceof UserError)) throw thrown;
      // A broken settings file, most of all.
      return [fileProblem(cleanLines(thrown.message))];
    }
  }

  async #findings(document: TextDocument): Promise<readonly LintFinding[]> {
    const text = document.getText();
    if (text.length > LARGEST) throw new UserError('not checked: larger than 1 MiB');
    const path = pathOf(document.uri);
    const io = this.#ioOf(path);
    const settings = await projectSettings(undefined, io);
    const declarations = declared({ settings, now: io.now() });
    const context = path === undefined ? undefined : buildContext(dirname(path), path);
    return lintDockerfile({ name: path ?? 'Dockerfile', text, context, declarations }).findings;
  }

  /** The outside as a command in the file's folder has it. */
  #ioOf(path: string | undefined): CommandIo {
    return path === undefined ? this.#io : { ...this.#io, cwd: dirname(path) };
  }

  async #hover(uri: string, range: CodeActionParams['range']) {
    const document = this.#dockerfile(uri);
    const found = document === undefined ? [] : await this.#diagnostics(document);
    const here = found.filter((one) => touches(one.range, range));
    const ids = [...new Set(here.map(({ code }) => code))];
    const known = ids.filter((code) => LINT_RULES.some(({ id }) => id === code));
    const about = known.map((id) => explained(String(id)));
    const texts = about.map((one) =>
      this.#takesMarkdown ? explanationMarkdown(one) : explanationText(one, COLUMNS),
    );
    if (texts.length === 0) return null;
    const kind = this.#takesMarkdown ? MarkupKind.Markdown : MarkupKind.PlainText;
    return {
      contents: { kind, value: texts.join('\n\n---\n\n') },
      ...given({ range: here[0]?.range }),
    };
  }

  /** Edits of the document as it is, by what the folder says alone; once for each version. */
  #plan(document: TextDocument): Promise<FixTask | undefined> {
    const { uri, version } = document;
    const before = this.#plans.get(uri);
    if (before?.version === version) return before.task;
    const task = this.#planned(document, { isLocal: true, only: [] });
    this.#plans.set(uri, { version, task });
    return task;
  }

  /** Undefined for a file that is not saved yet, or that is not a Dockerfile. */
  async #planned(
    document: TextDocument,
    how: { readonly isLocal: boolean; readonly only: readonly string[] },
  ): Promise<FixTask | undefined> {
    const path = pathOf(document.uri);
    const text = document.getText();
    if (path === undefined || text.length > LARGEST) return undefined;
    const io = this.#ioOf(path);
    try {
      const settings = await projectSettings(undefined, io);
      return await planFixes(pipelineContext(io), {
        ...how,
        path,
        text,
        settings,
        contextFolder: undefined,
        buildArgs: [],
        target: undefined,
        maxRisk: undefined,
        isDecided: true,
        build: false,
        plainHttp: [],
        options: { refresh: false, distroless: settings.fix.distroless },
      });
    } catch (thrown) {
      if (!(thrown instanceof UserError)) throw thrown;
      if (!how.isLocal) throw thrown;
      return undefined;
    }
  }

  async #actions({
    textDocument: { uri },
    range,
    context,
  }: CodeActionParams): Promise<CodeAction[]> {
    const document = this.#dockerfile(uri);
    const task = document && (await this.#plan(document));
    if (document === undefined || task === undefined) return [];
    const wants = (kind: string): boolean =>
      context.only?.some((one) => kind === one || kind.startsWith(`${one}.`)) ?? kind !== FIX_ALL;
    const actions: CodeAction[] = [];
    if (wants(CodeActionKind.QuickFix)) {
      const planned = planEdits(task.opened.files, task.around);
      const edits = planned.ok ? planned.value.edits.filter(task.isWithinRisk) : [];
      const { diagnostics } = context;
      actions.push(...quickFixes(document, edits, { range, diagnostics }, this.#beside(task)));
      for (const [id, one] of remoteFixes(diagnostics, edits))
        actions.push({
          title: `Fix ${id} (asks the registry or server that the line names)`,
          kind: CodeActionKind.QuickFix,
          diagnostics: [one],
          command: { title: `Fix ${id}`, command: FIX_COMMAND, arguments: [uri, id] },
        });
    }
    if (wants(FIX_ALL)) {
      const edit = await this.#allOf(document, task, ({ risk }) => isWithin(risk, 'low'));
      if (edit !== undefined)
        actions.push({ title: 'Apply all edits of low risk', kind: FIX_ALL, edit });
    }
    return actions;
  }

  #beside({ opened: { named, files } }: FixTask): Beside | undefined {
    const beside = { uri: pathToFileURL(named['.dockerignore']).href, text: files.ignoreFile };
    return beside.text !== undefined || this.#createsFiles ? beside : undefined;
  }

  /** The edits that are wanted, all together; undefined where nothing changes. */
  async #allOf(
    document: TextDocument,
    task: FixTask,
    isWanted: (edit: PlannedEdit) => boolean,
  ): Promise<WorkspaceEdit | undefined> {
    const beside = this.#beside(task);
    const { files, applied } = await applyWanted(
      task,
      (edit) => isWanted(edit) && (edit.file === 'Dockerfile' || beside !== undefined),
    );
    const added = (files.ignoreFile ?? '').slice(task.opened.files.ignoreFile?.length ?? 0);
    if (applied.length === 0) return undefined;
    const edits = changeTo(document, files.dockerfile);
    return workspaceEdit(
      document,
      edits,
      beside === undefined || added === '' ? undefined : { ...beside, added },
    );
  }

  /** An edit that was chosen by name: registries and servers are asked now. */
  async #execute({ command: name, arguments: given = [] }: ExecuteCommandParams): Promise<null> {
    const [uri, id] = given as readonly unknown[];
    const document = typeof uri === 'string' ? this.#dockerfile(uri) : undefined;
    const isKnown = FIX_RULES.some(({ criterion, lint, ...rule }) =>
      [rule.id, criterion, lint].some((one) => one !== undefined && one === id),
    );
    if (name !== FIX_COMMAND || document === undefined || typeof id !== 'string' || !isKnown)
      return null;
    const only = FIX_RULES.filter(({ lint }) => lint === id).map((rule) => rule.id);
    try {
      const task = await this.#planned(document, {
        isLocal: false,
        only: only.length > 0 ? only : [id],
      });
      const edit =
        task &&
        (await this.#allOf(document, task, (one) => task.isNamed(one) && task.isWithinRisk(one)));
      if (edit !== undefined)
        await this.#connection.workspace.applyEdit({ label: `scoville fix: ${id}`, edit });
      else {
        const planned = task && planEdits(task.opened.files, task.around);
        const [why] = planned?.ok === true ? planned.value.refusals : [];
        await this.#show(`${id}: ${why?.reason ?? 'nothing to fix'}`);
      }
    } catch (thrown) {
      if (!(thrown instanceof UserError)) throw thrown;
      await this.#show(messageOf(thrown));
    }
    return null;
  }

  #show(text: string): Promise<void> {
    return this.#connection.sendNotification(ShowMessageNotification.type, {
      type: MessageType.Warning,
      message: cleanLines(text),
    });
  }
}

/** The file of a document; undefined for one that is not saved, or not on this machine. */
function pathOf(uri: string): string | undefined {
  try {
    return uri.startsWith('file:') ? fileURLToPath(uri) : undefined;
  } catch {
    return undefined;
  }
}
