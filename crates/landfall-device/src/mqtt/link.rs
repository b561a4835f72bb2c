//! One connection to the broker: says who is here, then what happens, until something of that
//! changes. One message is under way at a time, so that what the broker did not acknowledge is
//! told again over the next connection, in order.

use core::fmt::{self, Write};
use core::net::Ipv4Addr;

use embassy_futures::select::{Either4, select4};
use embassy_futures::yield_now;
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_time::{Duration, Instant, Timer, with_timeout};
use landfall_core::bus::Subscription;
use landfall_core::event::Record;
use landfall_core::event_text::EventJson;
use landfall_core::time;
use minimq::{
    Connection, Disconnect, Error, Io, Op, PeerError, PubError, Publication, QoS, ResourceError,
    RetainHandling, SubscriptionOptions, TopicFilter,
};

use super::discovery::{Component, ONLINE};
use super::lines::Lines;
use super::news::{Lost, News};
use super::settings::Settings;
use super::topics::{Topic, TopicText};
use crate::http::{Side, StatusBody};
use crate::runtime::{Clock, Device, Shared};

/// Longest time from a message to its acknowledgement.
const ACK: Duration = Duration::from_secs(20);
/// Longest time for the goodbye.
const GOODBYE: Duration = Duration::from_secs(1);
/// How soon a change of nothing but the signal strength is told, in milliseconds of the device.
const RSSI_MS: u64 = 10_000;
/// How old the state may be that the broker keeps.
const STATE_MS: u64 = 60_000;

/// See the module.
pub(super) struct Link<'l, 'b, S, C: 'static, M: RawMutex + 'static> {
    pub(super) connection: Connection<'l, 'b, S>,
    pub(super) shared: &'static Shared<C, M>,
    pub(super) settings: &'l Settings,
    pub(super) ip: Ipv4Addr,
    pub(super) lines: &'l mut Lines,
    pub(super) tell: fn(News),
    pub(super) talk: Talk,
}

/// How far it got.
#[derive(Default)]
pub(super) struct Talk {
    /// How many of [`OPENING`] are done.
    opened: usize,
    /// What waits for its acknowledgement.
    under_way: Option<(Op, Message, Instant)>,
    /// The state as the broker has it, and since when.
    state: Option<(StatusBody, time::Instant)>,
}

/// What is told.
#[derive(Clone, Copy, Debug)]
enum Message {
    Subscription,
    Component(Component),
    State,
    Online,
    Reply,
    /// And the place behind it.
    Event(Record, Subscription),
}

/// What is told first. The device is online when everything else stands.
const OPENING: [Message; 6] = [
    Message::Subscription,
    Message::Component(Component::Connectivity),
    Message::Component(Component::Rssi),
    Message::Component(Component::Ip),
    Message::State,
    Message::Online,
];

impl Talk {
    /// What is to be told now; none where nothing is, or something is under way.
    fn next(
        &mut self,
        device: &mut Device,
        settings: &Settings,
        lines: &mut Lines,
        now: time::Instant,
    ) -> Option<Message> {
        if self.under_way.is_some() {
            return None;
        }
        if !settings.commands && self.opened == 0 {
            self.opened = 1;
        }
        if let Some(message) = OPENING.get(self.opened) {
            return Some(*message);
        }
        if settings.commands && lines.fetch(device) {
            return Some(Message::Reply);
        }
        if let Some((record, behind)) = device.unpublished() {
            return Some(Message::Event(record, behind));
        }
        self.state_is_due(device, now).then_some(Message::State)
    }

    fn state_is_due(&self, device: &mut Device, now: time::Instant) -> bool {
        let Some((told, since)) = &self.state else {
            return true;
        };
        let age_ms = now.as_ms().saturating_sub(since.as_ms());
        let current = state(device, now);
        age_ms >= STATE_MS
            || !told.is_alike(&current)
            || (age_ms >= RSSI_MS && told.rssi() != current.rssi())
    }
}

impl<S: Io, C: Clock, M: RawMutex> Link<'_, '_, S, C, M> {
    /// Talks until the broker is lost, or the settings or the address are not those any more.
    pub(super) async fn talk(mut self) -> Result<(), Lost> {
        loop {
            // A broker that floods us is not to have the processor for itself.
            yield_now().await;
            if !self.is_wanted() {
                let goodbye = self.connection.disconnect_with(Disconnect::with_will());
                // A broker that does not hear it sees the connection end.
                let _ = with_timeout(GOODBYE, goodbye).await;
                return Ok(());
            }
            let now = self.shared.clock().now();
            let next =
                |device: &mut Device, _| self.talk.next(device, self.settings, self.lines, now);
            if let Some(message) = self.shared.at_boot(next) {
                self.send(message, now).await?;
            }
            // The console has room again, and may have been typed at.
            self.shared.with(|device| self.lines.type_in(device));
            self.wait().await?;
        }
    }

    fn is_wanted(&self) -> bool {
        let holds = |device: &mut Device, boot| Some(self.settings.hold_at(self.ip, device, boot));
        self.shared.at_boot(holds) == Some(true)
    }

    /// Waits until there is something to do.
    async fn wait(&mut self) -> Result<(), Lost> {
        let Self {
            connection,
            shared,
            settings,
            ip,
            lines,
            tell,
            talk,
        } = self;
        let gives_up = talk.under_way.map(|(.., gives_up)| gives_up);
        let clock = shared.clock();
        let work = shared.wait_at_boot(|device, boot| {
            let typed = lines.type_in(device);
            let wanted = settings.hold_at(*ip, device, boot);
            let next = talk.next(device, settings, lines, clock.now());
            (typed || !wanted || next.is_some()).then_some(())
        });
        let silence = async {
            match gives_up {
                Some(at) => Timer::at(at).await,
                None => core::future::pending().await,
            }
        };
        let beat = clock.sleep_until(clock.now().plus_ms(RSSI_MS as u32));
        let received = match select4(connection.poll(), work, silence, beat).await {
            Either4::First(received) => received,
            Either4::Second(()) | Either4::Fourth(()) => return Ok(()),
            Either4::Third(()) => return Err(Lost::Silent),
        };
        let failed = match received {
            Ok(Some(message)) => {
                let command = message.topic() == Topic::Command.of(&settings.id);
                // A command that the broker kept is not meant again.
                if command && settings.commands && !message.retained() {
                    lines.take(message.payload());
                }
                None
            }
            Ok(None) => None,
            Err(error) => Some(error),
        };
        match failed {
            Some(Error::Peer(PeerError::Rejected(code))) if connection.is_connected() => {
                tell(News::Refused(code));
            }
            Some(error) => return Err(error.into()),
            None => {}
        }
        self.settle();
        Ok(())
    }

    /// Goes on where what was under way is acknowledged.
    fn settle(&mut self) {
        if let Some((op, message, _)) = self.talk.under_way
            && !self.connection.is_pending(&op)
        {
            self.talk.under_way = None;
            self.done(message);
        }
    }

    fn done(&mut self, message: Message) {
        if self.talk.opened < OPENING.len() {
            self.talk.opened += 1;
        }
        match message {
            Message::Subscription | Message::Component(_) | Message::State => {}
            Message::Online => (self.tell)(News::Connected),
            Message::Reply => self.lines.told(),
            Message::Event(_, behind) => {
                let boot = self.settings.boot();
                self.shared
                    .at_boot(|device, now| (boot == now).then(|| device.was_published(behind)));
            }
        }
    }

    async fn send(&mut self, message: Message, now: time::Instant) -> Result<(), Lost> {
        let sent = match message {
            Message::Subscription => Some(self.subscribe().await?),
            Message::Component(_)
            | Message::State
            | Message::Online
            | Message::Reply
            | Message::Event(..) => match self.publish(message, now).await {
                Ok(sent) => sent,
                // It is too long for this broker, which will not take it another time either.
                Err(
                    PubError::Payload(fmt::Error)
                    | PubError::Session(Error::Resource(
                        ResourceError::PacketTooLarge | ResourceError::BufferTooSmall,
                    )),
                ) if self.connection.is_connected() => None,
                Err(error) => return Err(error.into()),
            },
        };
        match sent {
            Some(op) => self.talk.under_way = Some((op, message, Instant::now() + ACK)),
            None => self.done(message),
        }
        Ok(())
    }

    async fn subscribe(&mut self) -> Result<Op, Lost> {
        let topic = Topic::Command.of(&self.settings.id);
        let options = SubscriptionOptions::default()
            .maximum_qos(QoS::AtLeastOnce)
            .retain_behavior(RetainHandling::Never);
        let filter = TopicFilter::new(&topic).options(options);
        Ok(self.connection.subscribe(&[filter], &[]).await?)
    }

    async fn publish(
        &mut self,
        message: Message,
        now: time::Instant,
    ) -> Result<Option<Op>, PubError<fmt::Error, S::Error>> {
        let Self {
            connection,
            shared,
            settings,
            ip,
            lines,
            talk,
            ..
        } = self;
        let (topic, is_kept) = place(message, settings);
        if let Message::State = message {
            talk.state = shared.at_boot(|device, _| Some((state(device, now), now)));
        }
        let write = |buf: &mut [u8]| {
            let mut out = Slice { buf, len: 0 };
            match message {
                Message::Subscription => {}
                Message::Component(component) => component.write(&mut out, &settings.about(*ip))?,
                Message::State => {
                    if let Some((state, _)) = &talk.state {
                        state.write(&mut out)?;
                    }
                }
                Message::Online => out.write_str(ONLINE)?,
                Message::Reply => out.put(lines.line())?,
                Message::Event(record, _) => {
                    let event = |device: &mut Device, _| {
                        let wifi = device.manager().wifi();
                        let record = &record;
                        Some(write!(out, "{}", EventJson { record, wifi }))
                    };
                    shared.at_boot(event).unwrap_or(Err(fmt::Error))?;
                }
            }
            Ok(out.len)
        };
        let publication = Publication::new(&topic, write).qos(QoS::AtLeastOnce);
        let publication = if is_kept {
            publication.retain()
        } else {
            publication
        };
        connection.publish(publication).await
    }
}

/// Where a message goes, and whether the broker keeps it for those who come later.
fn place(message: Message, settings: &Settings) -> (TopicText, bool) {
    let id = &settings.id;
    match message {
        Message::Component(component) => (component.topic(id), true),
        Message::State => (Topic::State.of(id), true),
        Message::Online => (Topic::Online.of(id), true),
        Message::Subscription => (Topic::Command.of(id), false),
        Message::Reply => (Topic::Reply.of(id), false),
        Message::Event(..) => (Topic::Event.of(id), false),
    }
}

/// The device as everybody in the station's network may see it.
fn state(device: &Device, now: time::Instant) -> StatusBody {
    device.viewed(now, |view| StatusBody::of(view, Side::Station))
}

/// Text in a part of the client's buffer.
struct Slice<'b> {
    buf: &'b mut [u8],
    len: usize,
}

impl Slice<'_> {
    fn put(&mut self, bytes: &[u8]) -> fmt::Result {
        let end = self.len + bytes.len();
        let room = self.buf.get_mut(self.len..end).ok_or(fmt::Error)?;
        room.copy_from_slice(bytes);
        self.len = end;
        Ok(())
    }
}

impl Write for Slice<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes())
    }
}
