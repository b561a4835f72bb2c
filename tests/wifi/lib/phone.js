// A phone: its own radio in its own pocket, stock wpa_supplicant, DHCP client (dhclient), resolver
// (glibc's) and browser (Chromium).

import {chmodSync, existsSync, writeFileSync} from 'node:fs';

import {get} from './network.js';
import {until} from './process.js';

const JOIN_S = 60;
// 20 s on a calm machine; it is a large program for an emulated processor.
const BROWSER_MS = 400_000;
const PAGE_MS = 180_000;
const CONTROL = '/run/phone-wpa';
const BROWSER_FLAGS = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-features=DnsOverHttps,AsyncDns,HttpsUpgrades',
];

export class Phone {
  joins = 0;

  static async make(lab) {
    const phone = new Phone();
    Object.assign(phone, {lab, place: lab.air.pocket, radio: lab.air.phone, interface: lab.air.phone.name});
    lab.after(() => phone.leave());
    return phone;
  }

  /** Joins a network, and waits for its address; with no password an open one. */
  async join(ssid, password) {
    await this.associate(ssid, password);
    await this.askForAddress();
  }

  async associate(ssid, password) {
    const key = password ? `psk="${password}"` : 'key_mgmt=NONE';
    writeFileSync('/run/phone.conf', `ctrl_interface=${CONTROL}\nnetwork={\nssid="${ssid}"\nscan_ssid=1\n${key}\n}\n`);
    this.supplicant = this.place.start(
      this.lab.file('phone-wpa.log'), 'wpa_supplicant', '-t', '-i', this.interface, '-D', 'nl80211', '-c', '/run/phone.conf',
    );
    await until(`the phone joins ${ssid}`, JOIN_S, () => this.isJoined());
  }

  async askForAddress() {
    // In the foreground and all its life, as a phone's.
    const words = ['dhclient', '-d', '-1', '-pf', '/run/phone-dhclient.pid', '-lf', '/run/phone.leases', this.interface];
    writeFileSync('/run/phone.leases', '');
    const log = this.lab.file(`phone-dhclient-${this.joins++}.log`);
    this.dhclient = this.place.start(log, ...words);
    // It says so when its script has set the resolver too.
    await until('the phone has an address', JOIN_S, () => this.dhclient.output().includes('bound to'));
  }

  async isJoined() {
    if (!existsSync(`${CONTROL}/${this.interface}`)) return false;
    const status = await this.place.run('wpa_cli', '-p', CONTROL, '-i', this.interface, 'status').catch(() => '');
    return status.includes('wpa_state=COMPLETED');
  }

  /** Its address, or undefined. */
  async address() {
    const text = await this.place.run('ip', '-4', '-o', 'addr', 'show', 'dev', this.interface);
    return /inet ([\d.]+)\//.exec(text)?.[1];
  }

  async leave() {
    await this.browser?.close();
    await this.dhclient?.stop();
    await this.supplicant?.stop();
    await this.place.run('ip', 'addr', 'flush', 'dev', this.interface);
    this.browser = this.dhclient = this.supplicant = undefined;
  }

  /** What it gets from a URL: `{status, body, location}`. */
  get(url, ...words) {
    return get(this.place, url, ...words);
  }

  /** Posts JSON to a URL: `{status, body}`. */
  post(url, value) {
    return this.get(url, '--header', 'Content-Type: application/json', '--data', JSON.stringify(value));
  }

  /** The IPv4 addresses that its resolver finds for a name. */
  async resolve(name) {
    const text = await this.place.run('getent', 'ahostsv4', name);
    return [...new Set(text.split('\n').filter(Boolean).map((line) => line.split(' ')[0]))];
  }

  /** A page of its browser, of a phone's size. */
  async openPage() {
    if (!this.browser) {
      const script = '/run/phone-chromium';
      const words = this.place.words('chromium').map((word) => `'${word}'`);
      writeFileSync(script, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`);
      chmodSync(script, 0o755);
      const options = {executablePath: script, args: BROWSER_FLAGS, timeout: BROWSER_MS};
      // Only what opens a page has to wait for it.
      const {chromium} = await import('playwright-core');
      this.browser = await chromium.launch(options);
    }
    const context = await this.browser.newContext({viewport: {width: 390, height: 844}});
    context.setDefaultTimeout(PAGE_MS);
    return context.newPage();
  }
}
