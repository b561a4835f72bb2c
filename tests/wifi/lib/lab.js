// What a scenario is given: the things of its world, each gone when it ends, and a place for what it
// measured.

import {mkdirSync} from 'node:fs';
import path from 'node:path';

import {Device} from './device.js';
import {Network} from './network.js';
import {Phone} from './phone.js';
import {seconds, sleep} from './process.js';

const OUT = '/run/lab/out';

export class Lab {
  #ends = [];
  #from = Date.now();

  constructor(name, air, order) {
    this.name = name;
    this.air = air;
    this.order = order;
    this.figures = [];
    this.networks = 0;
    this.folder = path.join(OUT, name);
    mkdirSync(this.folder, {recursive: true});
  }

  /** Plays it and clears up: its outcome. */
  async play({run, limit_s}) {
    await this.air.calm();
    const late = sleep(limit_s * 1000).then(() => { throw new Error(`not done within ${limit_s} s`); });
    let why = '';
    try {
      await Promise.race([run(this), late]);
    } catch (error) {
      why = String(error.message ?? error).split('\n')[0];
      this.say(error.stack ?? why);
    }
    // The last made goes first. What does not end well fails a scenario that passed so far.
    for (const end of this.#ends.reverse()) {
      await end(why == '').catch((error) => {
        this.say(`at the end: ${error.stack}`);
        why ||= `at the end: ${error.message}`;
      });
    }
    return {scenario: this.name, passed: why == '', why, seconds: this.elapsed_s, figures: this.figures};
  }

  /** Does this when the scenario ends; it is told whether all went well. */
  after(end) {
    this.#ends.push(end);
  }

  get elapsed_s() {
    return (Date.now() - this.#from) / 1000;
  }

  say(text) {
    console.log(`[${seconds(this.elapsed_s)}] ${text}`);
  }

  /** Keeps a value that was measured, for the table. */
  figure(name, value, unit = 's') {
    this.figures.push([name, value, unit]);
    this.say(`${name}: ${value.toFixed(1)} ${unit}`);
  }

  /** A file of this scenario that is kept: a log, a screenshot. */
  file(name) {
    return path.join(this.folder, name);
  }

  /** A home network, with DHCP unless `{dhcp: false}`; its access points come by `accessPoint`. */
  network(options = {}) {
    return Network.make(this, options);
  }

  /** The device, with that configuration in a blank store; see [`Device`]. */
  device(options) {
    return new Device(this, options);
  }

  phone() {
    return Phone.make(this);
  }
}
