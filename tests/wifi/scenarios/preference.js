// Two known networks are in the air, and the one that is liked less is the louder one.

export default {
  title: 'prefers the network that stands first, though the other is louder',
  limit_s: 180,
  async run(lab) {
    const first = await lab.network();
    const second = await lab.network();
    await first.accessPoint({ssid: 'First', password: 'Password2', radio: 0, channel: 6});
    await second.accessPoint({ssid: 'Second', password: 'Password3', radio: 1, channel: 1});
    lab.air.routers[0].heardAt(-72);
    lab.air.routers[1].heardAt(-40);
    const device = lab.device({known: [
      {ssid: 'First', password: 'Password2'},
      {ssid: 'Second', password: 'Password3'},
    ]});
    await device.start();
    await device.untilOnline(first);
    // It goes; the other one is there.
    lab.air.routers[0].takeAway();
    const from = Date.now();
    await device.untilOnline(second, 120);
    lab.figure('other network after a loss', (Date.now() - from) / 1000);
  },
};
