//! The driver's access point: up, down, elsewhere, and out of the way of a station that needs the radio
//! for itself.

use std::time::Instant;

use landfall_core::net::{Channel, Mac};
use landfall_core::radio::{RadioEvent, Reason};

use super::access_point::{Ap, ApEvent};
use super::driver::{Driver, Fault, SETTLE};
use super::work::Work;
use crate::hostapd::{AccessPoint, Event};
use crate::wpa::bss;
use crate::wpa::network::Network;

impl Driver {
    pub(super) async fn start_ap(&mut self, target: AccessPoint, channel: Channel) {
        let told = if !self.board.both && self.link.is_some() {
            tracing::info!("the radio cannot be an access point while it is in a network");
            RadioEvent::ApFailed {
                reason: Reason::TIMED_OUT,
            }
        } else {
            match self.bring_up(target, channel).await {
                Ok(channel) => RadioEvent::ApStarted { channel },
                Err(error) => {
                    tracing::error!("the access point does not come up: {error}");
                    RadioEvent::ApFailed {
                        reason: Reason::TIMED_OUT,
                    }
                }
            }
        };
        self.line.tell(told);
    }

    /// Has hostapd and the address up.
    async fn bring_up(
        &mut self,
        target: AccessPoint,
        channel: Channel,
    ) -> std::io::Result<Channel> {
        self.take_down().await;
        if !self.board.both
            && let Some(station) = self.station.take()
        {
            station.stop().await;
        }
        let address = target.address;
        let interface = self.board.ap_interface.clone();
        let ap = Ap::start(&self.settings, &interface, target, channel).await?;
        let route = &self.board.route;
        let set = route
            .flush(self.board.ap_index)
            .and_then(|()| route.add_address(self.board.ap_index, address));
        if let Err(error) = set {
            ap.stop().await;
            return Err(error);
        }
        let channel = ap.channel;
        self.ap = Some(ap);
        Ok(channel)
    }

    /// Takes it down, and forgets one that was to come back.
    pub(super) async fn stop_ap(&mut self) {
        self.paused = None;
        self.take_down().await;
    }

    async fn take_down(&mut self) {
        if let Some(ap) = self.ap.take() {
            ap.stop().await;
            // One that went away took them along.
            let _ = self.board.route.flush(self.board.ap_index);
        }
    }

    /// Has a client leave the access point, where it is still there.
    pub(super) async fn let_go(&mut self, client: Mac) {
        if let Some(ap) = &self.ap
            && let Err(error) = ap.let_go(client).await
        {
            tracing::info!("{client} was not let go: {error}");
        }
    }

    /// Has the station's program running, on a radio that cannot do both in place of the access point.
    pub(super) async fn make_room(&mut self) -> Result<(), Fault> {
        if let (false, Some(ap)) = (self.board.both, &self.ap) {
            self.paused = Some((ap.target.clone(), ap.channel));
            self.take_down().await;
        }
        match self.station {
            Some(_) => Ok(()),
            None => self.start_station().await,
        }
    }

    /// Has the access point back that made room, unless a link stands.
    pub(super) async fn make_way(&mut self) {
        if self.link.is_some() {
            return;
        }
        if let Some((target, channel)) = self.paused.take()
            && let Err(error) = self.bring_up(target, channel).await
        {
            tracing::error!("the access point does not come back: {error}");
            self.line.tell(RadioEvent::ApStopped);
        }
    }

    /// The station has an address: an access point that made room for it does not come back before it
    /// is asked for again.
    pub(super) fn give_way(&mut self) {
        if self.paused.take().is_some() {
            self.line.tell(RadioEvent::ApStopped);
        }
    }

    /// Begins to move; what is to be joined then is joined there.
    pub(super) async fn begin_move(&mut self, to: Channel, then: Option<Network>) {
        let asked = match &self.ap {
            Some(ap) if ap.channel == to => return self.end_move(to, then).await,
            Some(ap) => ap.move_to(to).await,
            // The access point that makes room comes back there.
            None => {
                if let Some((_, channel)) = &mut self.paused {
                    *channel = to;
                }
                return self.end_move(to, then).await;
            }
        };
        match asked {
            Ok(()) => {
                let due = Instant::now() + SETTLE;
                self.work = Work::Moving { to, due, then };
            }
            Err(error) => {
                tracing::info!("the move cannot be announced: {error}");
                // Where that fails, its end is told.
                let _ = self.move_again(to, then).await;
            }
        }
    }

    /// The move was not announced, or not made: the access point is brought up anew over there.
    pub(super) async fn move_again(
        &mut self,
        to: Channel,
        then: Option<Network>,
    ) -> Result<(), Fault> {
        self.work = Work::Idle;
        let Some(ap) = &self.ap else {
            return Ok(());
        };
        let target = ap.target.clone();
        if let Err(error) = self.bring_up(target, to).await {
            tracing::error!("the access point does not come back: {error}");
            self.line.tell(RadioEvent::ApStopped);
        }
        self.end_move(to, then).await;
        Ok(())
    }

    async fn end_move(&mut self, to: Channel, then: Option<Network>) {
        self.work = Work::Idle;
        if let Some(ap) = &mut self.ap {
            ap.channel = to;
        }
        self.line.tell(RadioEvent::ApMoved { channel: to });
        if let Some(network) = then {
            // Its failure is told.
            let _ = Box::pin(self.associate(network)).await;
        }
    }

    /// The network moved to another channel, and the one radio with it.
    pub(super) async fn follow(&mut self, frequency: u16) {
        let Some(to) = bss::channel(frequency) else {
            return;
        };
        if let Some(ap) = &self.ap
            && ap.channel != to
            && matches!(self.work, Work::Idle)
        {
            tracing::info!("the network moved to channel {}", to.number());
            self.begin_move(to, None).await;
        }
    }

    /// What the access point's program says.
    pub(super) async fn hear_ap(&mut self, event: ApEvent) {
        let Some(ap) = &mut self.ap else {
            return;
        };
        match event {
            ApEvent::Said(Event::Joined(client)) => {
                ap.clients.retain(|known| *known != client);
                ap.clients.push(client);
                if let Some(rssi) = ap.rssi(client).await {
                    self.line.heard(client, rssi);
                }
                self.line.tell(RadioEvent::ClientJoined(client));
            }
            ApEvent::Said(Event::Left(client)) => {
                ap.clients.retain(|known| *known != client);
                self.line.tell(RadioEvent::ClientLeft(client));
            }
            ApEvent::Said(Event::Moved(Some(to))) => self.moved(to).await,
            ApEvent::Said(Event::Disabled | Event::Terminating) | ApEvent::Gone => {
                tracing::error!("hostapd ended");
                self.take_down().await;
                self.line.tell(RadioEvent::ApStopped);
                if let Some((to, then)) = self.work.take_move() {
                    self.end_move(to, then).await;
                }
            }
            ApEvent::Said(Event::Enabled | Event::Moved(None) | Event::Other) => {}
        }
    }

    async fn moved(&mut self, to: Channel) {
        if let Some((_, then)) = self.work.take_move() {
            self.end_move(to, then).await;
        } else if let Some(ap) = &mut self.ap
            && ap.channel != to
        {
            ap.channel = to;
            self.line.tell(RadioEvent::ApMoved { channel: to });
        }
    }
}
