// The units as the packages bring them, started by systemd: what they take away, the programs must not miss.

import {readFileSync} from 'node:fs';
import assert from 'node:assert/strict';

import {AP_PASSWORD, Device} from '../lib/device.js';
import {get} from '../lib/network.js';
import {run, succeeds, until} from '../lib/process.js';
import {Systemd} from '../lib/systemd.js';

const KNOWN = [{ssid: 'HomeNetwork', password: 'Password2'}];
/** CAP_NET_BIND_SERVICE, CAP_NET_ADMIN and CAP_NET_RAW of linux/capability.h. */
const CAPABILITIES = (1n << 10n) | (1n << 12n) | (1n << 13n);
const SECCOMP_FILTER = '2';

export default {
  title: 'started by its unit of systemd: three capabilities, both sides, back after `kill -9`; the server by its own',
  limit_s: 600,
  async run(lab) {
    const {landfalld, landfall} = lab.order;
    const systemd = await Systemd.start(lab, {'/usr/bin/landfalld': landfalld, '/usr/bin/landfall': landfall});
    const home = await lab.network();
    await home.accessPoint({ssid: 'HomeNetwork', password: 'Password2'});
    const device = new UnitDevice(lab, systemd, {known: KNOWN, policy: 'always'});
    await device.start();
    await device.untilOnline(home, 90);
    const {ap_ssid} = await device.status();
    await device.untilAccessPoint();
    await isConfined(device.daemon, ['landfalld', 'wpa_supplicant', 'hostapd']);
    await talks(landfall);

    const phone = await lab.phone();
    await phone.join(ap_ssid, AP_PASSWORD);
    assert.equal((await phone.get('http://192.168.4.1/api/status')).status, 200);
    await phone.leave();

    await device.daemon.stop('SIGKILL');
    await until('systemd starts it again', 60, async () => await device.daemon.property('NRestarts') == '1');
    await device.reopen();
    await device.untilOnline(home, 90);
    await device.stop();
    assert.equal(await device.daemon.property('Result'), 'success');

    await serves(systemd);
  },
};

/** The daemon by its unit: everything where the unit has it. */
class UnitDevice extends Device {
  constructor(lab, systemd, options) {
    super(lab, {flags: ['-vv'], ...options});
    this.systemd = systemd;
    this.runtime = '/run/landfall';
  }

  async launch() {
    const words = ['--interface', this.radio.name, '--config', `${this.home}/networks.json`, ...this.flags];
    const service = await this.systemd.service('landfalld', 'LANDFALLD_OPTIONS', words);
    return service.start();
  }
}

/** Every process of it may do what the unit says, and nothing more. */
async function isConfined(service, names) {
  const processes = service.processes();
  assert.deepEqual(processes.map(({name}) => name).sort(), [...names].sort());
  for (const {pid, name} of processes) {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const field = (key) => new RegExp(`^${key}:\\s+(\\S+)`, 'm').exec(status)[1];
    for (const set of ['CapEff', 'CapPrm', 'CapBnd']) {
      assert.equal(BigInt(`0x${field(set)}`), CAPABILITIES, `${set} of ${name}`);
    }
    assert.equal(field('CapAmb'), '0000000000000000');
    assert.equal(field('NoNewPrivs'), '1');
    assert.equal(field('Seccomp'), SECCOMP_FILTER);
    const within = ['nsenter', '--target', String(pid), '--mount', '--'];
    assert.ok(!await succeeds(...within, 'touch', '/etc/landfall-was-here'), 'the system is read-only');
    assert.ok(await succeeds(...within, 'touch', '/var/lib/landfall/was-here'), 'its own folder is not');
  }
  await run('rm', '/var/lib/landfall/was-here');
}

/** What somebody types who sits at the board. */
async function talks(landfall) {
  const type = (...lines) => run('sh', '-c', `printf '%s\\n' "$@" | "$0" console /run/landfall/console`, landfall, ...lines);
  assert.match(await type('NET:STATUS', 'NET:KNOWN'), /state=CONNECTED[^]*SSID="HomeNetwork"/);
  await assert.rejects(type('NET:FOO'), /E01 BAD_CMD/);
}

/** The fleet server under its own unit, which may do nothing at all. */
async function serves(systemd) {
  const server = await systemd.service('landfall-server', 'LANDFALL_SERVE', []);
  await server.start();
  const here = {run};
  await until('the server is ready', 60, async () => (await get(here, 'http://127.0.0.1:8000/readyz')).status == 200);
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  assert.match(status, /^CapBnd:\s+0{16}$/m);
  assert.match(status, /^Uid:\s+(?!0\s)/m, 'it is not root');
  assert.equal(await server.stop(), 0, server.output());
}
