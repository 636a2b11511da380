// What cloudflare.test.mjs uses of browser.mjs.
export class Browser {
  open(url: string, username: string, password: string): Promise<{ response: Response; url: string }>;
}
