//! Commands on their way to the machine, and the answers that wait for their askers.

use core::net::Ipv4Addr;

use heapless::{Deque, Vec};
use landfall_core::command::{Command, Door, Refusal, Reply, Ticket};

use super::error::JoinError;

/// Most calls that wait for an answer at once.
pub const CALLS_MAX: usize = 8;

/// Most commands that wait for the machine at once, those of consoles among them.
pub const INBOX_MAX: usize = 8;

/// What became of the credentials of a call.
pub(crate) type Outcome = Result<Ipv4Addr, JoinError>;

/// A call whose asker waits.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    ticket: Ticket,
    reply: Option<Reply>,
    outcome: Option<Outcome>,
}

/// The calls that wait, and the commands that the machine has not seen yet.
#[derive(Debug)]
pub(super) struct Calls {
    last: u32,
    waiting: Vec<Waiting, CALLS_MAX>,
    inbox: Deque<(Ticket, Command), INBOX_MAX>,
}

/// There is no place left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Calls {
    #[inline(always)]
    pub(super) const fn new() -> Self {
        Self {
            last: 0,
            waiting: Vec::new(),
            inbox: Deque::new(),
        }
    }

    /// Leaves a command whose asker waits for the answer.
    pub(super) fn begin(&mut self, door: Door, command: Command) -> Result<Ticket, Full> {
        if self.waiting.is_full() {
            return Err(Full);
        }
        self.last = self.last.wrapping_add(1);
        let ticket = Ticket {
            door,
            number: self.last,
        };
        self.inbox.push_back((ticket, command)).map_err(|_| Full)?;
        let waiting = Waiting {
            ticket,
            reply: None,
            outcome: None,
        };
        self.waiting.push(waiting).map_err(|_| Full)?;
        Ok(ticket)
    }

    /// Leaves a command of a door that hears the answers by itself.
    pub(super) fn post(&mut self, ticket: Ticket, command: Command) -> Result<(), Full> {
        self.inbox.push_back((ticket, command)).map_err(|_| Full)
    }

    /// Whether the next command for the machine changes what is stored.
    pub(super) fn next_is_edit(&self) -> bool {
        let next = self.inbox.front();
        next.is_some_and(|(_, command)| command.is_edit())
    }

    /// The next command for the machine.
    pub(super) fn next_command(&mut self) -> Option<(Ticket, Command)> {
        self.inbox.pop_front()
    }

    /// The asker is gone: a command that the machine has not seen is taken back, the answers to
    /// another are for nobody.
    pub(super) fn withdraw(&mut self, ticket: Ticket) {
        self.waiting.retain(|call| call.ticket != ticket);
        for _ in 0..self.inbox.len() {
            if let Some(entry) = self.inbox.pop_front()
                && entry.0 != ticket
            {
                // The place it was taken from is free.
                let _ = self.inbox.push_back(entry);
            }
        }
    }

    fn find(&mut self, ticket: Ticket) -> Option<&mut Waiting> {
        let mut waiting = self.waiting.iter_mut();
        waiting.find(|call| call.ticket == ticket)
    }

    /// Keeps an answer for its asker; false where none of the calls waits for it.
    pub(super) fn answer(&mut self, ticket: Ticket, reply: Reply) -> bool {
        let call = self.find(ticket);
        call.map(|call| call.reply = Some(reply)).is_some()
    }

    /// Keeps what became of credentials for the asker; false where none waits for it.
    pub(super) fn end(&mut self, ticket: Ticket, outcome: Outcome) -> bool {
        let call = self.find(ticket);
        call.map(|call| call.outcome = Some(outcome)).is_some()
    }

    /// The calls as a restart leaves them: answers stay for askers that are slower than it, and
    /// commands that the machine did not see are refused.
    pub(super) fn after_restart(mut self) -> Self {
        while let Some((ticket, _)) = self.inbox.pop_front() {
            self.answer(ticket, Reply::Refused(Refusal::Busy));
        }
        self
    }

    /// The answer to that call.
    pub(super) fn reply(&mut self, ticket: Ticket) -> Option<Reply> {
        self.find(ticket)?.reply
    }

    /// What became of the credentials of that call.
    pub(super) fn outcome(&mut self, ticket: Ticket) -> Option<Outcome> {
        self.find(ticket)?.outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_outlives_a_restart_and_what_was_not_seen_is_refused() {
        let mut calls = Calls::new();
        let reset = calls.begin(Door::Program, Command::Reset).unwrap();
        assert!(calls.next_command().is_some() && calls.answer(reset, Reply::Done));
        let late = calls.begin(Door::Program, Command::Scan).unwrap();
        let mut calls = calls.after_restart();
        assert_eq!(calls.reply(reset), Some(Reply::Done));
        assert_eq!(calls.reply(late), Some(Reply::Refused(Refusal::Busy)));
        let next = calls.begin(Door::Program, Command::Scan).unwrap();
        assert!(next != reset && next != late);
    }

    #[test]
    fn commands_come_out_in_order_and_withdrawn_ones_do_not() {
        let mut calls = Calls::new();
        let first = calls.begin(Door::Program, Command::Scan).unwrap();
        let second = calls.begin(Door::Program, Command::Resume).unwrap();
        let console = Ticket {
            door: Door::Serial(0),
            number: second.number,
        };
        calls.post(console, Command::Disconnect).unwrap();
        calls.withdraw(second);
        assert_eq!(calls.next_command(), Some((first, Command::Scan)));
        assert_eq!(calls.next_command(), Some((console, Command::Disconnect)));
        assert_eq!(calls.next_command(), None);
    }

    #[test]
    fn places_are_bounded_and_come_back() {
        let mut calls = Calls::new();
        let tickets: std::vec::Vec<_> = (0..CALLS_MAX)
            .map(|_| calls.begin(Door::Program, Command::Scan).unwrap())
            .collect();
        assert_eq!(calls.begin(Door::Program, Command::Scan), Err(Full));
        calls.withdraw(tickets[0]);
        assert!(calls.begin(Door::Program, Command::Scan).is_ok());
    }

    #[test]
    fn answers_for_those_who_left_are_for_nobody() {
        let mut calls = Calls::new();
        let ticket = calls.begin(Door::Program, Command::Scan).unwrap();
        assert!(calls.answer(ticket, Reply::Scanned));
        assert_eq!(calls.reply(ticket), Some(Reply::Scanned));
        calls.withdraw(ticket);
        assert!(!calls.answer(ticket, Reply::Scanned));
        assert!(!calls.end(ticket, Err(JoinError::Interrupted)));
    }
}
