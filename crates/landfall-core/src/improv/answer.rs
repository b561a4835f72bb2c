//! What goes back to a client.

use heapless::Vec;

use super::{Error, Kind, MAGIC, State, Verb, sum};

/// Longest data of a frame that is sent: what the device is, with a name of 64 bytes.
pub const RESULT_MAX: usize = 128;
/// Longest frame that is sent.
pub const ANSWER_MAX: usize = MAGIC.len() + 2 + RESULT_MAX + 2;

/// A frame to be sent, its line feed included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer(Vec<u8, ANSWER_MAX>);

impl Answer {
    /// Tells how the device stands.
    pub fn state(state: State) -> Self {
        Self::new(Kind::State, &[&[state as u8]])
    }

    /// Tells what went wrong.
    pub fn error(error: Error) -> Self {
        Self::new(Kind::Error, &[&[error as u8]])
    }

    /// Answers with texts, each with its length before it. Those that do not fit are left out.
    pub fn result(verb: Verb, texts: &[&[u8]]) -> Self {
        let mut data: Vec<u8, RESULT_MAX> = Vec::new();
        // Two of 128 always fit.
        let _ = data.extend_from_slice(&[verb as u8, 0]);
        for text in texts {
            if data.len() + 1 + text.len() <= RESULT_MAX {
                let _ = data.push(text.len() as u8);
                let _ = data.extend_from_slice(text);
            }
        }
        data[1] = (data.len() - 2) as u8;
        Self::new(Kind::Result, &[&data])
    }

    /// A frame of that data, in one piece or several; what is beyond [`RESULT_MAX`] is left out.
    pub fn new(kind: Kind, data: &[&[u8]]) -> Self {
        let mut frame = Vec::new();
        let _ = frame.extend_from_slice(MAGIC);
        let _ = frame.extend_from_slice(&[kind as u8, 0]);
        for piece in data {
            if frame.len() + piece.len() <= ANSWER_MAX - 2 {
                let _ = frame.extend_from_slice(piece);
            }
        }
        frame[MAGIC.len() + 1] = (frame.len() - MAGIC.len() - 2) as u8;
        let sum = sum(&frame);
        let _ = frame.extend_from_slice(&[sum, b'\n']);
        Self(frame)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
