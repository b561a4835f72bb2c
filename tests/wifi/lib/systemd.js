// systemd as a board has it, beside the lab: the first process of namespaces of its own, with our units
// and nothing else to start. The network and the radios are the lab's.

import {copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';

import {Program, descendants, run, until} from './process.js';

const SYSTEMD = '/lib/systemd/systemd';
/** Where Debian's units are; of those only the targets, which order ours, are taken. */
const TARGETS = '/lib/systemd/system';
const PACKAGING = 'packaging';
const UNITS = '/run/board-units';
// What is below it, systemd takes for everything there is.
const CGROUP = '/sys/fs/cgroup/board';
const START_S = 90;

// `/sys` is read-only, so that nobody takes it for hardware to be managed.
const BOOT = `
set -e
mkdir -p ${CGROUP}
echo $$ >${CGROUP}/cgroup.procs
exec unshare --cgroup --mount --pid --fork --kill-child --mount-proc sh -ec '
  umount /sys/fs/cgroup
  mount -t cgroup2 none /sys/fs/cgroup
  mount -o remount,bind,ro /sys
  while [ $# -gt 0 ]; do
    touch "$2"
    mount --bind "$1" "$2"
    shift 2
  done
  exec env -i container=lab PATH="$PATH" SYSTEMD_UNIT_PATH=${UNITS} \
    ${SYSTEMD} --system --unit=multi-user.target --log-target=console --show-status=no
' board "$@"`;

/** One service: what `Program` is for a program. */
export class Service {
  constructor(systemd, name, log) {
    Object.assign(this, {systemd, name, log, cgroup: `${CGROUP}/system.slice/${name}.service`});
  }

  async start() {
    await this.systemd.control('start', this.name);
    return this;
  }

  /** Its processes, `[{pid, name}]`, by the numbers that they have in the lab. */
  processes() {
    const pids = readFileSync(`${this.cgroup}/cgroup.procs`, 'utf8').split('\n').filter(Boolean).map(Number);
    return pids.map((pid) => ({pid, name: readFileSync(`/proc/${pid}/comm`, 'utf8').trim()}));
  }

  get pid() {
    return this.processes().find(({name}) => this.name.startsWith(name)).pid;
  }

  get isRunning() {
    try {
      return this.processes().length > 0;
    } catch {
      // Its group goes with it.
      return false;
    }
  }

  output() {
    return readFileSync(this.log, 'utf8');
  }

  /** What systemd knows of it. */
  async property(name) {
    return (await this.systemd.control('show', '--value', '--property', name, this.name)).trim();
  }

  /** Ends it: the status that it ended with. A signal goes to its first process, and systemd may start it again. */
  async stop(signal) {
    if (signal) return process.kill(this.pid, signal);
    await this.systemd.control('stop', this.name);
    return Number(await this.property('ExecMainStatus'));
  }
}

/** systemd, running until the scenario ends. */
export class Systemd {
  /** `programs`: `{'/usr/bin/landfalld': file, …}`, which is what is found there. */
  static async start(lab, programs) {
    const systemd = new Systemd();
    systemd.lab = lab;
    mkdirSync(UNITS, {recursive: true});
    for (const file of readdirSync(TARGETS).filter((file) => file.endsWith('.target'))) {
      copyFileSync(path.join(TARGETS, file), path.join(UNITS, file));
    }
    const binds = Object.entries(programs).flatMap(([place, file]) => [file, place]);
    systemd.program = new Program(lab.file('systemd.log'), 'sh', '-c', BOOT, 'board', ...binds);
    lab.after(() => systemd.program.stop('SIGKILL'));
    const isUp = () => systemd.control('is-active', 'multi-user.target').then(() => true, () => false);
    await until('systemd has started', START_S, isUp);
    return systemd;
  }

  /** What `systemctl` prints. It is heard from a process of its own namespace alone. */
  control(...words) {
    const [pid] = descendants(this.program.pid, 'systemd');
    return run('nsenter', '--target', String(pid ?? 0), '--mount', '--pid', '--', 'systemctl', ...words);
  }

  /** The service of `packaging`, with those words in its file of `/etc/default`; not started yet. */
  async service(name, variable, words) {
    const log = this.lab.file(`${name}.log`);
    writeFileSync(log, '');
    writeFileSync(`/etc/default/${name}`, `${variable}="${words.join(' ')}"\n`);
    copyFileSync(`${PACKAGING}/${name}.service`, `${UNITS}/${name}.service`);
    // As the journal would have it, which does not run here.
    mkdirSync(`${UNITS}/${name}.service.d`, {recursive: true});
    const drop_in = `[Service]\nStandardOutput=append:${log}\nStandardError=append:${log}\n`;
    writeFileSync(`${UNITS}/${name}.service.d/log.conf`, drop_in);
    await this.control('daemon-reload');
    return new Service(this, name, log);
  }
}
