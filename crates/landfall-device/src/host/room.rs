//! Room on the heap: for connections, and for what was printed while nobody read.

use std::boxed::Box;
use std::collections::VecDeque;
use std::vec;

/// Buffers of so many connections.
pub fn buffers<const N: usize, const LEN: usize>() -> Box<[[u8; LEN]; N]> {
    let buffers = vec![[0; LEN]; N].into_boxed_slice();
    buffers
        .try_into()
        .unwrap_or_else(|_| unreachable!("as many as were made"))
}

/// Drops the oldest lines of a console beyond that many bytes, whole ones, so that a late reader begins
/// at the beginning of a line.
pub fn keep_last_lines(kept: &mut VecDeque<u8>, max: usize) {
    if kept.len() <= max {
        return;
    }
    let excess = kept.len() - max;
    let end = kept.iter().skip(excess).position(|byte| *byte == b'\n');
    let cut = end.map_or(excess, |after| excess + after + 1);
    kept.drain(..cut.min(kept.len()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_dropped_whole() {
        let mut kept: VecDeque<u8> = [b"first\n".as_slice(), &[b'x'; 13], b"\nz\n"]
            .concat()
            .into();
        keep_last_lines(&mut kept, 16);
        assert_eq!(kept.make_contiguous(), b"z\n");
        keep_last_lines(&mut kept, 2);
        assert_eq!(kept.make_contiguous(), b"z\n");
    }
}
