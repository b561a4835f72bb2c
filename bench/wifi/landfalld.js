// The daemon of this repository.

import {Device} from '../../tests/wifi/lib/device.js';
import {HOME, measure} from './lib/course.js';

export default {
  title: 'landfalld: what every manager here is measured at',
  limit_s: 600,
  run: (lab) => measure(lab, new Landfall(lab)),
};

class Landfall {
  constructor(lab) {
    this.device = new Device(lab, {flags: []});
  }

  /** Starts blank; the portal is up when its access point is on the air. */
  async startBlank() {
    await this.device.start();
    await this.device.untilAccessPoint();
    return this.device.started_ms;
  }

  /** Gives it the credentials, as its portal does. */
  join() {
    return this.device.ask(`NET:SET,${HOME.ssid},${HOME.password}`);
  }

  async restart() {
    await this.device.stop();
    await this.device.start();
    return this.device.started_ms;
  }

  /** `{name: pid}` of itself first, then of what it needs beside it. */
  processes() {
    return [this.device.daemon.pid, ...this.device.children()];
  }
}
