// What cloudflare.test.mjs uses of server.mjs, so that it can be compiled strictly.
export class Gatehouse {
  static start(options?: { demo?: boolean; database?: string }): Promise<Gatehouse>;
  token: string;
  account: string;
  port: number;
  urls: { identity: string; access: string; api: string };
  stop(): Promise<unknown>;
  v4(method: string, path: string, body?: unknown): Promise<unknown>;
  call(url: string, method: string, body?: unknown): Promise<Response>;
  publish(name: string, origin: string, policies: unknown[], more?: object): Promise<{ id: string; url: string; aud: string }>;
  user(username: string): Promise<{ pk: number; password: string }>;
}
