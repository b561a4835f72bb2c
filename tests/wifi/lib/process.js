// Programs: run to their end, or kept beside the scenario with their output in a file.

import {execFile, spawn} from 'node:child_process';
import {openSync, readFileSync} from 'node:fs';
import {once} from 'node:events';
import {setTimeout as sleep} from 'node:timers/promises';

export {sleep};

// How long a program that should end at once may take, on an emulated processor.
const RUN_MS = 60_000;
const POLL_MS = 100;

export const seconds = (value) => `${Number(value).toFixed(1)} s`;

/** Runs a program to its end: what it printed. Throws with what it said where it fails. */
export function run(program, ...words) {
  return new Promise((resolve, reject) => {
    const ended = (error, stdout, stderr) => {
      if (error) reject(new Error(`${program} ${words.join(' ')}: ${stderr || stdout || error.message}`.trim()));
      else resolve(stdout);
    };
    execFile(program, words, {timeout: RUN_MS, maxBuffer: 1 << 24}, ended);
  });
}

/** Whether a program ends well. */
export const succeeds = (...words) => run(...words).then(() => true, () => false);

/** Asks until the answer is true, and gives it; an error that names `what` after so many seconds. */
export async function until(what, limit_s, ask) {
  const from = Date.now();
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() - from > limit_s * 1000) throw new Error(`${what}: not within ${limit_s} s`);
    await sleep(POLL_MS);
  }
}

/** A program that runs beside the scenario. */
export class Program {
  constructor(log, program, ...words) {
    this.log = log;
    this.name = program;
    const output = openSync(log, 'a');
    this.child = spawn(program, words, {stdio: ['ignore', output, output]});
    this.ended = once(this.child, 'exit').then(([status, signal]) => status ?? signal);
  }

  get pid() {
    return this.child.pid;
  }

  get isRunning() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** What it has printed so far. */
  output() {
    return readFileSync(this.log, 'utf8');
  }

  /** Ends it, with a signal: the status or signal it ended by. */
  async stop(signal = 'SIGTERM') {
    if (!this.isRunning) return this.ended;
    this.child.kill(signal);
    const late = sleep(RUN_MS, null, {ref: false}).then(() => {
      this.child.kill('SIGKILL');
      return `${this.name} did not end by ${signal}`;
    });
    return Promise.race([this.ended, late]);
  }
}

/** Every process below `pid` of that name. One that ends meanwhile has no name and no children. */
export function descendants(pid, name) {
  const told = (file) => {
    try {
      return readFileSync(file, 'utf8').trim();
    } catch {
      return '';
    }
  };
  const children = told(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean);
  return children.flatMap((child) => [
    ...(told(`/proc/${child}/comm`) == name ? [Number(child)] : []),
    ...descendants(child, name),
  ]);
}
