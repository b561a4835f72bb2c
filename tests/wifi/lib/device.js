// The device under test: `landfalld` on the first radio, with a store, a console and children.

import {mkdirSync, existsSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import net from 'node:net';
import readline from 'node:readline';
import assert from 'node:assert/strict';

import {Program, descendants, run, until} from './process.js';

/** The password of the device's own access point in every scenario. */
export const AP_PASSWORD = 'P@55W0rd';
// From its start to an answering console.
const START_S = 60;
const REPLY_S = 30;

/** `{known, policy, settings}` as a configuration of schema 2. */
function configuration({known = [], policy = 'fallback', settings = {}}) {
  const access_point = {config: {password: AP_PASSWORD}, start_policy: policy};
  return {schema: 2, mode: 'sta_ap', known_networks: known, access_point, ...settings};
}

/** `state=CONNECTED ssid="a b" ip=…` as an object. */
export function fields(text) {
  const pairs = text.matchAll(/(\w+)=("(?:[^"\\]|\\.)*"|\S*)/g);
  return Object.fromEntries([...pairs].map(([, name, value]) => [name, value.replace(/^"|"$/g, '')]));
}

export class Device {
  #lines = [];

  /**
   * Blank but for the configuration, not started yet. `flags` go to the daemon, which logs all it can:
   * what fails is to be understood, and no secret may be in any of it.
   */
  constructor(lab, {flags = ['-vv'], ...config} = {}) {
    this.lab = lab;
    this.radio = lab.air.device;
    this.flags = flags;
    this.home = `/run/device-${lab.name}`;
    this.runtime = `${this.home}/run`;
    this.log = lab.file('landfalld.log');
    rmSync(this.home, {recursive: true, force: true});
    mkdirSync(this.home);
    writeFileSync(`${this.home}/networks.json`, JSON.stringify(configuration(config)));
    lab.after((allWent) => this.#clear(allWent));
  }

  /** Starts the daemon and waits for its console. */
  async start() {
    this.started_ms = Date.now();
    this.daemon = await this.launch();
    await this.reopen();
    return this;
  }

  /** Starts the program alone. */
  async launch() {
    const {home} = this;
    return new Program(
      this.log, this.lab.order.landfalld, '--interface', this.radio.name, '--config', `${home}/networks.json`,
      '--state', `${home}/state`, '--run', this.runtime, '--json', ...this.flags,
    );
  }

  /** Waits for its console, and listens there. */
  reopen() {
    return until('the console answers', START_S, () => {
      assert.ok(this.daemon.isRunning, `the daemon has ended: ${this.daemon.output().trim().split('\n').at(-1)}`);
      return this.#open();
    });
  }

  async #open() {
    const path = `${this.runtime}/console`;
    if (!existsSync(path)) return false;
    const socket = net.connect(path);
    const connected = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (!connected) return false;
    socket.on('error', () => {});
    this.console = socket;
    this.#lines = [];
    readline.createInterface({input: socket}).on('line', (line) => this.#lines.push(line));
    return true;
  }

  /** Everything the console has said since the start. */
  get lines() {
    return this.#lines;
  }

  /** Sends a line, and waits for one that matches: the match. */
  async ask(line, pattern = /^CTRL:(ACK|ERR) .*/, limit_s = REPLY_S) {
    const from = this.#lines.length;
    this.console.write(line + '\n');
    return this.#find(pattern, from, `an answer to ${line.split(',')[0]}`, limit_s);
  }

  /** The first line from that index on which matches. */
  #find(pattern, from, what, limit_s) {
    return until(what, limit_s, () => {
      for (const line of this.#lines.slice(from)) {
        const match = pattern.exec(line);
        if (match) return match;
      }
      return undefined;
    });
  }

  /** Offers it a network as the console does: the line that tells how it went. */
  async offer(ssid, password, limit_s = 60) {
    const from = this.#lines.length;
    const [ack, cid] = await this.ask(`NET:SET,"${ssid}","${password}"`, /^CTRL:(?:ACK|ERR) CID=(\d+).*/);
    assert.match(ack, /connecting=1/);
    const end = new RegExp(`^CTRL:(?:ERR CID=${cid} NET_CONNECT_FAILED .*| NET:CONNECTED CID=${cid} .*)$`);
    return (await this.#find(end, from, 'a verdict', limit_s))[0];
  }

  async status() {
    return fields((await this.ask('NET:STATUS', /^CTRL:ACK .*state=.*/))[0]);
  }

  async #rows(verb) {
    const from = this.#lines.length;
    await this.ask(verb, new RegExp(`^${verb} CID=\\d+ end=`));
    const own = this.#lines.slice(from);
    const first = own.findIndex((line) => line.startsWith(`${verb} CID=`));
    const last = own.findIndex((line) => line.startsWith(`${verb} CID=`) && line.includes(' end='));
    return own.slice(first + 1, last);
  }

  /** `[{seq, ms, event, …}]` since boot, at most the last 64. */
  async events() {
    const rows = await this.#rows('NET:EVENTS');
    return rows.map((row) => ({event: row.split(' ')[2], ...fields(row), ms: Number(fields(row).ms)}));
  }

  /** The SSIDs it knows, in order. */
  async known() {
    return (await this.#rows('NET:KNOWN')).map((row) => fields(row).SSID);
  }

  /** Waits until it is in that state: its status. */
  untilIn(state, limit_s, where = () => true) {
    return until(`state ${state}`, limit_s, async () => {
      const status = await this.status();
      return status.state == state && where(status) ? status : undefined;
    });
  }

  /** Waits until it is connected to that network, and reaches its gateway. */
  async untilOnline(network, limit_s = 60) {
    const status = await this.untilIn('CONNECTED', limit_s, ({ip}) => ip.startsWith(network.prefix));
    await run('ping', '-c', '1', '-W', '5', network.gateway);
    return status;
  }

  /** The first event of that name after a time of its clock. */
  untilEvent(event, limit_s, where = () => true) {
    const found = async () => (await this.events()).find((one) => one.event == event && where(one));
    return until(`event ${event}`, limit_s, found);
  }

  /** Its interfaces that are on the air: `[{name, type, ssid, channel}]`. */
  async interfaces() {
    const text = await run('iw', 'dev');
    const own = text.split(/^phy#/m).find((part) => part.startsWith(this.radio.phy.slice(3) + '\n')) ?? '';
    return own.split(/^\tInterface /m).slice(1).map((part) => ({
      name: part.split('\n')[0],
      type: /type (.*)/.exec(part)?.[1],
      ssid: /ssid (.*)/.exec(part)?.[1],
      channel: Number(/channel (\d+)/.exec(part)?.[1]) || undefined,
    }));
  }

  /** Its access point as the kernel has it, or undefined. */
  async accessPoint() {
    return (await this.interfaces()).find(({type, channel}) => type == 'AP' && channel);
  }

  untilAccessPoint(limit_s = 60) {
    return until('the access point is up', limit_s, () => this.accessPoint());
  }

  /** Kills a program that it started, by name: false where it has none. */
  killChild(name) {
    const [pid] = descendants(this.daemon.pid, name);
    if (pid) process.kill(pid, 'SIGKILL');
    return pid;
  }

  /** The processes that it started for its radio. */
  children() {
    return ['wpa_supplicant', 'hostapd'].flatMap((name) => descendants(this.daemon.pid, name));
  }

  /** Resident memory in MiB: of the daemon, and with all it started. */
  memory() {
    const resident = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
    const alone = resident(this.daemon.pid);
    return {alone, all: this.children().reduce((sum, pid) => sum + resident(pid), alone)};
  }

  /** Ends it as systemd does; it has to leave the radio as it found it. */
  async stop() {
    this.console?.destroy();
    assert.equal(await this.daemon.stop(), 0, 'the daemon ends cleanly');
    assert.deepEqual(await this.radio.interfaces(), [this.radio.name], 'no interface is left behind');
    const addresses = await run('ip', '-4', '-o', 'addr', 'show', 'dev', this.radio.name);
    assert.equal(addresses, '', 'no address is left behind');
  }

  /** Cuts its power: nothing of it gets to tidy up. */
  async cut() {
    this.console?.destroy();
    await this.daemon.stop('SIGKILL');
  }

  async #clear(allWent) {
    if (this.daemon?.isRunning) {
      if (allWent) await this.stop();
      else await this.daemon.stop();
    }
    assert.ok(!this.leaksSecrets(), 'no secret is in the log');
  }

  /** Whether a password stands in its log. */
  leaksSecrets() {
    if (!existsSync(this.log)) return false;
    const {known_networks} = JSON.parse(readFileSync(`${this.home}/networks.json`));
    const secrets = [AP_PASSWORD, ...known_networks.map(({password}) => password).filter(Boolean)];
    const log = readFileSync(this.log, 'utf8');
    return secrets.some((secret) => log.includes(secret));
  }
}
