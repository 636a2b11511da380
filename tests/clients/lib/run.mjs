// One run of a flow at the executor, as a program sees it; nothing is followed unless asked.
import assert from 'node:assert/strict';
import { Browser } from './browser.mjs';

export class Run {
  constructor(server, slug, query = '', browser = new Browser()) {
    this.origin = server.urls.identity;
    this.browser = browser;
    this.url = `${this.origin}/api/v3/flows/executor/${slug}/?query=${encodeURIComponent(query)}`;
  }

  async show() {
    const response = await this.browser.fetch(this.url);
    return { status: response.status, ...(await response.json()) };
  }

  async post(answer) {
    return this.browser.fetch(this.url, { method: 'POST', headers: { 'content-type': 'application/json', origin: this.origin }, body: JSON.stringify(answer) });
  }

  async answer(answer) {
    const response = await this.post(answer);
    if (response.status !== 302) return { status: response.status, ...(await response.json()) };
    await response.text();
    assert.equal(new URL(response.headers.get('location'), this.url).href, this.url);
    return this.show();
  }
}

/** Code of the first fault of a field. */
export const code = (challenge, field) => challenge.response_errors?.[field]?.[0]?.code;
