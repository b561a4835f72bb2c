// Five minutes in a bad neighbourhood: routers go and come, keys change, programs die, users mistype.
// What breaks is drawn from the seed (`--seed`); what has to hold is asked for every second.

import assert from 'node:assert/strict';

import {sleep} from '../lib/process.js';

const LASTS_S = 300;
// After so many faults all is mended, and it has to join.
const FAULTS_AT_ONCE = 4;
// The invariants' own times, and what an emulated processor under load may take on top.
const ACCESS_POINT_WITHIN_S = 15 + 5 + 10;
const JOINED_WITHIN_S = 90 + 10;

export default {
  title: 'five minutes of random faults: nothing is lost, the access point comes, it joins again',
  limit_s: 900,
  async run(lab) {
    const world = await World.make(lab);
    const random = generator(lab.order.seed);
    const faults = Object.keys(FAULTS);
    const ends = lab.elapsed_s + LASTS_S;
    while (lab.elapsed_s < ends) {
      for (let count = 0; count < FAULTS_AT_ONCE; count++) {
        const name = faults[Math.floor(random() * faults.length)];
        lab.say(`fault: ${name}`);
        await FAULTS[name](world, random);
        await world.watch(5 + random() * 15);
      }
      await world.mend();
      // I2
      await world.device.untilOnline(world.home, JOINED_WITHIN_S);
      lab.say('mended, and online');
    }
    lab.figure('longest without access point or address', world.longest_s);
  },
};

/** A fault, and nothing that would take longer than itself. */
const FAULTS = {
  'the router vanishes': ({router}) => router.vanish(),
  'the router is back': ({router}) => router.comeBack(),
  'the router restarts': async ({router}) => {
    await router.down();
    await router.up();
  },
  'the router has another key': ({router}) => router.change({password: 'Password9'}),
  'the router has its key again': ({router}) => router.change({password: 'Password2'}),
  'the router changes channel': ({router}, random) => router.change({channel: [1, 6, 11][Math.floor(random() * 3)]}),
  'the signal is weak': ({router}) => router.radio.heardAt(-80),
  'the signal is good': ({router}) => router.radio.heardAt(-50),
  'no DHCP': ({home}) => home.stopDhcp(),
  'DHCP again': ({home}) => home.dnsmasq.isRunning || home.startDhcp(),
  'thrown off': ({router, device}) => router.deauthenticate(device.radio.mac),
  'wpa_supplicant dies': ({device}) => device.killChild('wpa_supplicant'),
  'hostapd dies': ({device}) => device.killChild('hostapd'),
  'a user mistypes': ({device}) => device.console.write('NET:SET,HomeNetwork,Password1\n'),
  'a user asks for another network': ({device}) => device.console.write('NET:SET,Elsewhere,Password1\n'),
  'the daemon is killed': async ({device, reboot}) => {
    await device.cut();
    await reboot();
  },
};

class World {
  longest_s = 0;
  #alone_since;

  static async make(lab) {
    const world = new World();
    world.lab = lab;
    world.home = await lab.network();
    world.router = await world.home.accessPoint({ssid: 'HomeNetwork', password: 'Password2'});
    world.device = lab.device({known: [{ssid: 'HomeNetwork', password: 'Password2'}]});
    world.reboot = () => world.start();
    await world.start();
    await world.device.untilOnline(world.home);
    return world;
  }

  async start() {
    await this.device.start();
    this.#alone_since = this.lab.elapsed_s;
  }

  async mend() {
    this.router.comeBack();
    this.router.radio.heardAt(-50);
    await this.router.change({password: 'Password2'});
    if (!this.home.dnsmasq.isRunning) await this.home.startDhcp();
  }

  async watch(lasts_s) {
    const ends = this.lab.elapsed_s + lasts_s;
    while (this.lab.elapsed_s < ends) {
      await this.check();
      await sleep(1000);
    }
  }

  /** The invariants of the machine, seen from outside. */
  async check() {
    const {device, lab} = this;
    assert.ok(device.daemon.isRunning, 'the daemon runs');
    const known = await device.known();
    assert.ok(known.includes('HomeNetwork'), `I1: the working credentials are kept: ${known}`);
    const {state} = await device.status();
    const accessPoint = await device.accessPoint();
    const isAlone = state != 'CONNECTED' && !accessPoint;
    this.#alone_since = isAlone ? this.#alone_since ?? lab.elapsed_s : undefined;
    const alone_s = isAlone ? lab.elapsed_s - this.#alone_since : 0;
    this.longest_s = Math.max(this.longest_s, alone_s);
    assert.ok(alone_s <= ACCESS_POINT_WITHIN_S, `I3: ${alone_s} s without address and access point`);
    const events = await device.events();
    const up = events.filter(({event}) => event == 'connected').length;
    const down = events.filter(({event}) => event == 'disconnected').length;
    assert.ok(Math.abs(up - down) <= 1, `I5: ${up} connected, ${down} disconnected`);
    assert.ok(!device.leaksSecrets(), 'I7: no secret in the log');
  }
}

/** Numbers of 0..1 from a seed (mulberry32). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
