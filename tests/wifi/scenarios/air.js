// The lab itself, without a device: what the other scenarios stand on.

import assert from 'node:assert/strict';

export default {
  title: 'the lab: a phone joins a home network, resolves a name and opens a page',
  limit_s: 180,
  async run(lab) {
    const home = await lab.network();
    await home.accessPoint({ssid: 'HomeNetwork', password: 'Password2'});
    const phone = await lab.phone();
    await phone.join('HomeNetwork', 'Password2');
    assert.ok((await phone.address()).startsWith(home.prefix));
    assert.deepEqual(await phone.resolve('router.home'), [home.gateway]);
    lab.figure('phone has its address', lab.elapsed_s);
    const page = await phone.openPage();
    await page.setContent('<h1>Hello</h1>');
    await page.screenshot({path: lab.file('page.png')});
    lab.figure('browser is open', lab.elapsed_s);
  },
};
