// A home network in the band of 5 GHz, where the radio has it.

import assert from 'node:assert/strict';

const HOME = {ssid: 'HomeNetwork', password: 'Password2'};
const CHANNEL = 36;

export default {
  title: 'a network of 5 GHz: onboarded from the access point of 2.4 GHz, and joined at boot',
  limit_s: 300,
  async run(lab) {
    const home = await lab.network();
    await home.accessPoint({...HOME, channel: CHANNEL});
    const device = lab.device({settings: {radio: {country: 'DE'}}});
    await device.start();
    assert.ok((await device.untilAccessPoint()).channel <= 14);
    assert.match(await device.offer(HOME.ssid, HOME.password), /NET:CONNECTED/);
    await device.untilOnline(home);
    assert.equal(await channel(device), CHANNEL);

    await device.stop();
    await device.start();
    await device.untilOnline(home);
    const events = await device.events();
    lab.figure('boot to address', events.find(({event}) => event == 'STA_GOT_IP').ms / 1000);
    assert.ok(events.every(({event}) => event != 'AP_START'));
    assert.equal(await channel(device), CHANNEL);
  },
};

/** The channel of the network that it joined last. */
async function channel(device) {
  return Number((await device.events()).findLast(({event}) => event == 'STA_CONNECTED').channel);
}
