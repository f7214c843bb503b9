// What Node's own declarations have of a page's, as far as those of the package name it.

interface AbortSignal {
  readonly aborted: boolean;
}
interface Blob {
  readonly size: number;
}
interface Headers {
  get(name: string): string | null;
}
interface ReadableStream<R = any> {
  getReader(): { read(): Promise<{ done: boolean; value?: R }> };
}
interface Response {
  readonly status: number;
}
interface URL {
  readonly href: string;
}
interface WritableStream<W = any> {
  getWriter(): { write(piece: W): Promise<void> };
}
declare function fetch(url: string | URL, init?: object): Promise<Response>;
