//! How deep the calls of a bare-metal RISC-V program go into its stack, by the program itself.
//!
//! A function takes its frame by moving the stack pointer, in instructions that are read here, and names whom it calls: the
//! sum along the deepest way is what the stack has to hold. What is called through a pointer has no name there (a task by its
//! executor, the text of a `Display`), and begins a way of its own; panics end the program and are passed over. So a margin
//! belongs to the sum, and `cargo xtask virt` compares both with what it finds on a stack that was used.
//!
//! Instructions and registers: The RISC-V Instruction Set Manual, Volume I, chapters 2 and 28 (RV32I, C).

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use object::{Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind};

/// Bytes beside the sum: for what is called through pointers at the deepest moment, and for an interrupt that comes then.
pub(crate) const MARGIN: u64 = 6 * 1024;

/// The stack pointer.
const SP: u32 = 2;
/// A call to one of these does not come back.
const ENDS: &[&str] = &[
    "panicking",
    "rust_begin_unwind",
    "unwrap_failed",
    "expect_failed",
    "_fail",
];

/// The deepest way.
pub(crate) struct Deepest {
    /// Bytes of all frames on it.
    pub(crate) bytes: u64,
    /// Who is on it, the first caller first, each with its frame.
    pub(crate) way: Vec<(String, u64)>,
}

/// Looks through a program.
pub(crate) fn deepest(program: &Path) -> Result<Deepest> {
    let bytes = std::fs::read(program).with_context(|| format!("reading {}", program.display()))?;
    let file = object::File::parse(&*bytes).context("the linked program")?;
    let functions = functions(&file)?;
    let mut depths = BTreeMap::new();
    for at in functions.keys() {
        measure(*at, &functions, &mut depths);
    }
    let deepest = depths.iter().max_by_key(|(_, (depth, _))| *depth);
    let (first, (depth, _)) = deepest.context("a program without functions")?;
    let mut way = Vec::new();
    let mut next = Some(*first);
    while let Some(at) = next {
        let function = &functions[&at];
        way.push((function.name.clone(), function.frame));
        next = depths.get(&at).and_then(|(_, next)| *next);
    }
    Ok(Deepest { bytes: *depth, way })
}

/// What is known of a function.
struct Function {
    name: String,
    frame: u64,
    calls: Vec<u64>,
}

/// Those of the program, by their addresses.
fn functions(file: &object::File<'_>) -> Result<BTreeMap<u64, Function>> {
    let mut found = BTreeMap::new();
    for section in file.sections().filter(|s| s.kind() == SectionKind::Text) {
        let (base, code) = (section.address(), section.data()?);
        let mut starts: BTreeMap<u64, String> = BTreeMap::new();
        let symbols = file.symbols().filter(|symbol| {
            symbol.kind() == SymbolKind::Text && symbol.section_index() == Some(section.index())
        });
        for symbol in symbols {
            let name = rustc_demangle::demangle(symbol.name().unwrap_or_default());
            starts.insert(symbol.address(), format!("{name:#}"));
        }
        let ends = starts.keys().skip(1).copied();
        let ends: Vec<u64> = ends.chain([base + code.len() as u64]).collect();
        for ((start, name), end) in starts.into_iter().zip(ends) {
            let of = |at: u64| usize::try_from(at - base).unwrap_or(usize::MAX);
            let body = code.get(of(start)..of(end)).unwrap_or_default();
            let (frame, calls) = read(body, start);
            let function = Function { name, frame, calls };
            found.insert(start, function);
        }
    }
    Ok(found)
}

/// Bytes from here down, and whom the deepest way goes on to.
type Depths = BTreeMap<u64, (u64, Option<u64>)>;

/// A function that is being looked at counts nothing for one that calls it again: recursion is counted once.
fn measure(at: u64, functions: &BTreeMap<u64, Function>, depths: &mut Depths) -> u64 {
    if let Some((depth, _)) = depths.get(&at) {
        return *depth;
    }
    let Some(function) = functions.get(&at) else {
        return 0;
    };
    depths.insert(at, (0, None));
    let mut below = (0, None);
    for callee in function.calls.iter().filter(|callee| **callee != at) {
        let returns = |callee: &Function| !ENDS.iter().any(|end| callee.name.contains(end));
        if functions.get(callee).is_some_and(returns) {
            below = below.max((measure(*callee, functions, depths), Some(*callee)));
        }
    }
    let depth = function.frame + below.0;
    depths.insert(at, (depth, below.1));
    depth
}

/// The frame that some code takes, and the addresses that it jumps to.
fn read(code: &[u8], start: u64) -> (u64, Vec<u64>) {
    let mut frame = 0;
    let mut calls = Vec::new();
    let mut known = [None::<i32>; 32];
    let mut at = 0;
    while let Some(instruction) = next(code, at) {
        match instruction.what {
            What::Add { to, from, value } if to == SP && from == SP => {
                frame += u64::from(value.min(0).unsigned_abs());
            }
            What::Add { to, from, value } => {
                known[to as usize] =
                    known_of(&known, from).map(|before| before.wrapping_add(value));
            }
            What::AddRegister { by, minus } => {
                let by = known_of(&known, by).unwrap_or(0);
                let moved = if minus { by.wrapping_neg() } else { by };
                frame += u64::from(moved.min(0).unsigned_abs());
            }
            What::Upper { to, value } => known[to as usize] = Some(value),
            What::UpperFromHere { to, value } => {
                let here = start.wrapping_add(at as u64) as u32;
                known[to as usize] = Some(here.cast_signed().wrapping_add(value));
            }
            What::JumpTo { from, value } => calls.extend(
                known_of(&known, from).map(|to| u64::from(to.wrapping_add(value).cast_unsigned())),
            ),
            What::Jump { by } => calls.push(start.wrapping_add(at as u64).wrapping_add_signed(by)),
            What::Other => {}
        }
        at += instruction.len;
    }
    (frame, calls)
}

/// Register 0 is always 0.
fn known_of(known: &[Option<i32>; 32], register: u32) -> Option<i32> {
    match register {
        0 => Some(0),
        _ => known[register as usize],
    }
}

struct Instruction {
    len: usize,
    what: What,
}

/// What an instruction does, as far as it matters here.
enum What {
    /// `to = from + value`
    Add {
        to: u32,
        from: u32,
        value: i32,
    },
    /// `sp += by`, or `sp -= by`
    AddRegister {
        by: u32,
        minus: bool,
    },
    /// `to = value`
    Upper {
        to: u32,
        value: i32,
    },
    /// `to = here + value`
    UpperFromHere {
        to: u32,
        value: i32,
    },
    /// Goes on at `from + value`.
    JumpTo {
        from: u32,
        value: i32,
    },
    /// Goes on so many bytes from here; whether it comes back does not matter.
    Jump {
        by: i64,
    },
    Other,
}

fn next(code: &[u8], at: usize) -> Option<Instruction> {
    let low = u16::from_le_bytes(*code.get(at..)?.first_chunk()?);
    if low & 3 != 3 {
        let what = compressed(u32::from(low));
        return Some(Instruction { len: 2, what });
    }
    let word = u32::from_le_bytes(*code.get(at..)?.first_chunk()?);
    let what = whole(word);
    Some(Instruction { len: 4, what })
}

/// An instruction of 32 bits.
fn whole(word: u32) -> What {
    let (to, from, by) = (bits(word, 7, 5), bits(word, 15, 5), bits(word, 20, 5));
    match (bits(word, 0, 7), bits(word, 12, 3), bits(word, 25, 7)) {
        (0x13, 0, _) => What::Add {
            to,
            from,
            value: signed(bits(word, 20, 12), 12),
        },
        (0x33, 0, kind @ (0 | 0x20)) if to == SP && from == SP => What::AddRegister {
            by,
            minus: kind == 0x20,
        },
        (0x37, ..) => What::Upper {
            to,
            value: (word & 0xffff_f000).cast_signed(),
        },
        (0x17, ..) => What::UpperFromHere {
            to,
            value: (word & 0xffff_f000).cast_signed(),
        },
        (0x67, 0, _) => What::JumpTo {
            from,
            value: signed(bits(word, 20, 12), 12),
        },
        (0x6f, ..) => {
            let by = bits(word, 31, 1) << 20
                | bits(word, 12, 8) << 12
                | bits(word, 20, 1) << 11
                | bits(word, 21, 10) << 1;
            What::Jump {
                by: i64::from(signed(by, 21)),
            }
        }
        _ => What::Other,
    }
}

/// An instruction of 16 bits.
fn compressed(half: u32) -> What {
    let to = bits(half, 7, 5);
    let small = signed(bits(half, 12, 1) << 5 | bits(half, 2, 5), 6);
    match (bits(half, 0, 2), bits(half, 13, 3)) {
        // c.addi, c.li, c.addi16sp, c.lui
        (1, 0) => What::Add {
            to,
            from: to,
            value: small,
        },
        (1, 2) => What::Add {
            to,
            from: 0,
            value: small,
        },
        (1, 3) if to == SP => {
            let value = bits(half, 12, 1) << 9
                | bits(half, 3, 2) << 7
                | bits(half, 5, 1) << 6
                | bits(half, 2, 1) << 5
                | bits(half, 6, 1) << 4;
            What::Add {
                to,
                from: to,
                value: signed(value, 10),
            }
        }
        (1, 3) => What::Upper {
            to,
            value: small << 12,
        },
        // c.jal, c.j
        (1, 1 | 5) => {
            let by = bits(half, 12, 1) << 11
                | bits(half, 8, 1) << 10
                | bits(half, 9, 2) << 8
                | bits(half, 6, 1) << 7
                | bits(half, 7, 1) << 6
                | bits(half, 2, 1) << 5
                | bits(half, 11, 1) << 4
                | bits(half, 3, 3) << 1;
            What::Jump {
                by: i64::from(signed(by, 12)),
            }
        }
        _ => What::Other,
    }
}

/// So many bits from there on.
const fn bits(word: u32, from: u32, count: u32) -> u32 {
    (word >> from) & ((1 << count) - 1)
}

/// The number of so many bits, in two's complement.
const fn signed(value: u32, count: u32) -> i32 {
    (value << (32 - count)).cast_signed() >> (32 - count)
}

#[cfg(test)]
mod tests {
    use super::{What, compressed, next, read, whole};

    fn check(code: &[u8], frame: u64, calls: &[u64]) {
        assert_eq!(read(code, 0x1000), (frame, calls.to_vec()));
    }

    #[test]
    fn a_frame_is_what_the_stack_pointer_is_moved_by() {
        // addi sp, sp, -64; c.addi16sp sp, -64; c.addi16sp sp, 64
        check(b"\x13\x01\x01\xfc", 64, &[]);
        check(b"\x39\x71\x21\x61", 64, &[]);
        // lui a5, 9; addi a5, a5, -0x110; sub sp, sp, a5
        check(
            b"\xb7\x97\x00\x00\x93\x87\x07\xef\x33\x01\xf1\x40",
            0x9000 - 0x110,
            &[],
        );
    }

    #[test]
    fn jumps_are_known_by_where_they_go() {
        // jal t0, 0x420de77e from 0x420722ac, moved to 0x1000; c.j -2
        check(
            b"\xef\xc2\x26\x4d",
            0,
            &[0x1000 + 0x420d_e77e - 0x4207_22ac],
        );
        check(b"\xfd\xbf", 0, &[0x1000 - 2]);
        // auipc ra, 2; jalr ra, 16(ra)
        check(
            b"\x97\x20\x00\x00\xe7\x80\x00\x01",
            0,
            &[0x1000 + 0x2000 + 16],
        );
        assert!(matches!(whole(0x0000_0073), What::Other));
        assert!(matches!(compressed(0x8082), What::Other));
        assert!(next(b"\x13", 0).is_none());
    }
}
