#!/bin/busybox sh
# The machine's first program. It loads the modules, lays memory over the host's files, and hands
# over to `tests/wifi/machine.sh` on top of that. The machine goes off when that ends.
B=/bin/busybox

give_up() {
  echo "lab: $*" >/dev/ttyS0
  $B poweroff -f
}

$B mount -t proc none /proc
$B mount -t sysfs none /sys
$B mount -t devtmpfs none /dev

radios=$($B sed -n 's/.*lab\.radios=\([0-9]*\).*/\1/p' /proc/cmdline)
for module in $($B cat /modules/order); do
  options=
  if [ "$module" = mac80211_hwsim.ko ]; then options=radios=$radios; fi
  $B insmod "/modules/$module" $options || echo "lab: $module was not loaded" >/dev/ttyS0
done

# The host's files do not change while we look.
$B mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,msize=262144 host /host ||
  give_up "the host's files are not there"
$B mount -t tmpfs -o size=80% none /rw
$B mkdir /rw/upper /rw/work
$B mount -t overlay -o lowerdir=/host,upperdir=/rw/upper,workdir=/rw/work none /new ||
  give_up "the host's files cannot be covered"
for folder in proc sys dev; do $B mount --move /$folder /new/$folder; done
$B mount -t tmpfs none /new/run
$B mkdir /new/run/lab
$B mount -t 9p -o trans=virtio,version=9p2000.L,cache=none,msize=262144 lab /new/run/lab ||
  give_up "the lab's folder is not there"

# Not by chroot: who enters a namespace of a program would then find itself in this archive.
exec $B switch_root /new /bin/sh /run/lab/start
