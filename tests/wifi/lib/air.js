// The air: simulated radios (mac80211_hwsim), who hears whom, and how loud.
//
// `wlan0` is the device's and stays where programs are; the last radio is the phone's; those between
// belong to the neighbourhood, where home routers stand.

import {readFileSync, writeFileSync} from 'node:fs';

import {Program, run, succeeds, until} from './process.js';

/** How loud a radio is heard where nothing else was said. */
const SIGNAL_DBM = -50;
/** What the simulation adds for the power that every radio sends with. */
const POWER_DB = 20;
// Radios hear each other that have a group in common; these are bits.
const IN_REACH = 1;
const AWAY = 2;

// Programs of a scenario that failed in a way that left them.
const LEFT_OVERS = 'landfalld|wpa_supplicant|hostapd|dnsmasq|dhclient|NetworkManager';

/** One radio: the interface that came with it. */
export class Radio {
  constructor(index) {
    this.name = `wlan${index}`;
    this.phy = readFileSync(`/sys/class/net/${this.name}/phy80211/name`, 'utf8').trim();
    this.mac = readFileSync(`/sys/class/net/${this.name}/address`, 'utf8').trim();
  }

  #set(what, value) {
    writeFileSync(`/sys/kernel/debug/ieee80211/${this.phy}/hwsim/${what}`, String(value));
  }

  /** The names of all interfaces that it has in the first namespace. */
  async interfaces() {
    const text = await run('iw', 'dev');
    const own = text.split(/^phy#/m).find((part) => part.startsWith(this.phy.slice(3) + '\n')) ?? '';
    return [...own.matchAll(/^\tInterface (.*)$/gm)].map(([, name]) => name);
  }

  /** How loud others hear it from now on, -80..=-1 dBm. */
  heardAt(dbm) {
    // Kernels before 6.2 read no sign here, but cut the number down to one that has it.
    this.#set('rx_rssi', BigInt.asUintN(64, BigInt(dbm - POWER_DB)));
  }

  /** Takes it out of everybody's reach, without a word. */
  takeAway() {
    this.#set('group', AWAY);
  }

  bringBack() {
    this.#set('group', IN_REACH);
  }
}

/** A network namespace with a mount namespace of its own, held by a process. */
export class Place {
  static async make(name) {
    const place = new Place();
    place.holder = new Program('/dev/null', 'unshare', '--net', '--mount', 'sleep', 'infinity');
    const namespace = () => {
      try {
        return readFileSync(`/proc/${place.holder.pid}/comm`, 'utf8').trim() == 'sleep';
      } catch {
        return false;
      }
    };
    await until(`the namespace ${name}`, 30, namespace);
    await place.run('ip', 'link', 'set', 'lo', 'up');
    return place;
  }

  /** The words that run a command there. */
  words(...command) {
    return ['nsenter', '--target', String(this.holder.pid), '--net', '--mount', '--', ...command];
  }

  run(...command) {
    return run(...this.words(...command));
  }

  start(log, ...command) {
    return new Program(log, ...this.words(...command));
  }

  take(radio) {
    return run('iw', 'phy', radio.phy, 'set', 'netns', String(this.holder.pid));
  }
}

/** All radios, each where it belongs. */
export class Air {
  static async make(radios) {
    const air = new Air();
    air.radios = Array.from({length: radios}, (_, index) => new Radio(index));
    [air.device, ...air.routers] = air.radios;
    air.phone = air.routers.pop();
    air.neighbourhood = await Place.make('neighbourhood');
    for (const radio of air.routers) await air.neighbourhood.take(radio);
    air.pocket = await Place.make('pocket');
    await air.pocket.take(air.phone);
    return air;
  }

  /** As at the start, whatever the last scenario left: nobody runs, and everybody hears everybody. */
  async calm() {
    await succeeds('pkill', '--signal', 'KILL', '--exact', LEFT_OVERS);
    for (const name of await this.device.interfaces()) {
      if (name != this.device.name) await run('iw', 'dev', name, 'del');
    }
    await run('ip', 'addr', 'flush', 'dev', this.device.name);
    for (const radio of this.radios) {
      radio.heardAt(SIGNAL_DBM);
      radio.bringBack();
    }
  }
}
