//! The doors as tasks of embassy, for every firmware alike.

/// Makes the tasks of the doors in a firmware whose device is behind that mutex: a task of embassy is of no type but its
/// own. One that is not spawned costs nothing. What follows the mutex is how many connections the
/// config server has.
#[macro_export]
macro_rules! door_tasks {
    ($mutex:ty, $config_connections:expr) => {
        type AllDoors = $crate::doors::Doors<'static, $mutex>;

        #[embassy_executor::task(pool_size = $crate::doors::PORTAL_CONNECTIONS)]
        async fn portal(
            doors: AllDoors,
            sides: $crate::doors::Sides<'static>,
            room: &'static mut $crate::doors::PortalRoom,
        ) {
            match doors.portal(sides, room).await {}
        }

        #[embassy_executor::task(pool_size = $config_connections)]
        async fn config(
            doors: AllDoors,
            sides: $crate::doors::Sides<'static>,
            room: &'static mut $crate::doors::ConfigRoom,
        ) {
            match doors.config(sides, room).await {}
        }

        #[embassy_executor::task(pool_size = $crate::doors::WEBREPL_CONNECTIONS)]
        async fn web_repl(
            doors: AllDoors,
            sides: $crate::doors::Sides<'static>,
            shared: &'static landfall_device::webrepl::Shared,
            room: &'static mut $crate::doors::WebReplRoom,
        ) {
            match doors.web_repl(sides, shared, room).await {}
        }

        #[embassy_executor::task]
        async fn names(
            doors: AllDoors,
            ap: embassy_net::Stack<'static>,
            room: &'static mut $crate::doors::NamesRoom,
        ) {
            match doors.names(ap, room).await {}
        }

        #[embassy_executor::task]
        async fn leases(
            doors: AllDoors,
            ap: embassy_net::Stack<'static>,
            room: &'static mut $crate::doors::LeasesRoom,
        ) {
            match doors.leases(ap, room).await {}
        }

        /// One for each side.
        #[embassy_executor::task(pool_size = 2)]
        async fn multicast_names(
            doors: AllDoors,
            side: landfall_device::http::Side,
            stack: embassy_net::Stack<'static>,
            room: &'static mut $crate::doors::MulticastRoom,
        ) {
            match doors.multicast_names(side, stack, room).await {}
        }

        #[embassy_executor::task]
        async fn mqtt(
            doors: AllDoors,
            station: embassy_net::Stack<'static>,
            room: &'static mut $crate::doors::MqttRoom,
        ) {
            match doors.mqtt(station, room, landfall_device::mqtt::log).await {}
        }

        #[embassy_executor::task]
        async fn probe(
            doors: AllDoors,
            station: embassy_net::Stack<'static>,
            room: &'static mut $crate::tcp::Room<1>,
        ) {
            match doors.probe(station, room).await {}
        }

        #[embassy_executor::task]
        async fn fleet(
            doors: AllDoors,
            station: embassy_net::Stack<'static>,
            room: &'static mut $crate::doors::FleetRoom,
            firmware: landfall_device::fleet::Firmware<'static>,
        ) {
            match doors.fleet(station, room, firmware).await {}
        }
    };
}
