// WebSocket echo by raw sockets: what runs between the two ends is measured, not a library at either end.
//   node websocket.mjs echo PORT                                an origin that sends back every byte after its 101
//   node websocket.mjs load HOST:PORT HOST-HEADER COOKIE SECS   32 connections, one message of 64 bytes under way in each; prints JSON
import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { connect } from 'node:tls';
import { pathToFileURL } from 'node:url';

function echo(port) {
  createServer((socket) => {
    let head = '';
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      if (head === null) { socket.write(bytes); return; }
      head += bytes.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      const key = head.match(/^sec-websocket-key: *(.*?)\r$/im)[1];
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      head = null;
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    });
  }).listen(port, '127.0.0.1');
}

/** A masked text frame of 64 bytes; the echo sends it back as it came. */
const frame = Buffer.concat([Buffer.from([0x81, 0x80 | 64]), randomBytes(68)]);

function open(at, host, cookie) {
  return new Promise((done, fail) => {
    const [address, port] = at.split(':');
    const socket = connect({ host: address, port: Number(port), rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }, () => {
      socket.setNoDelay(true);
      socket.write(`GET /ws HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\nOrigin: https://${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`);
    });
    let head = '';
    socket.on('error', fail);
    socket.on('data', function first(bytes) {
      head += bytes.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', first);
      if (head.startsWith('HTTP/1.1 101')) done(socket);
      else fail(new Error(`${at} (${host}): ${head.slice(0, 400)}`));
    });
  });
}

async function load(at, host, cookie, seconds) {
  const sockets = await Promise.all(Array.from({ length: 32 }, () => open(at, host, cookie)));
  const times = [];
  const end = performance.now() + seconds * 1000;
  await Promise.all(sockets.map((socket) => new Promise((done) => {
    let sent, waiting;
    const send = () => { sent = performance.now(); waiting = frame.length; socket.write(frame); };
    socket.on('data', (bytes) => {
      waiting -= bytes.length;
      if (waiting > 0) return;
      const now = performance.now();
      times.push(now - sent);
      if (now < end) send();
      else { socket.destroy(); done(); }
    });
    send();
  })));
  times.sort((a, b) => a - b);
  const of = (share) => times[Math.floor((times.length - 1) * share)];
  return { rate: times.length / seconds, p50: of(0.5), p99: of(0.99) };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [verb, ...rest] = process.argv.slice(2);
  if (verb === 'echo') echo(Number(rest[0]));
  else console.log(JSON.stringify(await load(rest[0], rest[1], rest[2], Number(rest[3]))));
}
