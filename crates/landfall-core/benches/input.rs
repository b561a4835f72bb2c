//! What the machine takes for one input, beside what the call itself takes.
//!
//! The budget is 2 µs an input, outputs drained: at least 500 Kitem/s. `floor` moves the same inputs
//! into a function that looks at nothing but which they are: what no machine can be faster than.

extern crate alloc;

mod session;

use std::hint::black_box;
use std::sync::LazyLock;

use divan::Bencher;
use divan::counter::ItemsCount;
use landfall_core::config::{Identity, MAX_NETWORKS};
use landfall_core::manager::Input;
use landfall_core::status::State;
use session::{ROUND_INPUTS, Run, TURNS, round, session};

/// One for all machines, as a device has.
fn identity() -> &'static Identity {
    static IDENTITY: LazyLock<Identity> = LazyLock::new(session::identity);
    &IDENTITY
}

fn main() {
    let mut run = Run::new(identity(), MAX_NETWORKS);
    let connects = session().into_iter().any(|input| {
        run.step(input);
        run.manager.status().state == State::Connected
    });
    assert!(connects, "a session that never connects measures nothing");
    let tried = round(&mut Run::new(identity(), MAX_NETWORKS));
    assert_eq!(tried, MAX_NETWORKS, "a round that leaves networks out");
    divan::main();
}

/// From a cold start to an address and a lost link, with this many networks known.
#[divan::bench(args = [1, MAX_NETWORKS])]
fn machine(bencher: Bencher<'_, '_>, networks: usize) {
    let inputs = session();
    bencher
        .counter(ItemsCount::new(inputs.len()))
        .with_inputs(|| (Run::new(identity(), networks), inputs.clone()))
        .bench_local_values(|(mut run, inputs)| {
            for input in inputs {
                run.step(input);
            }
            run
        });
}

/// The dearest that a device does of itself: all networks known, all heard among as many others,
/// and none lets it in.
#[divan::bench]
fn failing_round(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(ROUND_INPUTS))
        .with_inputs(|| Run::new(identity(), MAX_NETWORKS))
        .bench_local_values(|mut run| {
            round(&mut run);
            run
        });
}

/// The single input at each turn of that session, with all networks known: the dearest counts. The
/// machine moves out of the measurement within it, some 100 ns.
#[divan::bench(args = TURNS)]
fn one(bencher: Bencher<'_, '_>, turn: &str) {
    let at = session::turn(turn);
    let inputs = session();
    bencher
        .with_inputs(|| {
            let mut run = Run::new(identity(), MAX_NETWORKS);
            inputs[..at]
                .iter()
                .for_each(|input| run.step(input.clone()));
            (run, inputs[at].clone())
        })
        .bench_local_values(|(mut run, input)| {
            run.step(input);
            run
        });
}

/// The same inputs, moved and told apart, no more.
#[divan::bench]
fn floor(bencher: Bencher<'_, '_>) {
    let inputs = session();
    bencher
        .counter(ItemsCount::new(inputs.len()))
        .with_inputs(|| inputs.clone())
        .bench_local_values(|inputs| inputs.into_iter().map(kind).sum::<usize>());
}

#[inline(never)]
fn kind(input: Input) -> usize {
    match black_box(input) {
        Input::Timeout => 0,
        Input::Radio(_) => 1,
        Input::Stored(_) => 2,
        Input::Command(_, _) => 3,
        Input::Portal(_) => 4,
        Input::Internet(_) => 5,
    }
}
