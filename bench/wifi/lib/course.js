// The course that every manager runs, on the same air: from blank to online, a start with a known
// network, a router that goes and comes, and a minute of nothing.

import {readFileSync, readdirSync} from 'node:fs';

import {run, sleep, until} from '../../../tests/wifi/lib/process.js';

/** The home network. */
export const HOME = {ssid: 'HomeNetwork', password: 'Password2'};
// Longer than anyone's patience: what comes later is told as a failure.
export const PATIENCE_S = 180;
// Long enough for every manager to see that the router is gone, and to have tried some times.
const AWAY_MS = 30_000;
const IDLE_S = 60;
const CLOCK_TICKS = 100;

/** Runs the course: figures of the same names for every manager. */
export async function measure(lab, manager) {
  const home = await lab.network();
  const router = await home.accessPoint(HOME);
  const since = (from) => (Date.now() - from) / 1000;

  const blank = await manager.startBlank();
  lab.figure('boot to access point', since(blank));
  const submitted = Date.now();
  await manager.join();
  await online(lab, home);
  lab.figure('submit to online', since(submitted));

  const restarted = await manager.restart();
  await online(lab, home);
  lab.figure('start to address', since(restarted));

  router.vanish();
  await sleep(AWAY_MS);
  router.comeBack();
  const back = Date.now();
  await online(lab, home);
  lab.figure('router back to online', since(back));

  const [own, ...others] = manager.processes();
  lab.figure('resident', resident(own), 'MiB');
  lab.figure('resident with what it needs', [own, ...others].reduce((sum, pid) => sum + resident(pid), 0), 'MiB');
  const [time, woken] = [processorTime(own), wakeUps(own)];
  await sleep(IDLE_S * 1000);
  lab.figure('idle', (processorTime(own) - time) / IDLE_S * 100, '% CPU');
  lab.figure('woken when idle', (wakeUps(own) - woken) / IDLE_S, 'times a second');
}

/** Waits until the device has an address of that network and reaches its router. */
async function online(lab, home) {
  const reaches = async () => {
    const text = await run('ip', '-4', '-o', 'addr', 'show', 'dev', lab.air.device.name);
    if (!text.includes(`inet ${home.prefix}`)) return false;
    return run('ping', '-c', '1', '-W', '1', home.gateway).then(() => true, () => false);
  };
  await until('online', PATIENCE_S, reaches);
}

/** MiB of it that are in memory. */
function resident(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

/** Seconds of a processor that it has taken so far. */
function processorTime(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(stat[11]) + Number(stat[12])) / CLOCK_TICKS;
}

/** How often its threads have waited for something so far: what no emulation makes more or less. */
function wakeUps(pid) {
  const waits = (thread) => {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)[1]);
  };
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => sum + waits(thread), 0);
}

/** Waits until one of the device's interfaces is an access point on the air. */
export function accessPoint(lab) {
  const isUp = async () => {
    const text = await run('iw', 'dev', lab.air.device.name, 'info').catch(() => '');
    return /type AP/.test(text) && /channel/.test(text);
  };
  return until('an access point', PATIENCE_S, isUp);
}
