// NetworkManager with a saved hotspot: the way many boards are set up today.
//
// It is run as its units do, without systemd and udev. It takes interfaces that udev has not seen
// for unmanaged, unless `/sys` is read-only, as in a container.

import {writeFileSync, mkdirSync} from 'node:fs';
import assert from 'node:assert/strict';

import {Program, run, until} from '../../tests/wifi/lib/process.js';
import {HOME, PATIENCE_S, accessPoint, measure} from './lib/course.js';
import {unpackPeers} from './lib/peers.js';

const START_S = 60;
const HOTSPOT = `[connection]
id=hotspot
type=wifi
autoconnect-priority=-10

[wifi]
mode=ap
ssid=Hotspot
band=bg
channel=1

[wifi-security]
key-mgmt=wpa-psk
psk=Password1

[ipv4]
method=shared
`;

export default {
  title: 'NetworkManager: autoconnect and hotspot, on the same course',
  limit_s: 900,
  async run(lab) {
    await measure(lab, new NetworkManager(lab));
    await isRespected(lab);
  },
};

/** Where it manages the interface, our daemon refuses, and says how to release it. */
async function isRespected(lab) {
  const words = ['--interface', lab.air.device.name, '--state', '/run/refused/state', '--run', '/run/refused/run'];
  const said = await run(lab.order.landfalld, ...words).then(() => 'nothing', (error) => error.message);
  assert.match(said, /managed by NetworkManager.*unmanaged-devices=/);
  lab.say(said);
}

class NetworkManager {
  constructor(lab) {
    this.lab = lab;
  }

  async startBlank() {
    const {lab} = this;
    await unpackPeers();
    await run('mount', '-o', 'remount,ro', '/sys');
    lab.after(() => run('mount', '-o', 'remount,rw', '/sys'));
    mkdirSync('/run/dbus', {recursive: true});
    this.bus = new Program(lab.file('dbus.log'), 'dbus-daemon', '--system', '--nofork', '--nopidfile');
    await until('the message bus', START_S, () => run('dbus-send', '--system', '--dest=org.freedesktop.DBus',
      '/', 'org.freedesktop.DBus.GetId').then(() => true, () => false));
    this.supplicant = new Program(lab.file('wpa.log'), 'wpa_supplicant', '-u', '-s');
    lab.after(async () => {
      await this.manager?.stop();
      await this.supplicant.stop();
      await this.bus.stop();
    });
    const file = '/etc/NetworkManager/system-connections/hotspot.nmconnection';
    mkdirSync('/etc/NetworkManager/system-connections', {recursive: true});
    writeFileSync(file, HOTSPOT, {mode: 0o600});
    const started = await this.#start();
    await accessPoint(lab);
    return started;
  }

  async #start() {
    const started = Date.now();
    this.manager = new Program(this.lab.file('nm.log'), 'NetworkManager', '--debug', '--log-level=INFO');
    return started;
  }

  /**
   * As a person would: once more where it says that the password was wrong, which it says of a
   * handshake that was only slow, too.
   */
  join() {
    const connect = () => run('nmcli', 'device', 'wifi', 'connect', HOME.ssid, 'password', HOME.password);
    return until('nmcli connects', PATIENCE_S, () => connect().then(() => true, (error) => this.lab.say(error.message)));
  }

  /** With the hotspot no longer by itself: it would hold the radio for ever once the router is away. */
  async restart() {
    await run('nmcli', 'connection', 'modify', 'hotspot', 'autoconnect', 'no');
    await this.manager.stop();
    await run('ip', 'addr', 'flush', 'dev', this.lab.air.device.name);
    return this.#start();
  }

  processes() {
    return [this.manager.pid, this.supplicant.pid, this.bus.pid];
  }
}
