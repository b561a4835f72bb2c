# Inside of the machine, as its first program: makes a usual Linux of it, plays the scenarios, and
# goes off. `cargo xtask wifi-lab` starts it; what is printed by the scenarios goes to its lines.
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin" HOME=/root LANG=C.UTF-8

mkdir -p /dev/pts /dev/shm /run/netns /run/lock
mount -t devpts none /dev/pts
mount -t tmpfs none /dev/shm
mount -t debugfs none /sys/kernel/debug
mount -t cgroup2 none /sys/fs/cgroup
[ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
# A program that is refused its room in the host's /var/run would look for the host's daemons.
[ -L /var/run ] || { rm -rf /var/run && ln -s /run /var/run; }
hostname wifi-lab
ip link set lo up
# The countries' rules were asked for before their file was there.
iw reg reload

node tests/wifi/run.js /run/lab/order.json >"$(echo /dev/vport*p1)" 2>&1 </dev/null
touch /run/lab/done
sync
busybox poweroff -f
