// A real SMTP server (Debian's aiosmtpd) on a free port: with STARTTLS when given a certificate. What it took comes out as text.
import { spawn } from 'node:child_process';
import { createConnection } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './server.mjs';

export class MailServer {
  static async start(...more) {
    const server = new MailServer();
    server.port = await freePort();
    server.text = '';
    server.process = spawn('aiosmtpd', ['-n', '-l', `127.0.0.1:${server.port}`, '-c', 'aiosmtpd.handlers.Debugging', 'stdout', ...more], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, PYTHONUNBUFFERED: '1' } });
    server.process.stdout.on('data', (text) => { server.text += text; });
    server.process.stderr.on('data', (text) => { server.trouble = (server.trouble ?? '') + text; });
    for (let n = 0; ; n++) {
      if (await server.answers()) return server;
      if (n > 100 || server.process.exitCode !== null) throw new Error(`no mail server: ${server.trouble}`);
      await sleep(100);
    }
  }

  answers() {
    return new Promise((done) => {
      const socket = createConnection(this.port, '127.0.0.1');
      socket.once('connect', () => { socket.destroy(); done(true); });
      socket.once('error', () => done(false));
    });
  }

  /** Waits for a message that holds `mark`; its text, with soft line ends joined (RFC 2045 §6.7). */
  async message(mark, seconds = 30) {
    for (let n = 0; n < seconds * 10; n++) {
      const found = this.text.split('---------- MESSAGE FOLLOWS ----------').find((one) => one.includes(mark) && one.includes('END MESSAGE'));
      if (found) return found.replaceAll(/=\r?\n/g, '').replaceAll('=3D', '=');
      await sleep(100);
    }
    throw new Error(`no message with ${mark} came; the server took:\n${this.text}`);
  }

  stop() {
    this.process.kill('SIGTERM');
  }
}
