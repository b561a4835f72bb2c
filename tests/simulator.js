// A simulated device on its own air: what the tests of the folders beside this start from.
// LANDFALL_BIN names the program (default: target/release/landfall).

import {execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import {setTimeout as sleep} from 'node:timers/promises';
import {promisify} from 'node:util';
import assert from 'node:assert/strict';

const PROGRAM = process.env.LANDFALL_BIN
  ?? new URL('../target/release/landfall', import.meta.url).pathname;
// Device timers run this much faster than the clock, so that a proof of 20 s does not take 20 s.
const SPEED = 10;
// How long a device may take from its start to its access point: a scan, at that speed.
const START_MS = 10_000;

/** Access points of a test: `{ssid or ssid_hex, password, rssi, ...}` with the keys of the air file. */
export const HOME = {ssid: 'HomeNetwork', password: 'Password2', rssi: -48};
export const CAFE = {ssid: 'CafeFree', rssi: -66};

const toToml = (value) => typeof value == 'string' ? JSON.stringify(value) : String(value);

function airFile(accessPoints) {
  const tables = accessPoints.map((accessPoint, index) => {
    const bssid = '02:00:00:00:00:' + (index + 1).toString(16).padStart(2, '0');
    const keys = Object.entries({bssid, ...accessPoint}).map(([key, value]) => `${key} = ${toToml(value)}`);
    return ['[[ap]]', ...keys].join('\n');
  });
  return [`seed = 1\nspeed = ${SPEED}.0\nscan_ms = 1000`, ...tables].join('\n\n') + '\n';
}

/**
 * Starts a device among `accessPoints`, blank or with that configuration: its doors, as
 * `landfall sim --json` prints them, and `air(...words)`, which changes its world. It ends with the
 * test.
 */
export async function startDevice(test, accessPoints, config) {
  const folder = await mkdtemp(path.join(tmpdir(), 'landfall-test-'));
  const file = path.join(folder, 'air.toml');
  await writeFile(file, airFile(accessPoints));
  const words = ['sim', '--air', file, '--data', path.join(folder, 'data'), '--json'];
  if (config) {
    const given = path.join(folder, 'config.json');
    await writeFile(given, JSON.stringify(config));
    words.push('--config', given);
  }
  const {air, devices: [device]} = await start(test, words, folder);
  await accessPointOf(device);
  return {...device, air: (...words) => promisify(execFile)(PROGRAM, ['air', air, ...words])};
}

/**
 * Starts the demo with so many devices: the server, and every device's doors, as `landfall demo
 * --json` prints them.
 */
export async function startDemo(test, devices) {
  const folder = await mkdtemp(path.join(tmpdir(), 'landfall-test-'));
  return start(test, ['demo', '--devices', String(devices), '--data', folder, '--json'], folder);
}

/** Starts the program, which ends with the test and takes its folder along: its ready line. */
async function start(test, words, folder) {
  const program = spawn(PROGRAM, words, {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(program, 'exit');
  test.after(async () => {
    program.kill('SIGTERM');
    const [status] = await ended;
    await rm(folder, {recursive: true, force: true});
    assert.equal(status, 0, 'the simulator ends cleanly');
  });
  const lines = readline.createInterface({input: program.stdout});
  const [ready] = await Promise.race([
    once(lines, 'line'),
    ended.then(([status]) => assert.fail(`the simulator ended with ${status} before it was ready`)),
  ]);
  return JSON.parse(ready);
}

/** Waits for the access point of a device: until then its door refuses. */
async function accessPointOf({ap_url}) {
  const ends = Date.now() + START_MS;
  while (!await fetch(ap_url + '/api/status').then(({ok}) => ok, () => false)) {
    assert.ok(Date.now() < ends, 'the access point is up in time');
    await sleep(20);
  }
}
