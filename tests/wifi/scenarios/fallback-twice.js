// What many boards do once a boot, and never again.

import assert from 'node:assert/strict';

import {until} from '../lib/process.js';

export default {
  title: 'the fallback access point comes up and goes down twice in one boot, and works both times',
  quick: true,
  limit_s: 420,
  async run(lab) {
    const home = await lab.network();
    const router = await home.accessPoint({ssid: 'HomeNetwork', password: 'Password2', channel: 6});
    const device = lab.device({known: [{ssid: 'HomeNetwork', password: 'Password2'}]});
    await device.start();
    await device.untilOnline(home);
    for (const time of ['first', 'second']) {
      await router.down();
      await device.untilAccessPoint(60);
      const {ap_ssid} = await device.untilIn('AP_ACTIVE', 10);
      lab.say(`${time} time up`);
      const phone = await lab.phone();
      await phone.associate(ap_ssid, 'P@55W0rd');
      await phone.leave();
      await router.up();
      await device.untilOnline(home, 90);
      const isDown = async () => await device.accessPoint() === undefined;
      await until(`the access point goes, the ${time} time`, 30, isDown);
    }
    const starts = (await device.events()).filter(({event}) => event == 'AP_START');
    assert.equal(starts.length, 2);
  },
};
