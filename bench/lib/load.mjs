// What every benchmark here needs: pinned children, load by wrk and by WebSocket, and the table at the end.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
export const rss = (pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024;
const flags = (headers) => Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);

/** A folder and children that are gone when the benchmark is. */
export class Bench {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  children = [];

  pin(cpu, command, ...rest) {
    const child = spawn('taskset', ['-c', cpu, command, ...rest], { stdio: 'ignore' });
    this.children.push(child);
    return child;
  }

  end() {
    for (const child of this.children) child.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A certificate for bench.localhost. */
  certificate() {
    const [key, certificate] = [join(this.folder, 'key.pem'), join(this.folder, 'cert.pem')];
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=bench.localhost', '-addext', 'subjectAltName=DNS:bench.localhost', '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    return { key, certificate };
  }
}

export async function answers(url, headers = {}) {
  for (let n = 0; n < 100; n++) {
    try {
      execFileSync('curl', ['-skf', '-o', '/dev/null', ...flags(headers), url]);
      return;
    } catch {
      await new Promise((done) => setTimeout(done, 100));
    }
  }
  throw new Error(`${url} does not answer 200`);
}

/** wrk with 64 connections (or as many as said); a script names what it sends. */
export function load(url, headers, seconds, { connections = 64, script } = {}) {
  const text = execFileSync('taskset', ['-c', '0', 'wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '--latency', ...(script ? ['-s', script] : []), ...flags(headers), url], { encoding: 'utf8' });
  // Some peers drop a connection now and then; one request in a thousand is not what is measured.
  const [, ...faults] = text.match(/Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/) ?? [];
  if (/Non-2xx/.test(text) || faults.reduce((all, n) => all + Number(n), 0) > Number(text.match(/(\d+) requests in/)[1]) / 1000) throw new Error(`${url}\n${text}`);
  const milliseconds = (at) => { const [, n, unit] = text.match(new RegExp(`${at}%\\s+([\\d.]+)(us|ms|s)`)); return n * { us: 0.001, ms: 1, s: 1000 }[unit]; };
  return { rate: Number(text.match(/Requests\/sec:\s+([\d.]+)/)[1]), p50: milliseconds(50), p99: milliseconds(99) };
}

/** Seconds of load before the first round: what compiles itself while it runs, on one processor of its own, is measured when it has. */
export const warmUp = 60;

/** Loads what runs on .NET for as long as that takes; the others have nothing to wait for. */
export function warm(peers) {
  for (const [name, run] of Object.entries(peers)) if (/gatehouse|yarp/.test(name)) run();
}

/** Runs `measure(name)` for every name in interleaved rounds whose order rotates; the samples by name. */
export async function interleave(names, rounds, measure) {
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < names.length; n++) {
      const name = names[(n + round) % names.length];
      samples[name].push(await measure(name));
    }
  }
  return samples;
}

/** Rates beside those of the bases, round by round. */
export function table(samples, bases) {
  const rows = [`| system | requests/s (median) | ${bases.map((base) => `x ${base}`).join(' | ')} | p50 ms | p99 ms |`, `| --- | --- | ${bases.map(() => '---').join(' | ')} | --- | --- |`];
  for (const [name, own] of Object.entries(samples)) {
    const of = (key) => median(own.map((sample) => sample[key]));
    const ratio = (base) => median(own.map((sample, n) => sample.rate / samples[base][n].rate)).toFixed(2);
    rows.push(`| ${name} | ${Math.round(of('rate'))} | ${bases.map(ratio).join(' | ')} | ${of('p50').toFixed(2)} | ${of('p99').toFixed(2)} |`);
  }
  return rows.join('\n');
}
