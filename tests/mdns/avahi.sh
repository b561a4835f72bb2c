#!/usr/bin/env bash
# What Avahi sees of a device: `tests/mdns/avahi.sh RESPONDER`, the program of the example `mdns`.
#
# Two networks of our own with a cable between them: at one end the responder, at the other
# Avahi with a message bus of its own. Prints `mdns NAME ok`, `failed`, or, where no network can be
# made, `skipped`.
set -u

responder=$1
host=landfall-56789a
device=10.77.0.2
home=10.77.0.1
# Bounds of what is waited for, in tenths of a second.
patience=300

if [[ ${IN_A_NETWORK_OF_ITS_OWN-} != yes ]]; then
  if ! unshare --net --mount true 2>/dev/null; then
    echo "mdns avahi skipped: this machine lets nobody make networks"
    exit 0
  fi
  exec env IN_A_NETWORK_OF_ITS_OWN=yes unshare --net --mount "$0" "$@"
fi

folder=$(mktemp -d)
started=()
cleanup() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null; done
  wait 2>/dev/null
  rm -rf "$folder"
}
trap cleanup EXIT

# `until_so COMMAND…`: waits until it succeeds.
until_so() {
  local i
  for ((i = 0; i < patience; i++)); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.1
  done
  return 1
}

# `check NAME COMMAND…`
check() {
  if until_so "${@:2}"; then
    echo "mdns $1 ok"
  else
    echo "mdns $1 failed"
    "${@:2}"
    browse
  fi
}

# The responder's network, its address once there is one, and its end of input to stop it by.
mkfifo "$folder/input"
unshare --net sh -c "
  until ip -4 address show dev device 2>/dev/null | grep -q $device; do sleep 0.1; done
  exec '$responder' $device/24 $host" <"$folder/input" >"$folder/responder.log" 2>&1 &
there=$!
started+=("$there")
exec 3>"$folder/input"

# The cable.
has_left() { [[ $(readlink "/proc/$there/ns/net") != $(readlink /proc/self/ns/net) ]]; }
until_so has_left
if ! ip link add home type veth peer name device netns "$there"; then
  echo "mdns avahi skipped: this machine has no virtual cables"
  exit 0
fi
ip link set lo up
ip address add "$home/24" dev home
ip link set home up
nsenter --target "$there" --net sh -c "
  ip link set lo up
  ip link set device up
  ip address add $device/24 dev device"

# Avahi, which keeps its files where no other can be in the way.
mount -t tmpfs none /run
mkdir /run/avahi-daemon
cat >"$folder/bus.conf" <<EOF
<busconfig>
  <type>system</type>
  <listen>unix:path=$folder/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/><allow user="*"/>
  </policy>
</busconfig>
EOF
dbus-daemon --config-file="$folder/bus.conf" --nofork --nopidfile 2>/dev/null 3>&- &
started+=($!)
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=$folder/bus
until_so test -S "$folder/bus"
cat >"$folder/avahi.conf" <<EOF
[server]
host-name=laptop
use-ipv6=no
allow-interfaces=home
[rlimits]
EOF
avahi-daemon --file "$folder/avahi.conf" --no-drop-root --no-chroot --no-rlimits \
  >"$folder/avahi.log" 2>&1 3>&- &
started+=($!)

browse() { timeout 20 avahi-browse --no-db-lookup --parsable --terminate --resolve _http._tcp; }
lists_portal() {
  browse | grep -q "^=;home;IPv4;$host;_http._tcp;local;$host.local;$device;80;\"path=/\"$"
}
lists_kind() { timeout 20 avahi-browse --no-db-lookup --parsable --terminate --all | grep -q ";$host;_http._tcp;"; }
has_name() { [[ $(timeout 20 avahi-resolve -4 --name "$host.local") == *"$device" ]]; }
has_no_other() { ! timeout 20 avahi-resolve -6 --name "$host.local" 2>/dev/null | grep -q .; }
is_gone() { ! browse | grep -q ";$host;"; }
has_ended() { grep -q "^gone$" "$folder/responder.log"; }

check name has_name
check portal lists_portal
check kind lists_kind
check no-ipv6 has_no_other
exec 3>&-
check end has_ended
check goodbye is_gone
