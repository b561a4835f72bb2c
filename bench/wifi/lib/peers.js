// Other managers, unpacked into the throw-away machine: they are never installed on the host, where
// they would take its network over.

import {readdirSync} from 'node:fs';

import {run} from '../../../tests/wifi/lib/process.js';

const PACKAGES = '/run/lab/packages';
let done;

/** Unpacks what `cargo xtask wifi-lab --bench` fetched, once a boot. */
export function unpackPeers() {
  done ??= unpack();
  return done;
}

async function unpack() {
  for (const name of readdirSync(PACKAGES).filter((file) => file.endsWith('.deb'))) {
    // Debian's own tool would put folders where the root has links.
    await run('sh', '-c', `dpkg-deb --fsys-tarfile "$1" | tar -x -C / --keep-directory-symlink`, 'unpack', `${PACKAGES}/${name}`);
  }
}
