//! A whole device: the runtime with all its doors, as a chip's firmware has them, on two network
//! cards, a serial port, a disk for flash and a virtual air.
#![no_std]
#![no_main]

extern crate alloc;

mod doors;

use alloc::format;

use embassy_executor::{Executor, Spawner};
use embassy_net::{Runner, Stack, StackResources};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_time::{Duration, Timer};
use landfall_core::command::Door;
use landfall_core::config::{Config, Defaults, Secret, Warning};
use landfall_core::net::Mac;
use landfall_device::runtime::{Builder, Clock, FlashStorage, Restart, Shared, Wifi};
use landfall_device::store::{Condition, SECTORS_MIN, Store};
use landfall_embassy::EmbassyClock;
use landfall_embassy::doors::Sides;
use landfall_sim::air::file::AirFile;
use landfall_virt::machine::disk::Disk;
use landfall_virt::machine::nic::Nic;
use landfall_virt::machine::{self, power, uart, virtio};
use landfall_virt::radio::VirtualAir;
use riscv_rt::entry;
use semihosting::fs;
use semihosting::io::Write;
use static_cell::StaticCell;

/// The air, made once for all runs.
const AIR: &str = include_str!("../../../air.toml");
/// Bytes of the partition that holds the configuration.
const PARTITION_LEN: u32 = SECTORS_MIN * 4096;
/// Sockets of a side: two portals' worth are the most, and beside the doors DHCP, DNS and mDNS.
const SOCKETS: usize = 20;
/// Time for the last answers to go out before a restart.
const RESTART_GRACE: Duration = Duration::from_millis(200);
/// How often the stack is looked at.
const MEMORY_LOOK: Duration = Duration::from_millis(100);
/// Of the config server and WebREPL, on a new disk. It guards nothing but this machine.
const PASSWORD: &str = "virt8080";
/// The serial port's number.
const PORT: u8 = 0;

type Resources = StackResources<SOCKETS>;
type Mutex = CriticalSectionRawMutex;

static SHARED: Shared<EmbassyClock, Mutex> = Shared::new(EmbassyClock);

#[entry]
fn main() -> ! {
    static EXECUTOR: StaticCell<Executor> = StaticCell::new();
    machine::start();
    EXECUTOR.init(Executor::new()).run(|spawner| {
        spawner.spawn(live(spawner).unwrap_or_else(|_| unreachable!("the first task")));
        spawner.spawn(tell_memory().unwrap_or_else(|_| unreachable!("one of its kind")));
    })
}

/// From power-on to the restart.
#[embassy_executor::task]
async fn live(spawner: Spawner) {
    static STATION: StaticCell<Resources> = StaticCell::new();
    static AP: StaticCell<Resources> = StaticCell::new();
    let nic = open("station", Nic::open(virtio::STATION));
    let mac = Mac(nic.mac());
    let station = stack(spawner, nic, STATION.init_with(StackResources::new));
    let nic = open("access point", Nic::open(virtio::ACCESS_POINT));
    let ap = stack(spawner, nic, AP.init_with(StackResources::new));
    let disk = open("disk", Disk::open(virtio::DISK));
    let sides = Sides { station, ap };

    let air = air(mac);
    let mut entropy = [0; 16];
    assert!(virtio::random(&mut entropy), "no random numbers");
    let built = Builder::new(mac, entropy)
        .storage(storage(disk).await)
        .chip("QEMU virt")
        .build(&SHARED, air.radio(station), &mut warn)
        .await;
    let mut runner = built.unwrap_or_else(|error| panic!("{error}"));
    SHARED.with(|device| device.open_console(Door::Serial(PORT), EmbassyClock.now()));
    doors::open(spawner, Wifi::of(&SHARED), sides, uart::open());
    let Restart = runner.run().await;
    // The runner is done; what it said last still goes out.
    Timer::after(RESTART_GRACE).await;
    power::reset()
}

/// Leaves for `cargo xtask virt` how much memory was used beside what the program has from the start, whenever more of the
/// stack was.
#[embassy_executor::task]
async fn tell_memory() -> ! {
    let mut stack = 0;
    loop {
        let deepest = machine::stack::deepest(stack);
        if deepest > stack {
            stack = deepest;
            let told = fs::File::create(c"memory").and_then(|mut file| {
                let heap = machine::heap::used();
                file.write_all(
                    format!("stack {stack}\nheap of the air and the cards {heap}\n").as_bytes(),
                )
            });
            if let Err(error) = told {
                semihosting::eprintln!("memory: {error:?}");
            }
        }
        Timer::after(MEMORY_LOOK).await;
    }
}

/// The air around the device. On its own: no chip takes what this takes of the stack.
#[inline(never)]
fn air(mac: Mac) -> VirtualAir {
    let air = AirFile::parse("air.toml", AIR);
    VirtualAir::new(air.unwrap_or_else(|error| panic!("{error}")), mac)
}

/// What the machine has to have.
fn open<T>(what: &str, opened: Option<T>) -> T {
    opened.unwrap_or_else(|| panic!("the machine has no {what}: start it by `cargo xtask virt`"))
}

/// The store on that disk, made where it stays, as a chip makes it. A new one is given what opens all doors.
async fn storage(disk: Disk) -> &'static mut FlashStorage<Disk> {
    static STORE: StaticCell<FlashStorage<Disk>> = StaticCell::new();
    let layout = Store::<Disk>::layout(0..PARTITION_LEN);
    let layout = layout.unwrap_or_else(|error| panic!("no place for the store: {error:?}"));
    let place = STORE.uninit();
    let storage = place.write(FlashStorage::new(disk, layout, Defaults::built_in()));
    if let Err(error) = storage.settle().await {
        panic!("the disk cannot be used: {error:?}");
    }
    if storage.condition() == Condition::New {
        assert!(
            storage.seed(&all_doors()).await.is_ok(),
            "the disk takes writes"
        );
    }
    storage
}

/// What opens all doors.
#[inline(never)]
fn all_doors() -> Config {
    let mut config = Defaults::built_in().config();
    config.wifi.ap.enables_webrepl = true;
    config.services.config_server_enabled = true;
    config.services.config_server_password = Secret::new(PASSWORD);
    config
}

fn warn(warning: &Warning<'_>) {
    semihosting::eprintln!("stored configuration: {warning}");
}

/// A network stack over that card.
fn stack(spawner: Spawner, nic: Nic, resources: &'static mut Resources) -> Stack<'static> {
    let mut seed = [0; 8];
    assert!(virtio::random(&mut seed), "no random numbers");
    let seed = u64::from_le_bytes(seed);
    let (stack, runner) = embassy_net::new(nic, embassy_net::Config::default(), resources, seed);
    spawner.spawn(carry(runner).unwrap_or_else(|_| unreachable!("one for each side")));
    stack
}

#[embassy_executor::task(pool_size = 2)]
async fn carry(mut runner: Runner<'static, Nic>) -> ! {
    runner.run().await
}
