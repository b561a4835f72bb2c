// WPA3: SAE alone, and beside WPA2 as most routers offer it.

import assert from 'node:assert/strict';

export default {
  title: 'WPA3: SAE alone and mixed with WPA2 are joined, a wrong SAE password is `wrong_password`',
  limit_s: 360,
  async run(lab) {
    const home = await lab.network();
    const router = await home.accessPoint({ssid: 'HomeNetwork', password: 'Password2', security: 'wpa3'});
    const device = lab.device({known: [{ssid: 'HomeNetwork', password: 'Password2'}]});
    await device.start();
    await device.untilOnline(home);
    await router.change({security: 'wpa2-wpa3'});
    await device.untilEvent('disconnected', 60);
    await device.untilOnline(home, 90);

    await router.change({ssid: 'Another', security: 'wpa3'});
    // Until its first round is over it is busy.
    await device.untilIn('AP_ACTIVE', 60);
    const verdict = await device.offer('Another', 'Password1');
    assert.match(verdict, /NET_CONNECT_FAILED wrong_password$/);
    assert.match(await device.offer('Another', 'Password2'), /NET:CONNECTED/);
    await device.untilOnline(home);
  },
};
