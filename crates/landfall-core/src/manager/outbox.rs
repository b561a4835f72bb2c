//! What waits to be taken out of the machine, in the order in which it must be told.

use heapless::Vec;

use super::{Output, StoreOp};
use crate::command::{Reply, Ticket, Verdict};
use crate::event::Event;
use crate::radio::RadioOp;
use crate::status::State;

/// Most events of one input: the radio's word, and what it means to the application.
const MAX_EVENTS: usize = 2;
/// Most answers of one input: to one command, or one verdict, and the states before and after.
const MAX_ANSWERS: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Answer {
    Reply(Ticket, Reply),
    Failed(Ticket, Verdict),
    State(Option<Ticket>, State),
}

/// The outputs not yet taken. Drained after every input, so the bounds are those of one input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Outbox {
    events: Vec<Event, MAX_EVENTS>,
    answers: Vec<Answer, MAX_ANSWERS>,
    radio: Option<RadioOp>,
    cancel: bool,
    query: bool,
    store: Option<StoreOp>,
    probe: bool,
    restart: bool,
}

// What is called from everywhere stays out of line: a push is dear where it is inlined.
impl Outbox {
    #[inline(never)]
    pub(super) fn event(&mut self, event: Event) {
        let kept = self.events.push(event);
        debug_assert!(
            kept.is_ok(),
            "an input tells more events than were thought of"
        );
    }

    pub(super) fn reply(&mut self, ticket: Ticket, reply: Reply) {
        self.answer(Answer::Reply(ticket, reply));
    }

    pub(super) fn failed(&mut self, ticket: Ticket, verdict: Verdict) {
        self.answer(Answer::Failed(ticket, verdict));
    }

    pub(super) fn state(&mut self, ticket: Option<Ticket>, state: State) {
        self.answer(Answer::State(ticket, state));
    }

    #[inline(never)]
    fn answer(&mut self, answer: Answer) {
        let kept = self.answers.push(answer);
        debug_assert!(
            kept.is_ok(),
            "an input gives more answers than were thought of"
        );
    }

    pub(super) fn radio(&mut self, op: RadioOp) {
        self.radio = Some(op);
    }

    /// Cancels the operation under way. One that was not even taken yet is still told to the
    /// radio, so that each operation has its end.
    pub(super) fn cancel(&mut self) {
        self.cancel = true;
    }

    pub(super) fn query(&mut self) {
        self.query = true;
    }

    pub(super) fn store(&mut self, op: StoreOp) {
        self.store = Some(op);
    }

    pub(super) fn probe_internet(&mut self) {
        self.probe = true;
    }

    pub(super) fn restart(&mut self) {
        self.restart = true;
    }

    /// The next output. Events go before the answers that follow from them, and a restart goes
    /// last.
    pub(super) fn pop(&mut self) -> Option<Output> {
        if !self.events.is_empty() {
            return Some(Output::Event(self.events.remove(0)));
        }
        if !self.answers.is_empty() {
            return Some(match self.answers.remove(0) {
                Answer::Reply(ticket, reply) => Output::Reply(ticket, reply),
                Answer::Failed(ticket, verdict) => Output::Failed(ticket, verdict),
                Answer::State(ticket, state) => Output::State(ticket, state),
            });
        }
        if let Some(op) = self.radio.take() {
            return Some(Output::Radio(op));
        }
        if core::mem::take(&mut self.cancel) {
            return Some(Output::Radio(RadioOp::Cancel));
        }
        if core::mem::take(&mut self.query) {
            return Some(Output::Radio(RadioOp::Query));
        }
        if let Some(op) = self.store.take() {
            return Some(Output::Store(op));
        }
        if core::mem::take(&mut self.probe) {
            return Some(Output::ProbeInternet);
        }
        core::mem::take(&mut self.restart).then_some(Output::Restart)
    }
}
