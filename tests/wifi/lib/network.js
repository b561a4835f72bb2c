// A home network as people have it: a bridge with a DHCP server (dnsmasq), and one access point or
// several (hostapd).

import {writeFileSync} from 'node:fs';

import {until} from './process.js';

const START_S = 30;

const SECURITY = {
  open: () => [],
  wpa2: (password) => ['wpa=2', 'wpa_key_mgmt=WPA-PSK', 'rsn_pairwise=CCMP', `wpa_passphrase=${password}`],
  wpa3: (password) => [
    'wpa=2', 'wpa_key_mgmt=SAE', 'rsn_pairwise=CCMP', `sae_password=${password}`, 'ieee80211w=2', 'sae_require_mfp=1',
  ],
  'wpa2-wpa3': (password) => [
    'wpa=2', 'wpa_key_mgmt=WPA-PSK SAE', 'rsn_pairwise=CCMP', `wpa_passphrase=${password}`, `sae_password=${password}`,
    'ieee80211w=1', 'sae_require_mfp=1',
  ],
};

export class Network {
  static async make(lab, {dhcp = true}) {
    const network = new Network();
    const number = lab.networks++;
    Object.assign(network, {lab, bridge: `lan${number}`, gateway: `10.9.${number}.1`, prefix: `10.9.${number}.`});
    network.place = lab.air.neighbourhood;
    await network.place.run('ip', 'link', 'add', network.bridge, 'type', 'bridge', 'forward_delay', '0');
    await network.place.run('ip', 'addr', 'add', `${network.gateway}/24`, 'dev', network.bridge);
    await network.place.run('ip', 'link', 'set', network.bridge, 'up');
    lab.after(() => network.place.run('ip', 'link', 'delete', network.bridge));
    lab.after(() => network.stopDhcp());
    if (dhcp) await network.startDhcp();
    return network;
  }

  async startDhcp() {
    const {lab, bridge, prefix} = this;
    const log = lab.file(`${bridge}-dnsmasq.log`);
    this.dnsmasq = this.place.start(
      log, 'dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--user=root', '--log-dhcp', '--log-facility=-',
      '--no-resolv', '--no-hosts', `--interface=${bridge}`, '--except-interface=lo', '--bind-interfaces', '--pid-file',
      `--dhcp-range=${prefix}10,${prefix}99,1h`, `--dhcp-leasefile=/run/${bridge}.leases`, '--dhcp-authoritative',
      '--address=/router.home/' + this.gateway,
    );
    await until(`a DHCP server on ${bridge}`, START_S, () => this.dnsmasq.output().includes('DHCP, IP range'));
  }

  async stopDhcp() {
    await this.dnsmasq?.stop();
  }

  /** Puts up an access point of this network on the n-th router's radio. */
  async accessPoint(settings) {
    const accessPoint = new AccessPoint(this, settings);
    await accessPoint.up();
    this.lab.after(() => accessPoint.down());
    return accessPoint;
  }

  /** What a computer at home gets from a URL: `{status, body}`. */
  get(url, ...words) {
    return get(this.place, url, ...words);
  }
}

/** `{status, body, location}` of a URL, asked for in that place. Status 0: no answer. */
export async function get(place, url, ...words) {
  const format = '\n%{http_code} %{redirect_url}';
  const command = ['curl', '--silent', '--max-time', '10', '--write-out', format, ...words, url];
  const text = await place.run(...command).catch(() => '\n0 ');
  const cut = text.lastIndexOf('\n');
  const [status, location] = text.slice(cut + 1).split(' ');
  return {status: Number(status), body: text.slice(0, cut), location};
}

/** `{ssid, password, security = 'wpa2', channel = 6, hidden = false, radio = 0}` on the air. */
export class AccessPoint {
  constructor(network, settings) {
    this.network = network;
    this.settings = {security: 'wpa2', channel: 6, hidden: false, radio: 0, ...settings};
    this.radio = network.lab.air.routers[this.settings.radio];
    this.log = network.lab.file(`${this.radio.name}-hostapd.log`);
  }

  #configuration() {
    const {ssid, password, security, channel, hidden} = this.settings;
    return [
      `interface=${this.radio.name}`, `bridge=${this.network.bridge}`, 'driver=nl80211', `ctrl_interface=/run/hostapd-home`,
      `ssid=${ssid}`, ...(channel > 14 ? ['hw_mode=a', 'country_code=DE'] : ['hw_mode=g']), `channel=${channel}`, `ignore_broadcast_ssid=${hidden ? 1 : 0}`,
      ...SECURITY[security](password),
    ].join('\n') + '\n';
  }

  async up() {
    const file = `/run/${this.radio.name}-hostapd.conf`;
    writeFileSync(file, this.#configuration());
    const before = this.#starts();
    this.hostapd = this.network.place.start(this.log, 'hostapd', '-t', file);
    await until(`access point ${this.settings.ssid}`, START_S, () => this.#starts() > before);
  }

  #starts() {
    return this.hostapd ? this.hostapd.output().split('AP-ENABLED').length : 0;
  }

  /** Says goodbye to everybody and goes. */
  async down() {
    await this.hostapd.stop();
  }

  /** With other settings from now on, as after a visit to its web page. */
  async change(settings) {
    await this.down();
    Object.assign(this.settings, settings);
    await this.up();
  }

  /** Goes and comes without a word, as by its plug or a wall. */
  vanish() {
    this.radio.takeAway();
  }

  comeBack() {
    this.radio.bringBack();
  }

  #ask(...words) {
    return this.network.place.run('hostapd_cli', '-p', '/run/hostapd-home', '-i', this.radio.name, ...words);
  }

  /** Throws a station off. */
  deauthenticate(mac) {
    return this.#ask('deauthenticate', mac);
  }

  /** The addresses of who is joined. */
  async stations() {
    return (await this.#ask('list_sta')).trim().split('\n').filter(Boolean);
  }
}
